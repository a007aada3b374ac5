"""What GitHub Actions says of a revision: which run, its logs, and what is no log at all."""

import io
import zipfile
from typing import Any

import pytest

from core.errors import HostUnreachable
from integrations.github.ci import texts
from repair.ci_logs import failures
from tests.fakes.github import GitHubDouble
from tests.unit.integrations.github.test_code_host import Desk, desk, double, host, seed

__all__ = ["desk", "double", "host", "seed"]

PYTEST = """\
2024-01-01T10:00:00.1Z ##[group]Run pytest
2024-01-01T10:00:01.1Z ___________________ TestCart.test_total[two] ___________________
2024-01-01T10:00:01.2Z     def test_total():
2024-01-01T10:00:01.3Z >       assert total([1, 2]) == 3
2024-01-01T10:00:01.4Z \x1b[31mE       assert 2 == 3\x1b[0m
2024-01-01T10:00:01.5Z E        +  where 2 = total([1, 2])
2024-01-01T10:00:02.0Z ================= short test summary info =================
2024-01-01T10:00:02.1Z FAILED tests/test_cart.py::TestCart::test_total[two] - assert 2 == 3
2024-01-01T10:00:02.2Z ERROR tests/test_other.py - ImportError: no module
"""
JEST = """\
2024-01-01T10:00:00.1Z   \u25cf Cart \u203a adds up what is in it
2024-01-01T10:00:00.1Z
2024-01-01T10:00:00.1Z     expect(received).toBe(expected)
2024-01-01T10:00:00.1Z     Expected: 3
2024-01-01T10:00:00.1Z       at Object.<anonymous> (cart.test.js:4:5)
"""


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def run(number: int, sha: str, conclusion: str, logs: bytes | None = b"") -> dict[str, Any]:
    return {
        **{"id": number, "head_sha": sha, "head_branch": "main", "status": "completed"},
        **{"conclusion": conclusion, "logs": logs},
    }


async def test_the_failed_run_of_the_commit_is_told_with_its_logs(
    desk: Desk, double: GitHubDouble
) -> None:
    logs = zipped({"1_test.txt": PYTEST, "../../../up.txt": JEST, "x/skip.bin": "no"})
    double.runs = [run(3, "a" * 40, "success"), run(2, "a" * 40, "failure", logs)]
    found = await desk.open(double).ci("a" * 40, "main")
    assert (found.status, found.commit) == ("failure", "a" * 40) and found.url.endswith("/runs/2")
    assert set(found.logs) == {"1_test.txt", "../../../up.txt"}
    assert double.violations == []
    told = {failure.test: failure.message for failure in failures(found.logs)}
    assert told == {
        "tests/test_cart.py::TestCart::test_total[two]": (
            "assert 2 == 3\n+  where 2 = total([1, 2])"
        ),
        "tests/test_other.py": "ImportError: no module",
        "Cart \u203a adds up what is in it": "expect(received).toBe(expected)\nExpected: 3",
    }


async def test_without_a_run_of_the_commit_the_last_failed_one_of_the_branch_is_told(
    desk: Desk, double: GitHubDouble
) -> None:
    double.runs = [run(5, "b" * 40, "success"), run(4, "c" * 40, "failure", zipped({}))]
    found = await desk.open(double).ci("a" * 40, "main")
    assert (found.status, found.commit) == ("failure", "c" * 40)
    green = await desk.open(double).ci("b" * 40)
    assert (green.status, green.logs, green.note) == ("success", {}, "")


@pytest.mark.parametrize(
    ("logs", "said"), [(None, "no CI logs: GitHub refused (410"), (b"PK no zip", "cannot be read")]
)
async def test_logs_that_are_gone_or_broken_are_no_logs(
    desk: Desk, double: GitHubDouble, logs: bytes | None, said: str
) -> None:
    double.runs = [run(1, "a" * 40, "failure", logs)]
    found = await desk.open(double).ci("a" * 40)
    assert found.status == "failure" and not found.logs and said in found.note


async def test_no_run_at_all_is_no_ci(desk: Desk, double: GitHubDouble) -> None:
    found = await desk.open(double).ci("a" * 40, "main")
    assert (found.status, found.note) == ("", "no CI logs")


def test_a_bomb_of_logs_is_refused_while_it_is_read() -> None:
    with pytest.raises(HostUnreachable, match="unpacks to too much"):
        list(texts(zipped({"a.txt": "x" * 10_000_001})))
    with pytest.raises(HostUnreachable, match="more than 500 files"):
        list(texts(zipped({f"{number}.txt": "" for number in range(501)})))

"""Size, protection and risk of a change, computed from the diff alone."""

import pytest

from core.approvals import Risk
from core.patches import Patch
from core.trees import File, Tree
from graph.repair.guards import (
    profile_named,
    protected_paths,
    raised,
    risk_of,
    size_problems,
)
from repair.gate import is_test_path, refusals

BASE = Tree({f"src/m{n}.py": File(b"x = 1\n" * 600) for n in range(8)})


def patch(files: int = 1, lines: int = 1, extra: dict[str, str] | None = None) -> Patch:
    texts = {f"src/m{n}.py": "x = 2\n" * lines + "x = 1\n" * (600 - lines) for n in range(files)}
    return Patch.between("0" * 40, BASE, BASE.with_texts({**texts, **(extra or {})}))


@pytest.mark.parametrize(
    ("files", "lines", "problems"),
    [(5, 1, 0), (6, 1, 1), (1, 500, 0), (1, 501, 2)],
)
def test_size_has_a_limit_and_says_what_is_over(files: int, lines: int, problems: int) -> None:
    assert len(size_problems(patch(files, lines), profile_named("default"))) == problems


@pytest.mark.parametrize(
    "path",
    [
        "db/migrations/0002_add.py",
        "app/auth.py",
        "app/auth/session.py",
        "app/security/csrf.py",
        ".env",
        ".env.production",
        "config/secrets.yaml",
        "certs/server.key",
        "infra/main.tf",
        "Dockerfile",
        "docker-compose.yml",
        "compose.yaml",
        "poetry.lock",
        "web/package-lock.json",
        ".github/workflows/ci.yml",
        ".github/actions/setup/action.yml",
        ".ci/run",
        "requirements-dev.txt",
        "setup.py",
        "web/package.json",
        ".cursor/rules/all.mdc",
        "GEMINI.md",
        ".github/CODEOWNERS",
        ".husky/pre-commit",
        ".gitmodules",
        "AGENTS.md",
    ],
)
def test_protected_paths_are_named(path: str) -> None:
    assert protected_paths(patch(extra={path: "x\n"}), profile_named("default")) == (path,)


@pytest.mark.parametrize("path", ["src/author.py", "src/keyboard.py", "docs/compose.md"])
def test_likenesses_are_not_protected(path: str) -> None:
    assert protected_paths(patch(extra={path: "x\n"}), profile_named("default")) == ()


def test_unknown_profile_is_the_strictest() -> None:
    assert profile_named("whatever") == profile_named("default")
    assert profile_named("library").protected != profile_named("default").protected


@pytest.mark.parametrize(
    ("files", "lines", "protected", "proven", "multi", "risk"),
    [
        (1, 5, False, True, False, Risk.LOW),
        (1, 6, False, True, False, Risk.MEDIUM),
        (2, 1, False, True, False, Risk.MEDIUM),
        (5, 20, False, True, False, Risk.MEDIUM),
        (1, 101, False, True, False, Risk.HIGH),
        (6, 1, False, True, False, Risk.HIGH),
        (1, 1, False, False, False, Risk.HIGH),
        (1, 1, False, True, True, Risk.HIGH),
        (1, 1, True, True, False, Risk.CRITICAL),
    ],
)
def test_risk(
    files: int, lines: int, protected: bool, proven: bool, multi: bool, risk: Risk
) -> None:
    found = risk_of(patch(files, lines), protected=protected, proven=proven, multi_service=multi)
    assert found is risk


@pytest.mark.parametrize("said", [None, *Risk])
@pytest.mark.parametrize("computed", Risk)
def test_a_reviewer_raises_the_risk_and_never_lowers_it(computed: Risk, said: Risk | None) -> None:
    assert raised(computed, said).rank == max(computed.rank, said.rank if said else 0)


@pytest.mark.parametrize(
    "after",
    [
        File(b"x = 1\n" * 600, "100755"),
        File(b"\x00\x01 bytes"),
        File(b"/etc/passwd", "120000"),
    ],
)
@pytest.mark.parametrize("path", ["src/m0.py", "tests/data/new"])
def test_what_has_no_lines_to_count_is_of_high_risk(path: str, after: File) -> None:
    change = Patch.between("0" * 40, BASE, Tree({**BASE, path: after}))
    assert risk_of(change, protected=False, proven=True, multi_service=False) is Risk.HIGH


def test_a_new_file_that_can_be_run_is_measured_by_its_lines() -> None:
    new = {**BASE, "tests/data/new": File(b"x = 1\n" * 6, "100755")}
    change = Patch.between("0" * 40, BASE, Tree(new))
    assert risk_of(change, protected=False, proven=True, multi_service=False) is Risk.LOW


def test_tests_beyond_all_measure_raise_the_risk() -> None:
    change = patch(extra={"tests/conftest.py": "value = 1\n" * 400})
    assert risk_of(change, protected=False, proven=True, multi_service=False) is Risk.HIGH


def test_a_new_test_does_not_raise_the_risk() -> None:
    change = patch(extra={"tests/test_new.py": "def test_new():\n    assert True\n" * 20})
    assert risk_of(change, protected=False, proven=True, multi_service=False) is Risk.LOW


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_a.py", True),
        ("pkg/test_a.py", True),
        ("pkg/a_test.py", True),
        ("conftest.py", True),
        ("web/a.spec.ts", True),
        ("src/contest.py", False),
        ("src/latest.py", False),
    ],
)
def test_test_paths(path: str, expected: bool) -> None:
    assert is_test_path(path) is expected


def test_a_new_conftest_that_picks_tests_is_refused() -> None:
    hooks = "def pytest_collection_modifyitems(items):\n    items.clear()\n"
    result = BASE.with_texts({"tests/conftest.py": hooks})
    assert [refusal.rule for refusal in refusals(BASE, result)] == ["tests"]

"""The offline engine keeps to its time, however long the code under test takes."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import bootstrap
from agents.offline.engine import OfflineEngine
from agents.offline.fixing import Search
from config import load_settings
from core.findings import FixAttempt, Reading, Reproduction
from core.ports import Case, Limits
from core.tasks import Outcome
from core.trees import Tree
from repair.bench import Bench
from sandbox.environment import Environments

pytestmark = [pytest.mark.needs_bubblewrap, pytest.mark.timeout(400)]
BOUND_S = 5.0
MARGIN = 1.6
"""How much longer than its bound an attempt may take, on a busy machine."""
SMALL_DISK = 32 << 20
FILES = {
    "app.py": (
        "def total(items):\n    return sum(items) + 1\n\n\n"
        "def biggest(items):\n    best = 0\n    for item in items:\n        if item > best:\n"
        "            best = item\n    return best\n"
    ),
    "test_app.py": (
        "from app import biggest, total\n\n\n"
        "def test_total():\n    assert total([1]) == 1\n\n\n"
        "def test_biggest():\n    assert biggest([1, 3, 2]) == 3\n"
    ),
}
RED = "test_app.py::test_total"
FLOOD = """
import os

def {hook}(item):
    for _ in range(300):
        os.write(2, b"x" * (1 << 20))
        os.write(1, b"x" * (1 << 20))
"""
SLOW = """
import time

def {hook}(item):
    time.sleep(1.2)
"""
Record = Callable[[str, object], None]


def case(conftest: str) -> Case:
    return Case(
        task_id="t",
        title="total([1]) is 2",
        report="total([1]) is 2",
        repository="/r",
        base_sha="0" * 40,
        tree=Tree({}).with_texts({**FILES, "conftest.py": conftest}),
        reproduction=Reproduction(reading=Reading.REPRODUCED, origin="--test", tests=(RED,)),
    )


async def timed(bench: Bench, conftest: str, surveyed: bool = True) -> tuple[FixAttempt, float]:
    """An attempt on a base that is surveyed already, and how many times its bound it took."""
    engine = OfflineEngine(bench, Search(max_seconds=BOUND_S, workers=2), lambda _: None)
    if surveyed:
        await bench.survey(case(conftest).tree)
    began = time.monotonic()
    attempt = await engine.fix(case(conftest))
    return attempt, (time.monotonic() - began) / BOUND_S


@pytest.mark.parametrize(
    ("kind", "hook"),
    [(FLOOD, "pytest_runtest_setup"), (SLOW, "pytest_runtest_call")],
    ids=["flood", "slow"],
)
async def test_an_attempt_ends_in_its_time(
    bench: Bench, kind: str, hook: str, record_property: Record
) -> None:
    attempt, share = await timed(bench, kind.replace("{hook}", hook))
    record_property("figure", f"{hook}: an attempt took {share:.2f} times its bound")
    assert share < MARGIN
    assert attempt.candidates or attempt.final is Outcome.OUT_OF_BUDGET
    assert attempt.candidates or "OFFLINE_MAX_SECONDS" in attempt.explanation


async def test_a_suite_that_outlasts_the_bound_ends_as_out_of_budget(bench: Bench) -> None:
    attempt, share = await timed(bench, "import time\n\ntime.sleep(100)\n", surveyed=False)
    assert share < MARGIN
    assert attempt.final is Outcome.OUT_OF_BUDGET
    assert "OFFLINE_MAX_SECONDS" in attempt.explanation


async def test_an_attempt_that_is_begun_anew_has_what_is_left(bench: Bench) -> None:
    engine = OfflineEngine(bench, Search(max_seconds=0.5, workers=2), lambda _: None)
    slow = case(SLOW.replace("{hook}", "pytest_runtest_setup"))
    began = time.monotonic()
    await engine.fix(slow)
    first = time.monotonic() - began
    attempt = await engine.fix(slow)
    assert time.monotonic() - began - first < first
    assert attempt.final is Outcome.OUT_OF_BUDGET


async def test_changes_that_no_whole_run_can_confirm_are_blocked_by_what_stops_it(
    tmp_path: Path, environments: Environments
) -> None:
    hoard = """
def pytest_sessionfinish(session):
    with open("hoard", "wb") as file:
        while True:
            file.write(b"x" * (1 << 24))
"""
    settings, _ = load_settings(data_dir=tmp_path)
    small = Limits(disk_bytes=SMALL_DISK)
    bench = Bench(bootstrap.sandbox_of(settings), environments, limits=small, workers=2)
    engine = OfflineEngine(bench, Search(40, max_seconds=60.0, workers=2), lambda _: None)
    attempt = await engine.fix(case(hoard))
    await bench.close()
    assert attempt.final is Outcome.BLOCKED
    assert "more than the disk of a sandbox holds" in attempt.explanation
    assert attempt.partial, "what passes is kept"

"""The cells of the crash matrix: where the server dies, and how a cell is run."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, Self

from tests.e2e.crash_house import CrashHouse, GitHubProcess, Stuck, faults_found, seeded

REVISITED = 3
"""The script goes through fix, qa and approve twice without any crash."""


@dataclass(frozen=True)
class AtEvent:
    """The server dies once the event of this number is written."""

    number: int
    name: str

    def __str__(self) -> str:
        return f"event {self.number} ({self.name})"


@dataclass(frozen=True)
class AtCommit:
    """The server dies once so many commits were seen in the file of checkpoints."""

    number: int

    def __str__(self) -> str:
        return f"checkpoint commit {self.number}"


@dataclass(frozen=True)
class AtCall:
    """GitHub kills the server in one of the calls that publish."""

    number: int
    name: str
    when: Literal["receipt", "effect", "answer"]
    delay_s: float = 0.0

    def __str__(self) -> str:
        return f"call {self.number} ({self.name}), {self.when}"


Cell = AtEvent | AtCommit | AtCall


@dataclass(frozen=True)
class Result:
    """What became of a cell."""

    cell: Cell
    faults: Sequence[str]
    recovery_s: float = 0.0
    """From the start of the next server to the end of the task."""
    repeated: int = 0
    """Nodes that began more than once."""


@dataclass
class Figures:
    """All results of one family of cells."""

    family: str
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """One line a failed cell."""
        return [f"{r.cell}: {'; '.join(r.faults)}" for r in self.results if r.faults]

    def __str__(self) -> str:
        passed = len(self.results) - len(self.broken)
        times = sorted(r.recovery_s for r in self.results)
        at = [times[int(share * (len(times) - 1))] for share in (0.5, 0.95, 1.0)]
        return (
            f"kill -9 {self.family}: {passed}/{len(self.results)} cells passed in "
            f"{self.seconds:.0f} s; recovery p50 {at[0]:.2f} s, p95 {at[1]:.2f} s, "
            f"max {at[2]:.2f} s; nodes repeated {sum(r.repeated for r in self.results)}"
        )


def run_all(
    family: str, cells: Sequence[Cell], githubs: Sequence[GitHubProcess], folder: Path
) -> Figures:
    """Run cells side by side, each host serving one at a time."""
    free: SimpleQueue[GitHubProcess] = SimpleQueue()
    for github in githubs:
        free.put(github)

    def run(number: int, cell: Cell) -> Result:
        github = free.get()
        try:
            return run_cell(cell, github, folder / f"cell-{number}")
        finally:
            free.put(github)

    begun = time.monotonic()
    with ThreadPoolExecutor(len(githubs)) as lanes:
        results = list(lanes.map(run, range(len(cells)), cells))
    return Figures(family, results, time.monotonic() - begun)


def run_cell(cell: Cell, github: GitHubProcess, folder: Path) -> Result:
    """One task, one death, and a look at what is left."""
    github.forget()
    number = cell.number if isinstance(cell, AtEvent) else 0
    try:
        with CrashHouse.open(github, folder, die_at=number) as house, ExitStack() as watch:
            if isinstance(cell, AtCommit):
                watch.enter_context(Commits(house, deadly=cell.number))
            return _run(cell, house)
    except (Stuck, AssertionError) as error:
        return Result(cell, [str(error)])


def _run(cell: Cell, house: CrashHouse) -> Result:
    task_id = house.submit()
    question = house.wait_for_question(task_id)
    if isinstance(cell, AtCall):
        house.github.plan(
            skip=cell.number - 1, when=cell.when, delay_s=cell.delay_s, kill=house.server.pid
        )
    house.decide(question, "approve")
    house.wait_for_end(task_id)
    ended = time.monotonic()
    if len(house.lives) == 1:
        house.lives[0].kill()  # it may be dying by itself: at the very last event
    code = house.server.kill(signal.SIGTERM)
    faults = [] if code == 0 else [f"it left with {code}"]
    if len(house.deaths) != 1:
        faults.append(f"{len(house.deaths)} deaths")
    faults += faults_found(house, task_id)
    nodes = [event for event in house.events(task_id) if event["type"] == "node"]
    started = [event for event in nodes if event["data"]["state"] == "started"]
    repeated = len(started) - len({e["data"]["node"] for e in started}) - REVISITED
    recovery = max(0.0, ended - house.deaths[-1])
    return Result(cell, faults, recovery, repeated)


REVISITED = 3
"""The script goes through fix, qa and approve twice without any crash."""


class Commits:
    """Counts, from outside, the commits to the file of checkpoints; may kill at one of them."""

    def __init__(self, house: CrashHouse, deadly: int = 0) -> None:
        self.seen = 0
        self._pid = house.lives[0].pid
        self._file = house.plan.data / "checkpoints.db"
        self._deadly = deadly
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        address = f"{self._file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as connection:
            version = _version(connection)
            while not self._stop.is_set():
                time.sleep(0.0005)
                before, version = version, _version(connection)
                self.seen += version != before
                if self._deadly and self.seen >= self._deadly:
                    with suppress(ProcessLookupError):
                        os.kill(self._pid, signal.SIGKILL)
                    return


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


@dataclass(frozen=True)
class Course:
    """A run in which nobody dies: where there is something to die at."""

    events: Sequence[AtEvent]
    calls: Sequence[str]
    commits: int


def undisturbed(github: GitHubProcess, folder: Path) -> Course:
    """Run the task once; raises AssertionError when even that does not work."""
    with CrashHouse.open(github, folder) as house, Commits(house) as commits:
        task_id = house.submit()
        question = house.wait_for_question(task_id)
        before = len(github.journal())
        house.decide(question, "approve")
        house.wait_for_end(task_id)
        calls = [f"{call['method']} {call['path']}" for call in github.journal()[before:]]
        assert house.lives[0].kill(signal.SIGTERM) == 0
        assert faults_found(house, task_id) == []
        events = [AtEvent(e["seq"], _name(e)) for e in house.events(task_id)]
    return Course(events, calls, commits.seen)


def _name(event: dict[str, object]) -> str:
    data = event["data"]
    assert isinstance(data, dict)
    words = (event["type"], data.get("node"), data.get("state") or data.get("status"))
    return " ".join(str(word) for word in words if word)


def call_cells(course: Course, seed: int) -> list[AtCall]:
    """Each call that publishes: on receipt, after the effect, after the answer."""
    chance = seeded(seed)
    return [
        AtCall(number, name, when, chance.uniform(0.0, 0.05) if when == "answer" else 0.0)
        for number, name in enumerate(course.calls, start=1)
        for when in ("receipt", "effect", "answer")
    ]

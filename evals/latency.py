"""What orchestration adds to a repair whose models take their time: wall over critical path.

Roles wait where a model would be called, and then do what they do by rules; the sandbox, the tests
of the demo service, the store and the branch are real.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agents.offline.diagnosis import diagnose
from agents.offline.reproduction import reproduce
from agents.offline.reviewer import review
from control.anton import Anton
from core.approvals import ApprovalState
from core.evidence import Evidence, TestRun
from core.findings import (
    Candidate,
    Diagnosis,
    FixAttempt,
    Narrative,
    Reproduction,
    Review,
    Triage,
)
from core.patches import Patch
from core.ports import Case, RepairEngine
from core.tasks import Lease, Task, TaskRequest
from core.trees import Tree
from evals.overhead import committed, decided, until_it_asks
from evals.report import ROOT
from repair.bench import Bench
from repair.runs import Tests

BAR = 1.10
CALLS = {"triage": 1, "diagnose": 2, "reproduce": 1, "fix": 1, "review": 1}
"""Model calls of each role."""
SERVICE = ROOT / "demo" / "service"
TICKET = ROOT / "demo" / "tickets" / "BUG-42.md"
FAULTY, MENDED = "done=not todo.done", "done=True"


class Opening(Protocol):
    """Wires a house."""

    def __call__(
        self, data_dir: Path, thinking: "PacedThinking", *, at_once: int
    ) -> Awaitable[Anton]:
        """A house over a folder, for so many tasks at once."""
        ...


@dataclass
class Clocked:
    """Serves Tests over a bench and sums the seconds that the tests of each role took."""

    bench: Bench
    role: str = "qa"
    seconds_of: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Time spent in sandboxes so far."""
        return self.bench.seconds

    @property
    def suite_seconds(self) -> float | None:
        """Time of the last run of all tests."""
        return self.bench.suite_seconds

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        """A run of the bench."""
        run = await self.bench.run(tree, tests)
        self.add(run)
        return run

    def add(self, run: TestRun) -> None:
        """Count a run."""
        self.seconds_of[self.role] = self.seconds_of.get(self.role, 0.0) + run.seconds


@dataclass
class PacedEngine:
    """Serves RepairEngine: rules and one known fix, each behind the wait of its model calls."""

    bench: Bench
    latency_s: float
    one_by_one: bool
    seconds_of: dict[str, float]
    name: str = "paced (orchestration only)"
    needs_sandbox: bool = True
    _diagnosed: asyncio.Event = field(default_factory=asyncio.Event)

    async def triage(self, case: Case) -> Triage:
        """A real fault."""
        await self._call("triage")
        return Triage()

    async def diagnose(self, case: Case) -> Diagnosis:
        """By which lines the tests ran."""
        await self._call("diagnose")
        found = await diagnose(case, self.bench)
        self.seconds_of["diagnose"] = (await self.bench.survey(case.tree)).run.seconds
        self._diagnosed.set()
        return found.but(confidence=1.0)

    async def reproduce(self, case: Case) -> Reproduction:
        """From the example in the ticket; behind the diagnosis where all is done one by one."""
        if self.one_by_one:
            await self._diagnosed.wait()
        await self._call("reproduce")
        found = await reproduce(case, self.bench)
        self.seconds_of["reproduce"] = found.run.seconds if found.run else 0.0
        return found

    async def fix(self, case: Case) -> FixAttempt:
        """The known fix."""
        await self._call("fix")
        mended = case.tree.text("todo/store.py").replace(FAULTY, MENDED)
        result = case.tree.with_texts({"todo/store.py": mended})
        patch = Patch.between(case.base_sha, case.tree, result)
        return FixAttempt(
            candidates=(Candidate(patch=patch, operator="known"),),
            explanation="Completing sets the to-do to done.",
            confidence=1.0,
            engine=self.name,
        )

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """By the gates and the evidence."""
        await self._call("review")
        return review(case, patch, evidence)

    async def narrate(self, case: Case, facts: str) -> Narrative:
        """Nothing."""
        return Narrative()

    async def _call(self, role: str) -> None:
        for _ in range(CALLS[role]):
            await asyncio.sleep(self.latency_s)


@dataclass
class PacedThinking:
    """Gives the task a paced engine, and keeps what its tests took."""

    make_bench: Callable[[], Bench]
    latency_s: float
    one_by_one: bool = False
    seconds_of: dict[str, float] = field(default_factory=dict)

    async def check(self) -> None:
        """The bench was checked when it was made."""

    def about(self) -> dict[str, Any]:
        """What it is, so that nobody takes it for more."""
        return {"sandbox": "as configured", "models": {"all roles": "paced (orchestration only)"}}

    def degraded(self) -> dict[str, str]:
        """A pace is never away."""
        return {}

    @asynccontextmanager
    async def open(self, task: Task, lease: Lease) -> AsyncIterator[tuple[RepairEngine, Tests]]:
        """Engine and bench of one drive."""
        bench = self.make_bench()
        try:
            engine = PacedEngine(bench, self.latency_s, self.one_by_one, self.seconds_of)
            yield engine, Clocked(bench, seconds_of=self.seconds_of)
        finally:
            await bench.close()


@dataclass(frozen=True)
class Walk:
    """One repair from report to branch."""

    asked_s: float
    """From the report until consent is asked for."""
    published_s: float
    """From consent to branch and closing message."""
    latency_s: float
    seconds_of: dict[str, float]
    """What the tests of each role took."""

    @property
    def wall_s(self) -> float:
        """All of it, without the time of the person who consents."""
        return self.asked_s + self.published_s

    @property
    def tests_s(self) -> float:
        """All tests, whether something waits for them or not."""
        return sum(self.seconds_of.values())

    @property
    def models_s(self) -> float:
        """Model calls on the longest branch."""
        return self.latency_s * (sum(CALLS.values()) - CALLS["reproduce"])

    @property
    def critical_s(self) -> float:
        """Model calls on the longest branch, and the tests that something waits for."""
        branches = (
            self.latency_s * CALLS[role] + self.seconds_of.get(role, 0.0)
            for role in ("diagnose", "reproduce")
        )
        alone = sum(CALLS[role] for role in ("triage", "fix", "review"))
        return self.latency_s * alone + max(branches) + self.seconds_of.get("qa", 0.0)


@dataclass(frozen=True)
class Latency:
    """The same repair with no wait, with branches at once, and step by step."""

    unpaced: Walk
    at_once: Walk
    one_by_one: Walk

    @property
    def ratio(self) -> float:
        """Wall time over the critical path."""
        return self.at_once.wall_s / self.at_once.critical_s

    @property
    def ok(self) -> bool:
        """Whether the bar is kept."""
        return self.ratio <= BAR


async def run(opening: Opening, make_bench: Callable[[], Bench], *, latency_s: float) -> Latency:
    """Repair the demo service three times; the first one prepares its environment too."""
    with tempfile.TemporaryDirectory(prefix="anton-latency-") as scratch:
        folder = Path(scratch)
        await _walk(opening, PacedThinking(make_bench, 0.0), folder / "prepared")
        unpaced = await _walk(opening, PacedThinking(make_bench, 0.0), folder / "unpaced")
        paced = PacedThinking(make_bench, latency_s)
        at_once = await _walk(opening, paced, folder / "at-once")
        slow = PacedThinking(make_bench, latency_s, one_by_one=True)
        return Latency(unpaced, at_once, await _walk(opening, slow, folder / "one-by-one"))


async def _walk(opening: Opening, thinking: PacedThinking, folder: Path) -> Walk:
    repository = _service(folder)
    anton = await opening(folder / "data", thinking, at_once=1)
    try:
        await anton.start()
        asked = await until_it_asks(
            anton, TaskRequest(repository=repository, text=TICKET.read_text())
        )
        [approval] = await anton.approvals(state=ApprovalState.PENDING)
        _, published = await decided(anton, anton, approval)
    finally:
        await anton.stop()
    return Walk(asked, published, thinking.latency_s, thinking.seconds_of)


def _service(folder: Path) -> str:
    """The demo service as a repository in a new folder; its path."""
    folder.mkdir()
    files = {
        path.relative_to(SERVICE).as_posix(): path.read_text()
        for path in SERVICE.rglob("*")
        if path.is_file() and not {"__pycache__", ".pytest_cache"} & set(path.parts)
    }
    return committed(folder / "repository", files)


def table(found: Latency) -> str:
    """The figures, one a line."""
    walk, slow = found.at_once, found.one_by_one
    rows = {
        "thinking": "paced: these are figures of orchestration only",
        "model calls": f"{', '.join(f'{role} {n}' for role, n in CALLS.items())}; "
        f"{walk.latency_s:g} s each",
        "critical path": f"{walk.critical_s:.2f} s: {walk.models_s:.2f} s models, "
        f"{walk.critical_s - walk.models_s:.2f} s tests",
        "wall, branches at once": f"{walk.wall_s:.2f} s ({walk.asked_s:.2f} s to the question, "
        f"{walk.published_s:.2f} s from consent to branch)",
        "wall over critical path": f"{found.ratio:.3f} (bar {BAR:.2f})",
        "wall, one by one": f"{slow.wall_s:.2f} s, {slow.wall_s / slow.critical_s:.3f} of the "
        f"path with its own tests, {slow.tests_s:.2f} s",
        "wall, no latency": f"{found.unpaced.wall_s:.2f} s, of which tests "
        f"{found.unpaced.critical_s:.2f} s",
        "bar": "kept" if found.ok else "NOT KEPT",
    }
    return "\n".join(f"{name:<26}{value}" for name, value in rows.items())

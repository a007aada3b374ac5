"""A repair engine and a test bench that follow a script: they show orchestration, never quality."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.approvals import Risk
from core.evidence import CaseOutcome, Evidence, RunEnd, TestCase, TestRun
from core.findings import (
    Candidate,
    Diagnosis,
    FixAttempt,
    Narrative,
    Reading,
    Reproduction,
    Review,
    ReviewVerdict,
    Triage,
)
from core.patches import Patch, Suspect
from core.ports import Case, RepairEngine
from core.tasks import Lease, Task
from core.trees import File, Tree
from repair.runs import Tests

FAULTY = "def total(items):\n    return sum(items) + 1\n"
MENDED = "def total(items):\n    return sum(items)\n"
TEST_FILE = "from app import total\n\n\ndef test_total():\n    assert total([1]) == 1\n"
TEST = "test_app.py::test_total"
REPOSITORY: Mapping[str, str] = {"app.py": FAULTY, "test_app.py": TEST_FILE}
"""A repository that the script is about: one function, one test that is red."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Script:
    """What each role will answer; the last answer of a list is repeated."""

    triage: Triage = field(default_factory=Triage)
    diagnosis: Diagnosis = field(
        default_factory=lambda: Diagnosis(
            root_cause="total() adds one too many.",
            confidence=0.9,
            suspects=(Suspect(path="app.py", line=2, function="total", score=1.0),),
        )
    )
    reproduction: Reproduction = field(
        default_factory=lambda: Reproduction(
            reading=Reading.REPRODUCED, origin="existing test", tests=(TEST,)
        )
    )
    fixes: Sequence[str | None] = (MENDED,)
    """The text of app.py after each attempt; None finds nothing."""
    reviews: Sequence[ReviewVerdict] = (ReviewVerdict.APPROVE,)
    risk: Risk | None = None
    """What the reviewer calls the change."""
    narrative: Narrative = field(default_factory=Narrative)
    delays_s: Mapping[str, float] = field(default_factory=dict)
    """How long each role takes."""
    failures: Mapping[str, Exception] = field(default_factory=dict)
    """What each role raises instead of answering."""


class ScriptedEngine:
    """Serves the port RepairEngine from a script."""

    name = "scripted (orchestration only)"
    needs_sandbox = False

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[str] = []
        """Names of the roles asked, in order."""
        self.cases: list[Case] = []
        self.told: list[str] = []
        """The facts from which a narrative was asked for."""

    async def triage(self, case: Case) -> Triage:
        """The scripted triage."""
        await self._turn("triage", case)
        return self._script.triage

    async def diagnose(self, case: Case) -> Diagnosis:
        """The scripted diagnosis."""
        await self._turn("diagnose", case)
        return self._script.diagnosis

    async def reproduce(self, case: Case) -> Reproduction:
        """The scripted reproduction."""
        await self._turn("reproduce", case)
        return self._script.reproduction

    async def fix(self, case: Case) -> FixAttempt:
        """The scripted change of this attempt."""
        await self._turn("fix", case)
        text = self._script.fixes[min(case.attempt, len(self._script.fixes)) - 1]
        if text is None:
            return FixAttempt(explanation="Nothing was found.", engine=self.name)
        patch = Patch.between(case.base_sha, case.tree, case.tree.with_texts({"app.py": text}))
        return FixAttempt(
            candidates=(Candidate(patch=patch, operator="scripted"),),
            explanation="Do not add one.",
            confidence=0.9,
            engine=self.name,
        )

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """The scripted verdict of this round."""
        await self._turn("review", case)
        rounds = self.asked.count("review")
        verdict = self._script.reviews[min(rounds, len(self._script.reviews)) - 1]
        return Review(
            verdict=verdict,
            patch_hash=patch.sha256,
            risk=self._script.risk,
            reviewer=self.name,
        )

    async def narrate(self, case: Case, facts: str) -> Narrative:
        """The scripted words."""
        self.told.append(facts)
        return self._script.narrative

    async def _turn(self, role: str, case: Case) -> None:
        self.asked.append(role)
        self.cases.append(case)
        await asyncio.sleep(self._script.delays_s.get(role, 0.0))
        if role in self._script.failures:
            raise self._script.failures[role]


class ScriptedTests:
    """Serves Tests: the one test passes when `app.py` sums and adds nothing."""

    seconds = 0.0
    suite_seconds = 0.0

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        """The recorded run of the one test."""
        text = tree.get("app.py", File(b"")).data.decode()
        green = "sum(items)" in text and "+ " not in text
        outcome = CaseOutcome.PASSED if green else CaseOutcome.FAILED
        return TestRun(
            tree_hash=tree.id,
            argv=("scripted",),
            environment="scripted",
            backend="scripted",
            end=RunEnd.PASSED if green else RunEnd.FAILED,
            exit_code=0 if green else 1,
            collected=(TEST,),
            cases=(TestCase(test_id=TEST, outcome=outcome),),
            started_at=EPOCH,
            ended_at=EPOCH + timedelta(milliseconds=1),
        )


@dataclass
class ScriptedThinking:
    """Gives every task the same script, and keeps the engines it made."""

    script: Script = field(default_factory=Script)
    engines: dict[str, ScriptedEngine] = field(default_factory=dict)

    async def check(self) -> None:
        """Nothing can be amiss with a script."""

    def about(self) -> dict[str, Any]:
        """What it is, so that nobody takes it for more."""
        return {"sandbox": "none", "models": {"all roles": ScriptedEngine.name}}

    def degraded(self) -> dict[str, str]:
        """A script is never away."""
        return {}

    @asynccontextmanager
    async def open(self, task: Task, lease: Lease) -> AsyncIterator[tuple[RepairEngine, Tests]]:
        """The engine of a task; the same one in each of its drives."""
        yield self.engines.setdefault(task.task_id, ScriptedEngine(self.script)), ScriptedTests()

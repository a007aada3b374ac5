"""The engine that thinks with models: each role by its own model, code for all that code can do."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents import fixing, toolwork
from agents.allowance import TimedModel
from agents.offline.engine import OfflineEngine
from agents.roles import diagnosis, qa, reviewer, scribe, triage
from agents.toolwork import Crew
from core.errors import TimeUp
from core.evidence import Evidence
from core.findings import (
    Diagnosis,
    FixAttempt,
    Narrative,
    Reading,
    Reproduction,
    Review,
    ReviewVerdict,
    Triage,
)
from core.models import Message
from core.patches import Patch
from core.ports import Case, Models


@dataclass(frozen=True)
class ModelEngine:
    """Serves the port RepairEngine with models; a role without one goes by rules."""

    models: Models
    served: frozenset[str]
    """Roles that have a model."""
    offline: OfflineEngine
    """What can be done without one; its bench is the bench of all."""
    crew: Crew
    kind: str = "auto"
    """`workflow`, `tools`, or `auto` for what the model has shown that it can do."""
    attempts: int = 3
    needs_sandbox: bool = True

    @property
    def name(self) -> str:
        """Which engine, and which model writes the fix."""
        if "fix" not in self.served:
            return self.offline.name
        model = self.models.of("fix")
        return f"{'tools' if fixing.with_tools(model, self.kind) else 'workflow'} ({model.name})"

    async def triage(self, case: Case) -> Triage:
        """By the model's reading, held against the report."""
        if "triage" not in self.served:
            return await self.offline.triage(case)
        self.offline.bench.warm(case.tree)
        return await triage.triage(case, self._timed("triage"))

    async def diagnose(self, case: Case) -> Diagnosis:
        """By what the tests point at, and what the model makes of it."""
        if "diagnosis" not in self.served:
            return await self.offline.diagnose(case)
        model = self._timed("diagnosis")

        async def gather(opening: Sequence[Message]) -> tuple[Message, ...]:
            return await toolwork.gather(case, self.offline.bench, model, opening, self.crew)

        return await diagnosis.diagnose(
            case,
            self.offline.bench,
            model,
            gather if fixing.with_tools(model, self.kind) else None,
            turns=self.crew.limits["diagnosis"].turns,
            measured=await self.offline.diagnose(case),
        )

    async def reproduce(self, case: Case) -> Reproduction:
        """By what can be run, else by a test that the model writes."""
        if "qa" not in self.served:
            return await self.offline.reproduce(case)
        try:
            found = await self.offline.reproduce(case)
        except TimeUp as error:
            found = Reproduction(
                reading=Reading.NOTHING_TO_RUN, note=error.message, help_wanted=error.remedy or ""
            )
        model = self._timed("qa")
        return await qa.reproduce(case, self.offline.bench, model, found, refused=self.crew.refused)

    async def fix(self, case: Case) -> FixAttempt:
        """By the model's candidates, with the offline search beside them."""
        if "fix" not in self.served:
            return await self.offline.fix(case)
        model, bench = self.models.of("fix"), self.offline.bench

        async def search() -> FixAttempt:
            return await self.offline.fix(case)

        return await fixing.fix(
            case, bench, model, search, self.crew, kind=self.kind, attempts=self.attempts
        )

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """By the gates first; a model reads what they let pass."""
        gates = await self.offline.review(case, patch, evidence)
        if gates.verdict is not ReviewVerdict.APPROVE or "reviewer" not in self.served:
            return gates
        read = await reviewer.review(case, patch, evidence, self._timed("reviewer"))
        return read.but(issues=(*gates.issues, *read.issues))

    async def narrate(self, case: Case, facts: str) -> Narrative:
        """In the model's words."""
        if "scribe" not in self.served:
            return await self.offline.narrate(case, facts)
        return await scribe.narrate(case, facts, self._timed("scribe"))

    def _timed(self, role: str) -> TimedModel:
        """The model of a role, for one run of it."""
        return self.crew.timed(role, self.models.of(role))

"""An engine under observation: of each role is told when it begins, how it ends, what it took."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from core.budgets import Spent
from core.events import EventType, Notice
from core.evidence import Evidence
from core.findings import Diagnosis, FixAttempt, Narrative, Reproduction, Review, Triage
from core.patches import Patch
from core.ports import Budgets, Case, Clock, EventLog, RepairEngine
from observability.records import ids
from observability.tracing import span

NODES = {
    "triage": "triage",
    "diagnosis": "diagnose",
    "qa": "reproduce",
    "fix": "fix",
    "reviewer": "review",
    "scribe": "review",
}
"""The node that each role works in."""


@dataclass(frozen=True)
class WatchedEngine:
    """Serves the port RepairEngine by another engine."""

    engine: RepairEngine
    events: EventLog
    budgets: Budgets
    clock: Clock

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def needs_sandbox(self) -> bool:
        return self.engine.needs_sandbox

    async def triage(self, case: Case) -> Triage:
        async with self._role("triage", case):
            return await self.engine.triage(case)

    async def diagnose(self, case: Case) -> Diagnosis:
        async with self._role("diagnosis", case):
            return await self.engine.diagnose(case)

    async def reproduce(self, case: Case) -> Reproduction:
        async with self._role("qa", case):
            return await self.engine.reproduce(case)

    async def fix(self, case: Case) -> FixAttempt:
        async with self._role("fix", case):
            return await self.engine.fix(case)

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        async with self._role("reviewer", case):
            return await self.engine.review(case, patch, evidence)

    async def narrate(self, case: Case, facts: str) -> Narrative:
        async with self._role("scribe", case):
            return await self.engine.narrate(case, facts)

    @asynccontextmanager
    async def _role(self, role: str, case: Case) -> AsyncIterator[None]:
        """One run of a role; what a crash or a cancel cuts off has no end."""
        with (
            ids(agent=f"{case.task_id[:8]}/{role}"),
            span(
                f"invoke_agent {role}",
                gen_ai__operation__name="invoke_agent",
                gen_ai__agent__name=role,
            ),
        ):
            async with self._told(role, case):
                yield

    @asynccontextmanager
    async def _told(self, role: str, case: Case) -> AsyncIterator[None]:
        before, began = await self._spent(case, role), self.clock.monotonic()
        await self._tell("agent_start", case, role, engine=self.name)
        try:
            yield
        except Exception as error:
            await self._end(case, role, before, began, ok=False, error=type(error).__name__)
            raise
        await self._end(case, role, before, began, ok=True)

    async def _end(
        self, case: Case, role: str, before: Spent | None, began: float, **how: Any
    ) -> None:
        spent = await self._spent(case, role)
        await self._tell(
            "agent_end",
            case,
            role,
            **how,
            ms=round((self.clock.monotonic() - began) * 1000),
            **_took(before, spent),
        )

    async def _spent(self, case: Case, role: str) -> Spent | None:
        return (await self.budgets.by_role(case.task_id)).get(role)

    async def _tell(self, kind: EventType, case: Case, role: str, **data: Any) -> None:
        about = {"path": f"{case.task_id[:8]}/{role}", "role": role, "node": NODES[role]}
        await self.events.append(
            Notice(type=kind, task_id=case.task_id, role=role, data={**about, **data})
        )


def _took(before: Spent | None, after: Spent | None) -> dict[str, Any]:
    """What the models of one run took; a cost that is not known is None."""
    if after is None:
        return {"calls": 0, "tokens": 0, "cost_usd": 0.0}
    tokens = after.tokens.sent + after.tokens.received
    if before is None:
        return {"calls": after.calls, "tokens": tokens, "cost_usd": after.cost_usd}
    known = before.cost_usd is not None and after.cost_usd is not None
    return {
        "calls": after.calls - before.calls,
        "tokens": tokens - before.tokens.sent - before.tokens.received,
        "cost_usd": (after.cost_usd or 0.0) - (before.cost_usd or 0.0) if known else None,
    }

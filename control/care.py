"""Keeps the incident of a task in step with it: where the task is, what it asks, how it ended."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from core import care
from core.approvals import Approval, ApprovalState
from core.care import Change
from core.errors import Conflict
from core.events import Notice
from core.incidents import Incident, IncidentEntry, IncidentState
from core.ports import Clock, EventLog, IncidentStore
from core.tasks import Task

log = logging.getLogger(__name__)

TOLD = {"state": "state", "reason": "reason", "title": "title", "source": "source"} | {
    "severity": "severity",
    "repository": "repo",
    "count": "occurrences",
    "task_id": "task_id",
}
"""Fields of an incident, and their names in an event."""


class Care:
    """Follows tasks; what a task does is told once, however often it is repeated."""

    def __init__(self, incidents: IncidentStore, events: EventLog, clock: Clock) -> None:
        self._incidents = incidents
        self._events = events
        self._clock = clock
        self._last: dict[str, str] = {}

    def noted(self, task_id: str, summary: str) -> None:
        """What the last step of a task came to, in one line: why the next one is due."""
        self._last[task_id] = summary

    async def at_node(self, task: Task, node: str) -> None:
        """A task begins with a node."""
        await self._follow(task, partial(care.at_node, node=node), self._last.get(task.task_id, ""))

    async def at_questions(self, task: Task, approvals: Sequence[Approval]) -> None:
        """A task waits for what is pending among its questions."""
        for approval in approvals:
            if approval.state is ApprovalState.PENDING:
                question = approval.question
                way = partial(care.at_question, kind=question.kind)
                await self._follow(task, way, question.title)

    async def at_end(self, task: Task) -> None:
        """A task has ended; its incident has none now."""
        outcome = task.outcome
        self._last.pop(task.task_id, None)
        if outcome is None:
            return
        pr_url = str(task.result.get("pr_url") or "")
        at = self._clock.now()

        def end(incident: Incident) -> list[Change]:
            if incident.task_id != task.task_id:
                return []
            to = care.at_end(incident, outcome, pr_url=pr_url)
            changes = [] if to is incident.state else self._steps(incident, (to,), task.reason)
            last = changes[-1][0] if changes else incident
            free = last.but(
                task_id="", pr_url=pr_url or last.pr_url, severity=task.severity or last.severity
            )
            if changes:
                return [*changes[:-1], (free, changes[-1][1])]
            reason = f"{outcome.replace('_', ' ')}: {task.reason}"
            entry = IncidentEntry(
                kind="state", at=at, state=to, reason=reason, task_id=task.task_id
            )
            return [(free.but(reason=reason, updated_at=at), entry)]

        if task.incident_id:
            await self.change(task.incident_id, end)

    async def change(
        self, incident_id: str, how: Callable[[Incident], Sequence[Change]]
    ) -> Incident:
        """Change an incident, and tell of it where anything did change."""
        seen: list[Incident] = []

        def watched(incident: Incident) -> Sequence[Change]:
            seen[:] = [incident]
            return how(incident)

        after = await self._incidents.change(incident_id, watched)
        await self.tell(after, seen[0])
        return after

    async def merge(self, incident_id: str, into: str, by: str) -> Incident:
        """Let another incident take the reports of one over; raises NotFound, Conflict."""
        at, seen = self._clock.now(), list[Incident]()

        def how(incident: Incident, other: Incident) -> tuple[Change, Change]:
            seen[:] = [incident, other]
            return care.merged(incident, other, at, by=by)

        gone = await self._incidents.merge(incident_id, into, how)
        await self.tell(gone, seen[0])
        await self.tell(await self._incidents.get(seen[1].incident_id), seen[1])
        return gone

    async def tell(self, after: Incident, before: Incident | None = None) -> None:
        """The event of an incident: its state and reason, and what changed of the rest."""
        if after == before:
            return
        data = {
            told: getattr(after, name)
            for name, told in TOLD.items()
            if name in ("state", "reason") or getattr(after, name) != getattr(before, name, None)
        }
        await self._events.append(Notice(type="incident", incident_id=after.incident_id, data=data))

    async def _follow(
        self, task: Task, way: Callable[[Incident], tuple[IncidentState, ...]], reason: str
    ) -> None:
        def steps(incident: Incident) -> list[Change]:
            if incident.task_id != task.task_id:
                return []
            changes = self._steps(incident, way(incident), reason)
            severity = task.severity or incident.severity
            return [(after.but(severity=severity), entry) for after, entry in changes]

        if task.incident_id:
            await self.change(task.incident_id, steps)

    def _steps(
        self, incident: Incident, states: tuple[IncidentState, ...], reason: str
    ) -> list[Change]:
        """One change after the other; a task does not stop for one that may not be."""
        changes: list[Change] = []
        for state in states:
            try:
                changes.append(care.moved(incident, state, self._clock.now(), reason=reason))
            except Conflict as refusal:
                log.error("incident %s stays as it is: %s", incident.id8, refusal)
                break
            incident = changes[-1][0]
        return changes

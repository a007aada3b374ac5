"""What people see of incidents and do with them; every act is written down."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from control.care import Care
from control.chronicle import Records
from core import care
from core.approvals import Person
from core.care import Change
from core.errors import Conflict, NotFound, PayloadInvalid
from core.events import AuditEntry
from core.incidents import Dismissal, Incident, IncidentEntry, IncidentState
from core.ports import AuditLog, IncidentFilter, IncidentPage
from core.tasks import Task, TaskRequest

REASON_MAX = 1_000
HISTORY_MAX = 200


class IncidentDesk:
    """Lists, dismisses, reopens, resolves, merges, and asks for a task."""

    def __init__(self, records: Records, audit: AuditLog, masked: Callable[[str], str]) -> None:
        """`masked` takes secrets out of what people write."""
        self._records = records
        self._store = records.incidents
        self._care = Care(records.incidents, records.events, records.clock)
        self._audit = audit
        self._masked = masked

    async def one(self, ref: str) -> Incident:
        """An incident by id or by its first eight digits; raises NotFound, Conflict."""
        found = await self._store.find(ref)
        if not found:
            raise NotFound("There is no such incident.")
        if len(found) > 1:
            raise Conflict(f"{len(found)} incidents begin so: use the whole id.")
        return found[0]

    async def list(
        self, only: IncidentFilter, *, cursor: str = "", limit: int = 50
    ) -> IncidentPage:
        """Incidents, newest first."""
        return await self._store.list(only, cursor=cursor, limit=limit)

    async def counts(self) -> Mapping[IncidentState, int]:
        """How many incidents are in each state."""
        return await self._store.counts()

    async def history(self, incident_id: str) -> Sequence[IncidentEntry]:
        """What happened to an incident, newest first, at most HISTORY_MAX lines."""
        return await self._store.history(incident_id, limit=HISTORY_MAX)

    async def dismiss(
        self, ref: str, by: Person, *, reason: str, until: datetime | None = None
    ) -> Incident:
        """Only count its reports, until an end or for ever; raises NotFound, Conflict."""
        said = Dismissal(reason=self._said(reason), by=by.account, until=until)
        return await self._act(
            "incident_dismissed",
            ref,
            by,
            lambda incident, at: care.dismissed(incident, said, at),
        )

    async def reopen(self, ref: str, by: Person, reason: str = "") -> Incident:
        """Take care of it again; raises NotFound, Conflict."""
        said = self._masked(reason)
        return await self._act(
            "incident_reopened",
            ref,
            by,
            lambda incident, at: care.reopened(incident, at, by=by.account, reason=said),
        )

    async def resolve(self, ref: str, by: Person, reason: str) -> Incident:
        """Settle it by hand; raises NotFound, Conflict."""
        said = self._said(reason)
        return await self._act(
            "incident_resolved",
            ref,
            by,
            lambda incident, at: care.resolved(incident, at, by=by.account, reason=said),
        )

    async def merge(self, ref: str, into: str, by: Person) -> Incident:
        """Let another incident take its reports over; raises NotFound, Conflict."""
        source, target = await self.one(ref), await self.one(into)
        gone = await self._care.merge(source.incident_id, target.incident_id, by.account)
        await self._note("incident_merged", gone, by, into=gone.merged_into)
        return gone

    async def fix(self, ref: str, by: Person) -> Task:
        """Begin a task for an open incident; raises NotFound, Conflict."""
        incident, now = await self.one(ref), self._records.clock.now()
        request = TaskRequest.load(incident.request).but(requested_by=by.account)
        task = Task(task_id=str(uuid.uuid4()), request=request, created_at=now, updated_at=now)
        begun = await self._store.start(incident.incident_id, task, by.account)
        if begun.task is None or begun.incident is None:
            raise Conflict("No task was begun.")
        await self._care.tell(begun.incident, incident)
        await self._note("incident_fix", incident, by, task_id=begun.task.task_id)
        return begun.task

    async def _act(
        self, action: str, ref: str, by: Person, how: Callable[[Incident, datetime], Change]
    ) -> Incident:
        incident, at = await self.one(ref), self._records.clock.now()
        after = await self._care.change(incident.incident_id, lambda found: [how(found, at)])
        await self._note(action, after, by, reason=after.reason)
        return after

    async def _note(self, action: str, incident: Incident, by: Person, **detail: str) -> None:
        detail = {"incident_id": incident.incident_id, **detail}
        await self._audit.record(AuditEntry(action=action, actor=by.account, detail=detail))

    def _said(self, reason: str) -> str:
        said = self._masked(reason).strip()
        if not said or len(said) > REASON_MAX:
            raise PayloadInvalid(f"A reason is due, of at most {REASON_MAX} characters.")
        return said

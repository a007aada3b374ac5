"""What becomes of a report: it opens an incident, joins one, or is only counted."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.care import Change
from core.errors import Conflict
from core.incidents import Incident, IncidentEntry, IncidentState
from core.tasks import Task, TaskRequest

NAMED = ("base", "revision", "tests", "reproduction", "output_directory")
"""What a report may say of where and how."""


How = Literal["started", "joined", "silenced"]
"""`started` a task of its own; `joined` one at work or a pull request that waits; `silenced` by a
dismissal.
"""


@dataclass(frozen=True)
class Reported:
    """A report, written down."""

    how: How
    task: Task | None
    """The task that is about it; None where it was silenced."""
    incident: Incident | None
    """None for a task that has none, such as a build."""
    repeated: bool = False
    """Whether it was written down before, under the same key, and nothing was now."""


def opened(
    task: Task, fingerprint: str, *, regression_of: str = "", apart_from: str = ""
) -> Change:
    """A new incident, with the task for it."""
    request = task.request
    incident = Incident(
        incident_id=str(uuid.uuid4()),
        fingerprint=fingerprint,
        title=request.headline,
        repository=request.repository,
        source=request.source,
        ticket=request.ticket,
        task_id=task.task_id,
        request=request.dump(),
        regression_of=regression_of,
        apart_from=apart_from,
        opened_at=task.created_at,
        last_seen_at=task.created_at,
        updated_at=task.created_at,
    )
    return incident, _reported(incident, request, task.created_at, task, began=True)


def opened_apart(task: Task, other: Incident) -> Change:
    """A new incident for a report that insists on a task of its own beside another incident."""
    return opened(task, _digest(other.fingerprint, task.task_id), apart_from=other.incident_id)


def fingerprint_beside(other: Incident, report: TaskRequest) -> str:
    """That of all reports of a fault that ask for the same, which its task was not asked for."""
    return _digest(other.fingerprint, *(repr(getattr(report, name)) for name in NAMED))


def started(incident: Incident, task: Task) -> Change:
    """One report more, of an incident that nobody works on, with the task for it."""
    at = task.created_at
    after = incident.but(
        count=incident.count + 1,
        task_id=task.task_id,
        state=IncidentState.OPEN,
        reason="",
        dismissal=None,
        request=task.request.dump(),
        last_seen_at=at,
        updated_at=at,
    )
    return after, _reported(after, task.request, at, task, began=True)


def counted(incident: Incident, request: TaskRequest, at: datetime, joined: Task | None) -> Change:
    """One report more, which begins nothing; its words are kept."""
    after = incident.but(count=incident.count + 1, last_seen_at=at, updated_at=at)
    return after, _reported(after, request, at, joined, began=False)


def again(incident: Incident, task: Task, by: str) -> Change:
    """A task for an open incident, without a new report; raises Conflict."""
    if incident.task_id:
        raise Conflict(f"Task {incident.task_id[:8]} works on it already.")
    if incident.state is not IncidentState.OPEN:
        state = incident.state.value.replace("_", " ")
        raise Conflict(f"It is {state}, not open.", remedy="Reopen it first.")
    at = task.created_at
    after = incident.but(task_id=task.task_id, reason="", updated_at=at)
    entry = IncidentEntry(
        kind="state",
        at=at,
        by=by,
        state=after.state,
        reason="A task was asked for.",
        task_id=task.task_id,
        began=True,
    )
    return after, entry


def asks_the_same(report: TaskRequest, other: TaskRequest) -> bool:
    """Whether the other request has all that a report names of where and how."""
    return all(
        not getattr(report, name) or getattr(report, name) == getattr(other, name) for name in NAMED
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _reported(
    incident: Incident, request: TaskRequest, at: datetime, task: Task | None, *, began: bool
) -> IncidentEntry:
    return IncidentEntry(
        kind="reported",
        at=at,
        by=request.requested_by or request.source,
        state=incident.state,
        reason=request.headline,
        task_id=task.task_id if task else "",
        began=began,
        request={} if began else request.dump(),
    )

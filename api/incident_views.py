"""Incidents as they go over the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from api.views import Answer
from core.care import LEGAL
from core.incidents import EntryKind, Incident, IncidentEntry, IncidentState, Severity
from core.tasks import Outcome, Task, TaskStatus

Act = Literal["dismiss", "reopen", "resolve", "merge", "fix"]


class DismissalView(BaseModel):
    """Why the reports of a fault are only counted, and for how long."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reason: str
    by: str
    until: datetime | None
    """Null for ever."""


class IncidentFacts(BaseModel):
    """A fault under care: all the reports that share one fingerprint."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    incident_id: str
    title: str
    repo: str
    source: str
    """Where it was reported first."""
    ticket: str | None
    state: IncidentState
    reason: str | None
    """Why it is in this state."""
    severity: Severity | None
    count: int
    """Reports of it, those among them that came while it was dismissed."""
    task_id: str | None
    """The task at work on it."""
    pr_url: str | None
    regression_of: str | None
    """The resolved incident that it repeats."""
    apart_from: str | None
    """The incident of the same fault that somebody wanted it kept apart from."""
    merged_into: str | None
    """The incident that took its reports over."""
    silent: bool
    """Whether its reports are only counted now."""
    dismissal: DismissalView | None
    may: list[Act]
    """What its state allows now."""
    first_seen_at: datetime
    last_seen_at: datetime
    updated_at: datetime


class IncidentEntryView(BaseModel):
    """A line of an incident's history."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: EntryKind
    at: datetime
    by: str | None
    """Channel and person; null for what its task did."""
    state: IncidentState
    """The state behind it."""
    reason: str | None
    task_id: str | None
    """The task that did it, that a report began, or that it joined."""
    began: bool
    """Whether a report began that task."""
    text: str | None
    """The words of a report that began no task; untrusted."""


class IncidentTask(BaseModel):
    """A task of an incident."""

    task_id: str
    title: str
    status: TaskStatus
    outcome: Outcome | None
    reason: str | None
    pr_url: str | None
    branch: str | None
    created_at: datetime
    ended_at: datetime | None


class IncidentView(IncidentFacts, Answer):
    """One incident, with what happened to it, newest first."""

    history: list[IncidentEntryView]
    forgotten: bool
    """Whether earlier reports and steps are not kept any more; see RETENTION_INCIDENT_DAYS."""
    tasks: list[IncidentTask]


class IncidentList(Answer):
    """Some incidents, newest first."""

    incidents: list[IncidentFacts]
    next_cursor: str | None
    """Gets the next ones; null on the last page."""
    counts: dict[IncidentState, int]
    """How many of all incidents are in each state."""


def incident_facts(incident: Incident, now: datetime) -> dict[str, Any]:
    """The public facts of an incident at an instant."""
    named = ("ticket", "reason", "task_id", "pr_url", "regression_of", "apart_from", "merged_into")
    return {
        **{name: getattr(incident, name) or None for name in named},
        "incident_id": incident.incident_id,
        "title": incident.title,
        "repo": incident.repository,
        "source": incident.source,
        "state": incident.state,
        "severity": incident.severity,
        "count": incident.count,
        "silent": incident.silent(now),
        "dismissal": incident.dismissal and incident.dismissal.model_dump(exclude={"v"}),
        "may": _may(incident),
        "first_seen_at": incident.opened_at,
        "last_seen_at": incident.last_seen_at,
        "updated_at": incident.updated_at,
    }


def incident_entry_facts(entry: IncidentEntry) -> dict[str, Any]:
    """The public facts of a line of history."""
    return {
        **entry.model_dump(include={"kind", "at", "state", "began"}),
        "by": entry.by or None,
        "reason": entry.reason or None,
        "task_id": entry.task_id or None,
        "text": entry.request.get("text"),
    }


def incident_task_facts(task: Task) -> dict[str, Any]:
    """The public facts of a task, as its incident lists it."""
    return {
        **task.model_dump(include={"task_id", "status", "outcome", "created_at", "ended_at"}),
        "title": task.title,
        "reason": task.reason or None,
        "pr_url": task.result.get("pr_url"),
        "branch": task.result.get("branch"),
    }


def _may(incident: Incident) -> list[Act]:
    if incident.task_id:
        return []
    state, legal = incident.state, LEGAL[incident.state]
    allowed: dict[Act, bool] = {
        "fix": state is IncidentState.OPEN,
        "dismiss": IncidentState.NOISE in legal or state is IncidentState.NOISE,
        "reopen": IncidentState.OPEN in legal,
        "resolve": IncidentState.RESOLVED in legal,
        "merge": IncidentState.DUPLICATE in legal and not incident.merged_into,
    }
    return [act for act, may in allowed.items() if may]

"""How the house stands, as it goes over the wire."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.views import Answer, ApprovalFacts, TaskFacts
from core.incidents import Severity
from core.tasks import Outcome, Task, TaskStatus


class AlertFacts(BaseModel):
    """Something about the house that a person should know."""

    name: str
    said: str
    raised_at: datetime


class Overview(Answer):
    """How the house stands, in a few figures."""

    tasks: dict[TaskStatus, int]
    """How many tasks have each status."""
    open_incidents: int
    """Faults under care: neither settled nor dismissed."""
    agents_busy: int
    """Steps at work now."""
    spent_today_usd: float
    day_limit_usd: float | None
    price_known: bool
    """Whether every call of today had a price; if not, more was spent."""
    started_at: datetime
    """When this server began."""
    alerts: list[AlertFacts]


class InboxItem(BaseModel):
    """A question that waits, and its task."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    approval: ApprovalFacts
    task: TaskFacts
    limit_usd: float | None
    """What the task may cost now."""
    yours: bool
    """Whether the key of this request may answer it, and has not yet."""
    due_at: datetime
    """From when on it waits too long, by APPROVAL_REMIND_MINUTES."""


class Inbox(Answer):
    """Questions that wait: the most urgent first, then the oldest."""

    waiting: list[InboxItem]


class TaskBrief(BaseModel):
    """A task in one line."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    task_id: str
    incident_id: str | None
    workflow: str
    title: str
    ticket: str | None
    repo: str
    source: str
    severity: Severity | None
    status: TaskStatus
    outcome: Outcome | None
    node: str | None
    """The step at work, or the last one."""
    iteration: int | None
    reason: str | None
    cost_usd: float | None
    """Null where a price is unknown."""
    pr_url: str | None
    awaits_merge: bool
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class Board(Answer):
    """Tasks in brief, newest first."""

    tasks: list[TaskBrief]
    next_cursor: str | None
    """Gets the next ones; null on the last page."""


def task_brief(task: Task, unmerged: Collection[str]) -> dict[str, Any]:
    """A task in one line; `unmerged` are the incidents whose pull request waits."""
    pr_url = task.result.get("pr_url")
    return {
        "task_id": task.task_id,
        "incident_id": task.incident_id or None,
        "workflow": task.request.workflow,
        "title": task.title,
        "ticket": task.request.ticket or None,
        "repo": task.request.repository,
        "source": task.request.source,
        "severity": task.severity,
        "status": task.status,
        "outcome": task.outcome,
        "node": task.node or None,
        "iteration": task.result.get("iteration"),
        "reason": task.reason or None,
        "cost_usd": task.usage.cost_usd,
        "pr_url": pr_url,
        "awaits_merge": bool(pr_url) and task.incident_id in unmerged,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "ended_at": task.ended_at,
    }

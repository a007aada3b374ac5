"""Events on where a task stands, and what it took."""

from typing import Literal

from api.event_views.envelope import Envelope, Told
from core.budgets import Scope
from core.tasks import Outcome, TaskStatus


class StatusData(Told, total=False):
    """Where a task stands."""

    status: TaskStatus
    reason: str


class StatusEvent(Envelope):
    """An event of the type `status`."""

    type: Literal["status"]
    data: StatusData


class NodeData(Told, total=False):
    """A step began or ended."""

    node: str
    state: Literal["started", "finished", "failed", "interrupted"]
    ms: int
    summary: str


class NodeEvent(Envelope):
    """An event of the type `node`."""

    type: Literal["node"]
    data: NodeData


class BudgetData(Told, total=False):
    """How a limit is used, or that it was raised."""

    scope: Scope
    cost_usd: float | None
    limit_usd: float | None
    tokens: int
    limit_tokens: int | None
    notice: int


class BudgetEvent(Envelope):
    """An event of the type `budget`."""

    type: Literal["budget"]
    data: BudgetData


class EndData(Told, total=False):
    """What came of a task."""

    outcome: Outcome | None
    reason: str
    pr_url: str | None
    cost_usd: float | None
    agent_ms: int
    human_ms: int


class EndEvent(Envelope):
    """An event of the type `end`."""

    type: Literal["end"]
    data: EndData

"""What can be asked of the log of model calls, and the form of each answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

Answer = TypeVar("Answer", bound=BaseModel)
Given = str | int | float | datetime
BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
END = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


CLOCK_STEPS = timedelta(days=1)
"""So far a clock is set back at most."""


def calls_since(created_at: datetime) -> datetime:
    """Since when there can be model calls of a task that was created then."""
    return max(BEGINNING + CLOCK_STEPS, created_at) - CLOCK_STEPS


class Figures(BaseModel):
    """A row that the log answers with."""

    model_config = ConfigDict(frozen=True)


class LoggedCall(Figures):
    """A model call as it stands in the log, with the outcome of its task where that has ended."""

    id: str
    ts: datetime
    task_id: str
    agent: str
    role: str
    node: str
    model: str
    attempt: int
    system: str
    """Empty when its retention has passed, as all that was said."""
    messages: list[dict[str, Any]]
    """As dumped Messages, without those in `system`."""
    tools: list[str]
    response: str
    calls: list[dict[str, Any]]
    """As dumped ToolCalls."""
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    cost_usd: float | None
    latency_ms: float
    success: bool
    error: str
    outcome: str | None

    @property
    def forgotten(self) -> bool:
        """Whether its retention has passed: only figures are left."""
        return not self.messages

    @field_validator("messages", "tools", "calls", mode="before")
    @classmethod
    def _parsed(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value


class Cost(Figures):
    """What a model took in a role on a day, UTC."""

    day: date
    role: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    cost_usd: float
    """Of the calls with a price."""
    unpriced_calls: int


class TaskCost(Figures):
    """What the models of a task took on a day, UTC."""

    day: date
    task_id: str
    """Empty for calls that served no task."""
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    """Of the calls with a price."""
    unpriced_calls: int


class ModelOutcome(Figures):
    """How many tasks ended so in which a model played any role."""

    model: str
    outcome: str
    tasks: int


class SuccessRate(Figures):
    """How often the tasks of a role ended well."""

    role: str
    tasks: int
    successes: int
    rate: float
    cost_usd: float
    """Of those whose prices are known."""
    tokens: int


class CallRate(Figures):
    """How often the calls of a role and a model came back; cancelled ones are left out."""

    role: str
    model: str
    calls: int
    failures: int


class Latency(Figures):
    """How long a model takes in a role: nearest-rank percentiles of successful calls."""

    role: str
    model: str
    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class LoggedDiff(Figures):
    """A change of a role's memory as it stands in the log."""

    role: str
    version: int
    ts: datetime
    added: list[str]
    removed: list[str]
    reason: str

    @field_validator("added", "removed", mode="before")
    @classmethod
    def _parsed(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Query(Generic[Answer]):
    """A query of queries.sql by its name, what it is given, and the form of each row it gives."""

    name: str
    given: Mapping[str, Given]
    answer: type[Answer]


def costs(since: datetime, until: datetime) -> Query[Cost]:
    """Costs and tokens by day, role and model."""
    return Query("costs", {"since": since, "until": until}, Cost)


def task_costs(since: datetime, until: datetime) -> Query[TaskCost]:
    """Costs and tokens by day and task."""
    return Query("task_costs", {"since": since, "until": until}, TaskCost)


def model_outcomes(since: datetime, until: datetime) -> Query[ModelOutcome]:
    """Outcomes of the tasks that ended in between, by model; a task counts for each of its own."""
    return Query("model_outcomes", {"since": since, "until": until}, ModelOutcome)


def success_rates(since: datetime, until: datetime = END) -> Query[SuccessRate]:
    """Success of the tasks that ended in between, by role."""
    return Query("success_rates", {"since": since, "until": until}, SuccessRate)


def call_rates(since: datetime) -> Query[CallRate]:
    """Calls and failures since, by role and model."""
    return Query("call_rates", {"since": since}, CallRate)


def latencies(since: datetime, until: datetime = END) -> Query[Latency]:
    """Percentiles of latency in between, by role and model."""
    return Query("latencies", {"since": since, "until": until}, Latency)


def latest_of_role(role: str, limit: int = 20, since: datetime = BEGINNING) -> Query[LoggedCall]:
    """The last calls of a role since, newest first; BigQuery reads, and bills, only that time."""
    given: dict[str, Given] = {"role": role, "limit": limit, "since": since}
    return Query("latest_of_role", given, LoggedCall)


def latest(
    limit: int,
    *,
    role: str = "",
    task_id: str = "",
    success: str = "",
    since: datetime = BEGINNING,
) -> Query[LoggedCall]:
    """The last calls since, newest first.

    `success` is `true` or `false`, and what is empty is open.
    """
    given: dict[str, Given] = {"role": role, "task_id": task_id, "success": success}
    return Query("latest", {**given, "limit": limit, "since": since}, LoggedCall)


def conversation(
    task_id: str, limit: int, after: tuple[datetime, str] = (BEGINNING, "")
) -> Query[LoggedCall]:
    """The calls of a task, oldest first, behind the one with this instant and id."""
    ts, last = after
    given: dict[str, Given] = {"task_id": task_id, "after_ts": ts, "after_id": last, "limit": limit}
    return Query("conversation", given, LoggedCall)


def call(task_id: str, call_id: str, since: datetime = BEGINNING) -> Query[LoggedCall]:
    """One call of a task that was begun then; no row where it has none of this id."""
    return Query("call", {"task_id": task_id, "id": call_id, "since": since}, LoggedCall)


def memory_diffs(role: str = "", limit: int = 20) -> Query[LoggedDiff]:
    """The last changes of a role's memory, or of any, newest first."""
    return Query("memory_diffs", {"role": role, "limit": limit}, LoggedDiff)


class LogHealth(Figures):
    """How the log itself is, since the process began."""

    waiting: int = Field(ge=0)
    """Rows that are not yet where they belong."""
    dropped: int = 0
    """Rows lost because too many were waiting."""
    withheld: int = 0
    """Rows that could not be redacted."""
    refused: int = 0
    """Rows that the store did not take."""
    trouble: str = ""
    """Why rows are waiting; empty when all is well."""

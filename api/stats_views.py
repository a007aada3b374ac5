"""Figures as they go over the wire."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from api.views import Answer


class Shown(BaseModel):
    """The base of every part of the figures."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class TaskCounts(Shown):
    """Tasks that were created in the time."""

    total: int
    ended: int
    by_status: dict[str, int]


class OutcomeOfModel(Shown):
    """Tasks that ended so in the time, and in which a model played any role."""

    model: str
    outcome: str
    tasks: int


class SentBack(Shown):
    """What people said to releases in the time."""

    decided: int
    sent_back: int
    """Those of them that they wanted changed."""
    share: float | None
    """Null where nothing was decided."""


class TriageStanding(Shown):
    """How right triage was about the tasks that ended."""

    real: int
    """Tasks that it took for real."""
    false_positives: int
    """Those of them that a person called noise."""
    false_positive_rate: float | None
    """Their share; null where none was taken for real."""
    missed: int
    """Tasks that it called noise or a duplicate, and a person real."""
    corrected: int
    """Tasks of which a person said anything else than it did."""


class Spent(Shown):
    """Model calls, and what they cost."""

    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    """Of the calls with a known price."""
    unpriced_calls: int


class RoleCost(Spent):
    """Of one role."""

    role: str


class ModelCost(Spent):
    """Of one model."""

    model: str


class RepoCost(Spent):
    """Of the tasks of one repository."""

    repo: str
    """Empty for calls that served no task."""


class DayCost(Spent):
    """Of one day, UTC."""

    day: date


class DailyCost(Shown):
    """What one role, model or repository took on one day, UTC."""

    day: date
    name: str
    cost_usd: float
    unpriced_calls: int


class FixPrice(Shown):
    """What models took for a fix, over tasks that ended and whose cost is known."""

    fixed: int
    """Tasks that were fixed, by models at least in part."""
    mean_usd: float | None
    """Of a fixed task; null where there is none."""
    with_others_usd: float | None
    """The same with the cost of all tasks that were not fixed laid upon those that were."""
    unpriced_tasks: int
    """Tasks that are left out, as a price is unknown."""


class CostView(Shown):
    """What models cost; calls without a known price are counted apart, and never as nothing."""

    total_usd: float
    unpriced_calls: int
    unpriced_models: dict[str, int]
    """Calls by model."""
    by_role: list[RoleCost]
    by_model: list[ModelCost]
    by_repo: list[RepoCost]
    by_day: list[DayCost]
    daily_by_role: list[DailyCost]
    daily_by_model: list[DailyCost]
    daily_by_repo: list[DailyCost]
    fix: FixPrice


class RoleRate(Shown):
    """How often the tasks of a role ended well."""

    role: str
    tasks: int
    successes: int
    rate: float
    cost_usd: float
    """Of those whose prices are known."""
    tokens: int


class LatencyView(Shown):
    """How long a model takes in a role: nearest-rank percentiles of successful calls."""

    role: str
    model: str
    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class PercentilesView(Shown):
    """By nearest rank, in seconds; null where there is nothing."""

    p50_s: float | None
    p95_s: float | None


class SplitView(Shown):
    """Who had the time on the way to a pull request."""

    model: PercentilesView
    tool: PercentilesView
    queue: PercentilesView
    human: PercentilesView
    other: PercentilesView


class SlowTask(Shown):
    """A pull request that took long."""

    task_id: str
    pr_s: float
    human_s: float
    """While a person was asked."""


class PaceView(Shown):
    """How long it took from a report to a pull request, over tasks that ended."""

    tasks: int
    reached: int
    """Those with a pull request."""
    share: float | None
    time_to_pr: PercentilesView
    split: SplitView
    outcomes: dict[str, int]
    slowest: list[SlowTask]


class StatsView(Answer):
    """What the tasks and model calls of a time came to."""

    since: datetime
    until: datetime
    tasks: TaskCounts
    outcomes: dict[str, int]
    outcomes_by_model: list[OutcomeOfModel]
    success_rate: float | None
    """Of the tasks that ended; null where none did."""
    false_positives: int
    """Tasks that triage took for real, and a person called noise."""
    triage: TriageStanding
    sent_back: SentBack
    cost: CostView
    roles: list[RoleRate]
    latency: list[LatencyView]
    time_to_pr: PaceView

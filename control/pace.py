"""How long it takes from a report to a pull request, and who had the time meanwhile."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from typing import Any

from core.ports import Outbox, TaskFilter, TaskStore
from core.tasks import Task

TASKS_MAX = 10_000
"""Newest tasks that are looked at."""
PAGE = 200
PUBLISH = "publish"
"""The step whose effect is the pull request, or the branch of a local repository."""
WHOSE = ("model", "tool", "queue", "human", "other")


@dataclass(frozen=True)
class Percentiles:
    """By nearest rank, in seconds; None where there is nothing."""

    p50_s: float | None
    p95_s: float | None

    @classmethod
    def of(cls, times: Sequence[float]) -> "Percentiles":
        """Of any times."""
        ranked = sorted(times)

        def at(share: float) -> float | None:
            return round(ranked[ceil(share * len(ranked)) - 1], 3) if ranked else None

        return cls(at(0.5), at(0.95))


@dataclass(frozen=True)
class Way:
    """One task from its report to its pull request, or to where it stopped."""

    task_id: str
    outcome: str
    pr_s: float | None
    """Seconds to the pull request; None without one."""
    model_s: float
    tool_s: float
    """In sandboxes."""
    queue_s: float
    """Before work began."""
    human_s: float
    """While a person was asked."""
    other_s: float
    """The rest; 0 where models and sandboxes worked at the same time."""


@dataclass(frozen=True)
class Pace:
    """The ways of many tasks that have ended."""

    tasks: int
    reached: int
    """Those with a pull request."""
    time_to_pr: Percentiles
    split: dict[str, Percentiles]
    """Of those that reached it, by who had the time."""
    outcomes: dict[str, int]

    @property
    def share(self) -> float | None:
        """Of all that ended, failed ones too, those that reached a pull request."""
        return round(self.reached / self.tasks, 4) if self.tasks else None

    def dump(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "share": self.share}


def pace(ways: Sequence[Way]) -> Pace:
    """What the ways have in common."""
    there = [way for way in ways if way.pr_s is not None]
    outcomes: dict[str, int] = {}
    for way in ways:
        outcomes[way.outcome] = outcomes.get(way.outcome, 0) + 1
    return Pace(
        tasks=len(ways),
        reached=len(there),
        time_to_pr=Percentiles.of([way.pr_s for way in there if way.pr_s is not None]),
        split={
            whose: Percentiles.of([getattr(way, f"{whose}_s") for way in there]) for whose in WHOSE
        },
        outcomes=dict(sorted(outcomes.items())),
    )


def way_of(task: Task, published_at: datetime | None) -> Way:
    """The way of a task that has ended."""
    usage, end = task.usage, published_at or task.ended_at or task.updated_at
    whole = (end - task.created_at).total_seconds()
    queue_s = ((task.started_at or end) - task.created_at).total_seconds()
    known = usage.seconds_model + usage.seconds_sandbox + usage.seconds_human + queue_s
    return Way(
        task_id=task.task_id,
        outcome=str(task.outcome),
        pr_s=round(whole, 3) if published_at else None,
        model_s=usage.seconds_model,
        tool_s=usage.seconds_sandbox,
        queue_s=round(queue_s, 3),
        human_s=usage.seconds_human,
        other_s=round(max(0.0, whole - known), 3),
    )


async def ways(tasks: TaskStore, outbox: Outbox, since: datetime) -> list[Way]:
    """Of the newest tasks that were created since and have ended."""
    published = await outbox.done(PUBLISH)
    return [
        way_of(task, published.get(task.task_id))
        async for task in newest(tasks, since)
        if task.status.ended
    ]


async def newest(tasks: TaskStore, since: datetime, most: int = TASKS_MAX) -> AsyncIterator[Task]:
    """Tasks that were created since, newest first; not more than can be looked at."""
    cursor, left = "", most
    while left > 0:
        page = await tasks.list(TaskFilter(), cursor=cursor, limit=PAGE)
        for task in page.tasks:
            if task.created_at < since:
                return
            yield task
        cursor, left = page.cursor, left - len(page.tasks)
        if not cursor:
            return

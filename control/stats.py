"""What all tasks came to: outcomes, success, cost by role, model and day, time to pull request."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from control.chronicle import Records
from control.golden import Golden
from control.pace import PUBLISH, newest, pace, way_of
from core import figures
from core.figures import Cost


async def stats(
    records: Records, golden: Golden, since: datetime, until: datetime
) -> dict[str, Any]:
    """Plain JSON over the tasks that were created in between, and the model calls of that time."""
    tasks = [one async for one in newest(records.tasks, since) if one.created_at < until]
    published = await records.outbox.done(PUBLISH)
    ended = [task for task in tasks if task.status.ended]
    costs = await records.interactions.ask(figures.costs(since, until))
    triage = await golden.standing(ended)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "tasks": {
            "total": len(tasks),
            "ended": len(ended),
            "by_status": dict(Counter(task.status.value for task in tasks)),
        },
        "outcomes": dict(Counter(task.outcome.value for task in ended if task.outcome)),
        "success_rate": _share([bool(task.outcome and task.outcome.well) for task in ended]),
        "false_positives": triage.false_positives,
        "triage": {**asdict(triage), "false_positive_rate": triage.rate},
        "cost": cost_of(costs),
        "roles": [
            rate.model_dump()
            for rate in await records.interactions.ask(figures.success_rates(since))
        ],
        "latency": [
            one.model_dump() for one in await records.interactions.ask(figures.latencies(since))
        ],
        "time_to_pr": pace([way_of(task, published.get(task.task_id)) for task in ended]).dump(),
    }


def cost_of(costs: Sequence[Cost]) -> dict[str, Any]:
    """What was paid; calls without a known price stand apart, with the models they went to."""
    unpriced = Counter[str]()
    for cost in costs:
        if cost.unpriced_calls:
            unpriced[cost.model] += cost.unpriced_calls
    return {
        "total_usd": _usd(costs),
        "unpriced_calls": sum(unpriced.values()),
        "unpriced_models": dict(unpriced),
        "by_role": _grouped(costs, "role"),
        "by_model": _grouped(costs, "model"),
        "by_day": _grouped(costs, "day"),
    }


def _grouped(costs: Iterable[Cost], by: str) -> list[dict[str, Any]]:
    groups: dict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        groups[str(getattr(cost, by))].append(cost)
    return [
        {
            by: name,
            "calls": sum(one.calls for one in group),
            "tokens_in": sum(one.tokens_in for one in group),
            "tokens_out": sum(one.tokens_out for one in group),
            "cost_usd": _usd(group),
            "unpriced_calls": sum(one.unpriced_calls for one in group),
        }
        for name, group in sorted(groups.items())
    ]


def _usd(costs: Iterable[Cost]) -> float:
    return round(sum(cost.cost_usd for cost in costs), 6)


def _share(well: Sequence[bool]) -> float | None:
    return round(sum(well) / len(well), 4) if well else None

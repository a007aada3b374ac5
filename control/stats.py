"""What all tasks came to: outcomes, success, what people said, cost, time to pull request."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from control.chronicle import Records
from control.costs import cost_of, costs_by_repository, price_of_a_fix
from control.golden import Golden
from control.pace import PUBLISH, Way, newest, pace, way_of
from core import figures
from core.approvals import QuestionKind, Ruling

SLOWEST = 5
"""Pull requests that are named as those that took longest."""


async def stats(
    records: Records, golden: Golden, since: datetime, until: datetime
) -> dict[str, Any]:
    """Plain JSON over the tasks that were created in between, and the model calls of that time."""
    tasks = [one async for one in newest(records.tasks, since) if one.created_at < until]
    published = await records.outbox.done(PUBLISH)
    ended = [task for task in tasks if task.status.ended]
    decided = await records.approvals.rulings(kind=QuestionKind.RELEASE)
    ask = records.interactions.ask
    ways = [way_of(task, published.get(task.task_id)) for task in ended]
    triage = await golden.standing(ended)
    by_task = await ask(figures.task_costs(since, until))
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "tasks": {
            "total": len(tasks),
            "ended": len(ended),
            "by_status": dict(Counter(task.status.value for task in tasks)),
        },
        "outcomes": dict(Counter(task.outcome.value for task in ended if task.outcome)),
        "outcomes_by_model": [
            one.model_dump() for one in await ask(figures.model_outcomes(since, until))
        ],
        "success_rate": _share([bool(task.outcome and task.outcome.well) for task in ended]),
        "false_positives": triage.false_positives,
        "triage": {**asdict(triage), "false_positive_rate": triage.rate},
        "sent_back": _sent_back(decided, since, until),
        "cost": {
            **cost_of(await ask(figures.costs(since, until))),
            **await costs_by_repository(records.tasks, tasks, by_task),
            "fix": price_of_a_fix(ended),
        },
        "roles": [rate.model_dump() for rate in await ask(figures.success_rates(since, until))],
        "latency": [one.model_dump() for one in await ask(figures.latencies(since, until))],
        "time_to_pr": {**pace(ways).dump(), "slowest": _slowest(ways)},
    }


def _share(well: Sequence[bool]) -> float | None:
    return round(sum(well) / len(well), 4) if well else None


def _sent_back(decided: Sequence[Ruling], since: datetime, until: datetime) -> dict[str, Any]:
    """Of the releases that were decided in a time, those that people wanted changed."""
    back = [
        one.decision.choice == "request_changes"
        for one in decided
        if since <= one.decided_at < until
    ]
    return {"decided": len(back), "sent_back": sum(back), "share": _share(back)}


def _slowest(ways: Sequence[Way]) -> list[dict[str, Any]]:
    there = [way for way in ways if way.pr_s is not None]
    there.sort(key=lambda way: way.pr_s or 0.0, reverse=True)
    return [
        {"task_id": way.task_id, "pr_s": way.pr_s, "human_s": way.human_s}
        for way in there[:SLOWEST]
    ]

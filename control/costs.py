"""What models cost, by role, model, repository and day; unknown prices stand apart."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from core.errors import NotFound
from core.figures import Cost, TaskCost
from core.ports import TaskStore
from core.tasks import Outcome, Task

NO_TASK = ""
"""Stands for the repository of calls that served no task, or one that is gone."""

Spent = TypeVar("Spent", Cost, TaskCost)


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
        "by_role": _grouped(costs, "role", lambda cost: cost.role),
        "by_model": _grouped(costs, "model", lambda cost: cost.model),
        "by_day": _grouped(costs, "day", lambda cost: str(cost.day)),
        "daily_by_role": _daily(costs, lambda cost: cost.role),
        "daily_by_model": _daily(costs, lambda cost: cost.model),
    }


async def costs_by_repository(
    store: TaskStore, tasks: Iterable[Task], costs: Sequence[TaskCost]
) -> dict[str, Any]:
    """The same by repository; `tasks` are those at hand, others are looked up."""
    where = {task.task_id: task.request.repository for task in tasks}
    where[NO_TASK] = NO_TASK
    for task_id in {cost.task_id for cost in costs} - where.keys():
        where[task_id] = await _repository(store, task_id)
    return {
        "by_repo": _grouped(costs, "repo", lambda cost: where[cost.task_id]),
        "daily_by_repo": _daily(costs, lambda cost: where[cost.task_id]),
    }


async def _repository(store: TaskStore, task_id: str) -> str:
    try:
        return (await store.get(task_id)).request.repository
    except NotFound:
        return NO_TASK


def price_of_a_fix(ended: Iterable[Task]) -> dict[str, Any]:
    """What models took for a fix, alone and with all that came to none; tasks of known cost."""
    asked = [task for task in ended if task.usage.model_calls]
    known = [
        (task.usage.cost_usd, task.outcome is Outcome.FIXED)
        for task in asked
        if task.usage.cost_usd is not None
    ]
    fixes = [cost for cost, fixed in known if fixed]
    return {
        "fixed": len(fixes),
        "mean_usd": round(sum(fixes) / len(fixes), 6) if fixes else None,
        "with_others_usd": round(sum(cost for cost, _ in known) / len(fixes), 6) if fixes else None,
        "unpriced_tasks": len(asked) - len(known),
    }


def _grouped(
    costs: Iterable[Spent], by: str, name_of: Callable[[Spent], str]
) -> list[dict[str, Any]]:
    groups: dict[str, list[Spent]] = defaultdict(list)
    for cost in costs:
        groups[name_of(cost)].append(cost)
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


def _daily(costs: Iterable[Spent], name_of: Callable[[Spent], str]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Spent]] = defaultdict(list)
    for cost in costs:
        groups[str(cost.day), name_of(cost)].append(cost)
    return [
        {
            "day": day,
            "name": name,
            "cost_usd": _usd(group),
            "unpriced_calls": sum(one.unpriced_calls for one in group),
        }
        for (day, name), group in sorted(groups.items())
    ]


def _usd(costs: Iterable[Cost | TaskCost]) -> float:
    return round(sum(cost.cost_usd for cost in costs), 6)

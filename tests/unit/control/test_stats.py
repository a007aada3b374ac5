"""Costs by role, model and day; what has no price is counted apart and never as nothing."""

from datetime import date
from uuid import uuid4

from control.costs import cost_of, price_of_a_fix
from core.figures import Cost
from core.tasks import Outcome, Task, TaskRequest, Usage
from tests.fakes.clock import START


def spent(day: int, role: str, model: str, usd: float, unpriced: int = 0) -> Cost:
    return Cost(
        day=date(2026, 3, day),
        role=role,
        model=model,
        calls=2 + unpriced,
        tokens_in=100,
        tokens_out=10,
        tokens_cached=0,
        cost_usd=usd,
        unpriced_calls=unpriced,
    )


def test_costs_are_summed_each_way_and_unknown_prices_stand_apart() -> None:
    found = cost_of(
        [
            spent(1, "fix", "dear", 0.5),
            spent(2, "fix", "strange", 0.0, unpriced=3),
            spent(2, "qa", "dear", 0.25),
        ]
    )
    assert (found["total_usd"], found["unpriced_calls"]) == (0.75, 3)
    assert found["unpriced_models"] == {"strange": 3}
    assert [(one["role"], one["cost_usd"]) for one in found["by_role"]] == [
        ("fix", 0.5),
        ("qa", 0.25),
    ]
    assert {one["model"]: one["unpriced_calls"] for one in found["by_model"]} == {
        "dear": 0,
        "strange": 3,
    }
    assert [(one["day"], one["calls"], one["tokens_in"]) for one in found["by_day"]] == [
        ("2026-03-01", 2, 100),
        ("2026-03-02", 7, 200),
    ]


def test_costs_by_day_are_told_for_each_name() -> None:
    found = cost_of([spent(1, "fix", "a", 0.5), spent(1, "fix", "b", 0.25, unpriced=1)])
    assert found["daily_by_role"] == [
        {"day": "2026-03-01", "name": "fix", "cost_usd": 0.75, "unpriced_calls": 1}
    ]
    assert [(one["name"], one["cost_usd"]) for one in found["daily_by_model"]] == [
        ("a", 0.5),
        ("b", 0.25),
    ]


def ended(outcome: Outcome, cost_usd: float | None, calls: int = 1) -> Task:
    return Task(
        task_id=uuid4().hex,
        request=TaskRequest(text="x", repository="r"),
        outcome=outcome,
        usage=Usage(cost_usd=cost_usd, model_calls=calls),
        created_at=START,
        updated_at=START,
    )


def test_a_fix_costs_what_it_took_and_with_all_that_came_to_none() -> None:
    tasks = [
        ended(Outcome.FIXED, 0.5),
        ended(Outcome.FIXED, 0.25),
        ended(Outcome.FIXED, None),
        ended(Outcome.FAILED, 0.75),
        ended(Outcome.FIXED, 0.0, calls=0),
    ]
    assert price_of_a_fix(tasks) == {
        "fixed": 2,
        "mean_usd": 0.375,
        "with_others_usd": 0.75,
        "unpriced_tasks": 1,
    }
    assert price_of_a_fix([])["mean_usd"] is None


def test_of_no_calls_nothing_was_paid() -> None:
    found = cost_of([])
    assert (found["total_usd"], found["by_day"]) == (0, [])

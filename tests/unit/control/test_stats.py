"""Costs by role, model and day; what has no price is counted apart and never as nothing."""

from datetime import date

from control.stats import cost_of
from core.figures import Cost


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


def test_of_no_calls_nothing_was_paid() -> None:
    found = cost_of([])
    assert (found["total_usd"], found["by_day"]) == (0, [])

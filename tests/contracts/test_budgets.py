"""What every kind of store owes to the port Budgets."""

import asyncio
import importlib
import math
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.budgets import Ceilings, Spent
from core.errors import BudgetExceeded, LeaseLost, NotFound
from core.events import Notice
from core.models import Tokens
from core.tasks import Task, TaskRequest
from memory.stores import STORES
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

CEILINGS = Ceilings(task_usd=0.50, task_tokens=500_000, day_usd=10.0)


class Books:
    """The budgets of a store, its tasks, and what was told."""

    def __init__(self, stores: Any, clock: FakeClock) -> None:
        self.stores = stores
        self.clock = clock
        self.told: list[Notice] = []
        self.budgets = self.under(CEILINGS)

    def under(self, ceilings: Ceilings) -> Any:
        async def tell(notice: Notice) -> None:
            self.told.append(notice)

        return self.stores.budgets(ceilings, tell)

    async def task(self, **request: Any) -> str:
        now = self.clock.now()
        task = Task(
            task_id=str(uuid.uuid4()),
            request=TaskRequest(repository="/srv/shop", text="it breaks", **request),
            created_at=now,
            updated_at=now,
        )
        await self.stores.tasks.add(task)
        return task.task_id

    async def spend(self, task_id: str, usd: float | None, tokens: int = 1000) -> Any:
        held = await self.budgets.reserve(task_id, "fix", tokens=tokens, cost_usd=usd)
        return await self.budgets.settle(
            held.reservation_id, Tokens(sent=tokens), cost_usd=usd, seconds=1.0
        )

    def notices(self, percent: int) -> list[dict[str, Any]]:
        return [notice.data for notice in self.told if notice.data.get("notice") == percent]


@pytest.fixture(params=STORES)
async def books(request, tmp_path: Path) -> AsyncIterator[Books]:
    module, _, name = STORES[request.param].partition(":")
    kind, clock = getattr(importlib.import_module(module), name), FakeClock()
    stores = await kind.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    yield Books(stores, clock)
    await stores.close()


async def test_a_call_is_reserved_before_and_settled_after(books: Books) -> None:
    task_id = await books.task()
    held = await books.budgets.reserve(task_id, "fix", tokens=9000, cost_usd=0.20)
    stands = await books.budgets.standing(task_id)
    assert (stands.spent_usd, stands.limit_usd, stands.spent_tokens) == (0.20, 0.50, 9000)
    real = Tokens(sent=4000, received=1000)
    stands = await books.budgets.settle(held.reservation_id, real, cost_usd=0.05, seconds=2.5)
    assert (stands.spent_usd, stands.spent_tokens, stands.price_known) == (0.05, 5000, True)
    again = await books.budgets.settle(held.reservation_id, Tokens(), cost_usd=9.0, seconds=9.0)
    assert again == stands
    usage = await books.budgets.usage(task_id)
    assert (usage.model_calls, usage.tokens_in, usage.tokens_out) == (1, 4000, 1000)
    assert (usage.cost_usd, usage.seconds_model) == (0.05, 2.5)


async def test_what_was_never_settled_stays_spent(books: Books) -> None:
    task_id = await books.task()
    await books.budgets.reserve(task_id, "fix", tokens=9000, cost_usd=0.40)
    books.clock.advance(3 * 24 * 3600)
    with pytest.raises(BudgetExceeded):
        await books.budgets.reserve(task_id, "fix", tokens=9000, cost_usd=0.20)
    usage = await books.budgets.usage(task_id)
    assert (usage.model_calls, usage.cost_usd, usage.tokens_in) == (1, 0.40, 9000)


async def test_the_limit_itself_may_be_spent_and_nothing_beyond(books: Books) -> None:
    task_id = await books.task()
    for _ in range(5):
        await books.spend(task_id, 0.1)
    assert (await books.budgets.standing(task_id)).spent_usd == 0.5
    with pytest.raises(BudgetExceeded, match="MAX_TASK_BUDGET_USD") as refused:
        await books.budgets.reserve(task_id, "fix", tokens=1, cost_usd=0.000_001)
    assert refused.value.scope == "task"
    assert "$0.5000 of $0.5000" in str(refused.value)


async def test_what_costs_nothing_is_never_refused_for_its_price(books: Books) -> None:
    task_id = await books.task(budget_usd=0.0)
    for _ in range(3):
        stands = await books.spend(task_id, 0.0, tokens=400_000)
    assert (stands.spent_usd, stands.price_known) == (0.0, True)
    assert (await books.budgets.usage(task_id)).cost_usd == 0.0
    assert books.told == []
    with pytest.raises(BudgetExceeded):
        await books.budgets.reserve(task_id, "fix", tokens=1, cost_usd=0.01)


async def test_the_request_wins_over_the_configured_limit(books: Books) -> None:
    rich, poor = await books.task(budget_usd=3.0), await books.task(budget_usd=0.01)
    await books.spend(rich, 2.5)
    with pytest.raises(BudgetExceeded):
        await books.spend(poor, 0.02)


async def test_tokens_rule_as_soon_as_one_price_is_unknown(books: Books) -> None:
    task_id = await books.task()
    await books.spend(task_id, 0.01, tokens=400_000)
    stands = await books.spend(task_id, None, tokens=90_000)
    assert not stands.price_known
    assert (await books.budgets.usage(task_id)).cost_usd is None
    for price in (None, 0.01, 0.0):
        with pytest.raises(BudgetExceeded, match="MAX_TASK_TOKENS"):
            await books.budgets.reserve(task_id, "fix", tokens=20_000, cost_usd=price)
    await books.spend(task_id, 0.01, tokens=10_000)


async def test_a_price_that_turns_out_unknown_is_not_forgotten(books: Books) -> None:
    task_id = await books.task()
    held = await books.budgets.reserve(task_id, "fix", tokens=10, cost_usd=0.01)
    stands = await books.budgets.settle(
        held.reservation_id, Tokens(sent=10), cost_usd=None, seconds=1.0
    )
    assert (stands.price_known, stands.spent_tokens) == (False, 10)


async def test_the_day_holds_for_all_tasks_together_and_ends_at_midnight(books: Books) -> None:
    books.budgets = books.under(Ceilings(task_usd=1.0, task_tokens=1000, day_usd=2.0))
    first, second, third = [await books.task() for _ in range(3)]
    await books.spend(first, 1.0)
    await books.spend(second, 0.9)
    with pytest.raises(BudgetExceeded, match="MAX_DAY_BUDGET_USD") as refused:
        await books.spend(third, 0.11)
    assert refused.value.scope == "day"
    books.clock.advance(12 * 3600)
    await books.spend(third, 0.11)


async def test_what_has_no_price_does_not_count_as_nothing_in_the_day(books: Books) -> None:
    books.budgets = books.under(Ceilings(task_usd=1.0, task_tokens=1000, day_usd=2.0))
    for _ in range(2):
        await books.spend(await books.task(), None, tokens=1000)
    with pytest.raises(BudgetExceeded, match="this day"):
        await books.spend(await books.task(), None, tokens=1)


async def test_calls_without_a_task_count_for_the_day(books: Books) -> None:
    stands = await books.spend("", 9.95)
    assert (stands.spent_usd, stands.limit_usd) == (9.95, 10.0)
    with pytest.raises(BudgetExceeded, match="MAX_DAY_BUDGET_USD"):
        await books.spend(await books.task(), 0.10)


async def test_the_hour_is_the_last_sixty_minutes(books: Books) -> None:
    books.budgets = books.under(Ceilings(hour_tokens=10_000))
    task_id = await books.task()
    await books.spend(task_id, 0.01, tokens=9_000)
    books.clock.advance(3599)
    with pytest.raises(BudgetExceeded, match="MAX_TOKENS_PER_HOUR") as refused:
        await books.spend(task_id, 0.01, tokens=2_000)
    assert refused.value.scope == "hour"
    books.clock.advance(1)
    await books.spend(task_id, 0.01, tokens=2_000)


@pytest.mark.parametrize("price", [0.15, None])
async def test_parallel_callers_never_overshoot(books: Books, price: float | None) -> None:
    task_id = await books.task()
    outcomes = await asyncio.gather(
        *(books.spend(task_id, price, tokens=150_000) for _ in range(4)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BudgetExceeded)]
    assert len(refused) == 1
    stands = await books.budgets.standing(task_id)
    assert (stands.spent_usd, stands.spent_tokens) == (0.45 if price else 0.0, 450_000)


async def test_eighty_percent_is_told_once_and_a_hundred_once(books: Books) -> None:
    task_id = await books.task()
    await books.spend(task_id, 0.39)
    assert books.told == []
    await books.spend(task_id, 0.01)
    await books.spend(task_id, 0.01)
    assert books.notices(80) == [
        {"scope": "task", "cost_usd": 0.40, "limit_usd": 0.50, "notice": 80}
    ]
    for _ in range(2):
        with pytest.raises(BudgetExceeded):
            await books.spend(task_id, 0.10)
    assert [n["limit_usd"] for n in books.notices(100)] == [0.50]
    assert {notice.task_id for notice in books.told} == {task_id}
    await books.budgets.more(task_id, 0.50, key="1")
    await books.spend(task_id, 0.40)
    assert [n["limit_usd"] for n in books.notices(80)] == [0.50, 1.0]


async def test_a_raise_is_made_once_whatever_repeats_it(books: Books) -> None:
    task_id = await books.task()
    raises = [books.budgets.more(task_id, 1.0, key="1") for _ in range(5)]
    assert {stands.limit_usd for stands in await asyncio.gather(*raises)} == {1.5}
    stands = await books.budgets.more(task_id, 0.5, key="2")
    assert (stands.limit_usd, stands.limit_tokens) == (2.0, 2_000_000)
    assert [n.data["limit_usd"] for n in books.told] == [1.5, 2.0]
    await books.spend(task_id, 1.9)


async def test_a_day_can_be_raised_and_the_next_one_is_as_configured(books: Books) -> None:
    task_id = await books.task(budget_usd=50.0)
    await books.spend(task_id, 10.0)
    await books.budgets.more(task_id, 1.0, key="1", scope="day")
    await books.budgets.more(task_id, 1.0, key="1", scope="day")
    await books.spend(task_id, 1.0)
    with pytest.raises(BudgetExceeded, match="this day"):
        await books.spend(task_id, 0.1)
    assert (await books.budgets.standing(task_id)).limit_usd == 50.0
    books.clock.advance(24 * 3600)
    await books.budgets.more(task_id, 1.0, key="1", scope="day")
    with pytest.raises(BudgetExceeded, match="this day"):
        await books.spend(task_id, 10.1)


async def test_what_came_back_is_summed_by_role(books: Books) -> None:
    task_id, other = await books.task(), await books.task()
    for role, usd in (("fix", 0.1), ("fix", 0.2), ("qa", 0.05), ("qa", None)):
        held = await books.budgets.reserve(task_id, role, tokens=900, cost_usd=usd)
        tokens = Tokens(sent=100, received=10, cached=50)
        await books.budgets.settle(held.reservation_id, tokens, cost_usd=usd, seconds=1.5)
    await books.budgets.reserve(task_id, "fix", tokens=900, cost_usd=0.1)  # never came back
    await books.spend(other, 0.1)
    assert await books.budgets.by_role(task_id) == {
        "fix": Spent(2, Tokens(sent=200, received=20, cached=100), 0.3, 3.0),
        "qa": Spent(2, Tokens(sent=200, received=20, cached=100), None, 3.0),
    }
    assert await books.budgets.by_role("unknown") == {}


async def test_a_limit_is_set_apart_for_money_and_tokens(books: Books) -> None:
    task_id = await books.task()
    stands = await books.budgets.limit(task_id, usd=0.05)
    assert (stands.limit_usd, stands.limit_tokens) == (0.05, 500_000)
    stands = await books.budgets.limit(task_id, tokens=7)
    assert (stands.limit_usd, stands.limit_tokens) == (0.05, 7)
    with pytest.raises(BudgetExceeded):
        await books.spend(task_id, 0.06)


async def test_what_is_unknown_is_not_found(books: Books) -> None:
    for asked in (
        books.budgets.reserve("nobody", "fix", tokens=1, cost_usd=0.0),
        books.budgets.settle("nothing", Tokens(), cost_usd=0.0, seconds=0.0),
        books.budgets.standing("nobody"),
        books.budgets.limit("nobody", usd=1.0),
        books.budgets.more("nobody", 1.0, key="1"),
    ):
        with pytest.raises(NotFound):
            await asked


async def test_a_stale_worker_spends_settles_and_raises_nothing(books: Books) -> None:
    task_id = await books.task()
    lease = await books.stores.tasks.take("w", limit_running=9, ttl_s=45)
    stale = books.budgets.under(lease)
    held = await stale.reserve(task_id, "fix", tokens=10, cost_usd=0.30)
    books.clock.advance(46)
    assert await books.stores.tasks.take("heir", limit_running=9, ttl_s=45)
    for refused in (
        stale.reserve(task_id, "fix", tokens=10, cost_usd=0.01),
        stale.settle(held.reservation_id, Tokens(), cost_usd=0.0, seconds=0.0),
        stale.limit(task_id, usd=100.0),
        stale.more(task_id, 1.0, key="1"),
    ):
        with pytest.raises(LeaseLost):
            await refused
    stands = await books.budgets.standing(task_id)
    assert (stands.spent_usd, stands.limit_usd) == (0.30, 0.50)


PRICES = st.one_of(st.none(), st.floats(0.0, 0.2))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(calls=st.lists(st.tuples(PRICES, st.integers(0, 200_000), st.booleans()), max_size=12))
async def test_whatever_is_asked_for_the_sum_of_what_was_granted_holds(
    books: Books, calls: list[tuple[float | None, int, bool]]
) -> None:
    task_id, granted = await books.task(budget_usd=0.5), []
    books.clock.advance(24 * 3600)
    for usd, tokens, settles in calls:
        try:
            held = await books.budgets.reserve(task_id, "fix", tokens=tokens, cost_usd=usd)
        except BudgetExceeded:
            continue
        granted.append((usd, tokens))
        if settles:
            await books.budgets.settle(
                held.reservation_id, Tokens(received=tokens), cost_usd=usd, seconds=0.0
            )
    stands = await books.budgets.standing(task_id)
    assert math.isclose(stands.spent_usd, sum(usd or 0 for usd, _ in granted), abs_tol=1e-7)
    assert stands.spent_usd <= 0.5
    assert stands.spent_tokens == sum(tokens for _, tokens in granted)
    if not stands.price_known:
        assert stands.spent_tokens <= 500_000

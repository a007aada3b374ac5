"""Budgets under real processes: what a killed one had reserved stays spent, and many share one."""

import signal
from pathlib import Path

import pytest

from core.budgets import Ceilings
from core.errors import BudgetExceeded
from core.models import Tokens
from core.tasks import Task
from memory.stores.sqlite import SqliteStores
from memory.stores.sqlite.budgets import SqliteBudgets
from tests.unit.memory.stores.test_sqlite import a_task, opened, started

PREPARED = """
from core.budgets import Ceilings
from core.errors import BudgetExceeded
from core.models import Tokens
async def tell(notice):
    say("told", notice.data["notice"])
budgets = stores.budgets(Ceilings(task_usd=0.5), tell)
"""


async def tell(notice: object) -> None:
    """Nobody listens."""


def books(stores: SqliteStores) -> SqliteBudgets:
    return stores.budgets(Ceilings(task_usd=0.5), tell)


async def a_stored_task(folder: Path) -> Task:
    stores = await opened(folder)
    task = await stores.tasks.add(a_task())
    await stores.close()
    return task


@pytest.mark.parametrize("moment", ["reserved", "settled"])
async def test_a_kill_between_reserving_and_settling_refills_nothing(
    tmp_path: Path, moment: str
) -> None:
    task = await a_stored_task(tmp_path)
    body = f"""{PREPARED}
lease = await stores.tasks.take("w", limit_running=1, ttl_s=3600)
budgets = budgets.under(lease)
held = await budgets.reserve({task.task_id!r}, "fix", tokens=1000, cost_usd=0.40)
if {moment!r} == "settled":
    await budgets.settle(held.reservation_id, Tokens(sent=10), cost_usd=0.01, seconds=1.0)
os.kill(os.getpid(), 9)
"""
    worker = await started(tmp_path, body, exclusive=True)
    assert await worker.wait() == -signal.SIGKILL
    stores = await opened(tmp_path, exclusive=True)
    stands = await books(stores).standing(task.task_id)
    assert stands.spent_usd == (0.40 if moment == "reserved" else 0.01)
    heir = await stores.tasks.take("heir", limit_running=1, ttl_s=45)
    assert heir
    asked = books(stores).under(heir).reserve(task.task_id, "fix", tokens=9, cost_usd=0.20)
    if moment == "reserved":
        with pytest.raises(BudgetExceeded):
            await asked
    else:
        assert (await asked).cost_usd == 0.20
    await stores.close()


async def test_four_processes_that_spend_one_budget_never_overshoot(tmp_path: Path) -> None:
    task = await a_stored_task(tmp_path)
    body = f"""{PREPARED}
while True:
    try:
        held = await budgets.reserve({task.task_id!r}, "fix", tokens=100, cost_usd=0.03)
    except BudgetExceeded:
        break
    await budgets.settle(held.reservation_id, Tokens(sent=100), cost_usd=0.02, seconds=0.1)
    say("spent")
"""
    workers = [await started(tmp_path, body) for _ in range(4)]
    lines = b"".join([(await worker.communicate())[0] for worker in workers]).decode().split("\n")
    stores = await opened(tmp_path)
    stands = await books(stores).standing(task.task_id)
    spent = lines.count("spent")
    assert stands.spent_usd == round(0.02 * spent, 9)
    assert 0.47 < stands.spent_usd <= 0.5
    assert (lines.count("told 80"), lines.count("told 100")) == (1, 1)
    usage = await books(stores).usage(task.task_id)
    assert (usage.model_calls, usage.tokens_in) == (spent, 100 * spent)
    await stores.close()


async def test_a_price_that_becomes_known_is_known(tmp_path: Path) -> None:
    task = await a_stored_task(tmp_path)
    stores = await opened(tmp_path)
    held = await books(stores).reserve(task.task_id, "fix", tokens=10, cost_usd=None)
    assert (await books(stores).usage(task.task_id)).cost_usd is None
    await books(stores).settle(held.reservation_id, Tokens(sent=3), cost_usd=0.1, seconds=0.0)
    assert (await books(stores).usage(task.task_id)).cost_usd == 0.1
    await stores.close()

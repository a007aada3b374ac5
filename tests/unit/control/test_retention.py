"""What is too old is forgotten in time, and of open tasks nothing is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control.retention import Retention, Term
from core import figures
from core.errors import ConfigError
from core.events import AuditEntry, Notice
from core.tasks import Task, TaskRequest, TaskStatus
from memory.stores.sqlite import SqliteStores
from observability.events import SqliteEventLog
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.contracts.test_interactions import call
from tests.fakes.clock import START, FakeClock
from tests.fakes.waiting import until

DAY_S = 24 * 3600.0
STATUSES = {
    "waits": TaskStatus.WAITING,
    "runs": TaskStatus.RUNNING,
    "done": TaskStatus.COMPLETED,
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def stores(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStores]:
    stores = await SqliteStores.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    request = TaskRequest(repository="/srv/shop", text="it breaks")
    for task_id, status in STATUSES.items():
        times = {"created_at": START, "updated_at": START}
        await stores.tasks.add(Task(task_id=task_id, request=request, status=status, **times))
    yield stores
    await stores.close()


@asynccontextmanager
async def nightly(
    stores: SqliteStores, clock: FakeClock, *terms: Term
) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """A clean-up at work; what waits until it has cleaned up so many times."""

    async def nights(count: int) -> None:
        await until(lambda: len(clock.slept) >= count)

    chore = asyncio.create_task(Retention(terms, stores.tasks, clock).run())
    try:
        await nights(1)
        yield nights
        assert not chore.done()
    finally:
        chore.cancel()


async def test_each_night_what_is_too_old_goes_but_for_open_tasks(
    tmp_path: Path, stores: SqliteStores, clock: FakeClock
) -> None:
    log = await SqliteInteractionLog.open(tmp_path, clock=clock, redactor=Redactor())
    for task_id in STATUSES:
        log.record(call(task_id=task_id, response=f"said in {task_id}"))
    log.record(call(DAY_S, task_id="later", response="said later"))
    await log.flush()

    async def said() -> set[str]:
        return {row.response for row in await log.ask(figures.latest(10))}

    async with nightly(stores, clock, Term("calls", 90, log.forget)) as nights:
        assert clock.slept == [15 * 3600.0], "from noon to three in the night"
        assert len(await said()) == 4
        clock.advance(90 * DAY_S - 9 * 3600.0)
        await nights(2)
        assert await said() == {"said in waits", "said in runs", "said later", "said in done"}
        clock.advance(DAY_S)
        await nights(3)
        assert await said() == {"said in waits", "said in runs", "said later", ""}
        clock.advance(DAY_S)
        await nights(4)
        assert await said() == {"said in waits", "said in runs", ""}
    await log.close()


async def test_events_are_forgotten_after_a_year_and_the_audit_log_never(
    tmp_path: Path, stores: SqliteStores, clock: FakeClock
) -> None:
    log = await SqliteEventLog.open(tmp_path, clock=clock, redactor=Redactor())
    for task_id in (*STATUSES, ""):
        await log.append(Notice(type="status", task_id=task_id))
    await stores.audit.record(AuditEntry(action="decision"))
    async with nightly(stores, clock, Term("events", 365, log.forget)) as nights:
        clock.advance(365 * DAY_S + 1)
        await nights(2)
        assert [event.task_id for event in await log.after(0)] == ["waits", "runs"]
        clock.advance(DAY_S)
        await nights(3)
        await stores.tasks.update("runs", status=TaskStatus.COMPLETED, ended_at=clock.now())
        clock.advance(DAY_S)
        await nights(4)
        assert [event.task_id for event in await log.after(0)] == ["waits"]
        assert (await log.append(Notice(type="status"))).seq == 5
    assert await stores.audit.verify() is None
    rows = await stores.database.read(
        lambda connection: connection.execute("SELECT count(*) FROM audit").fetchone()
    )
    assert rows == (1,)
    await log.close()


@pytest.mark.parametrize("fault", [ConfigError("No credentials."), KeyError("ended_at")])
async def test_what_breaks_is_no_reason_to_begin_anew(
    stores: SqliteStores, clock: FakeClock, fault: Exception
) -> None:
    asked: list[str] = []

    async def breaks(before: datetime, open_tasks: Collection[str]) -> int:
        asked.append("broken")
        raise fault

    async def forget(before: datetime, open_tasks: Collection[str]) -> int:
        asked.append("sound")
        return 0

    async with nightly(stores, clock, Term("calls", 90, breaks), Term("events", 365, forget)):
        assert asked == ["broken", "sound"]


async def test_what_fails_holds_up_nothing_and_is_tried_again_the_next_night(
    tmp_path: Path, stores: SqliteStores, clock: FakeClock
) -> None:
    log = await SqliteInteractionLog.open(tmp_path, clock=clock, redactor=Redactor())
    await log.close()
    asked: list[Any] = []

    async def forget(before: datetime, open_tasks: Collection[str]) -> int:
        asked.append((START - before, sorted(open_tasks)))
        return 0

    broken, sound = Term("calls", 90, log.forget), Term("events", 365, forget)
    async with nightly(stores, clock, broken, sound):
        assert asked == [(timedelta(days=365), ["runs", "waits"])]
        assert clock.now() + timedelta(seconds=clock.slept[0]) == START.replace(day=2, hour=3)

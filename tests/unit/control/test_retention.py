"""What was said to models is forgotten in time."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from control.retention import Retention
from core import figures
from core.tasks import Task, TaskRequest, TaskStatus
from memory.stores.sqlite import SqliteStores
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.contracts.test_interactions import call
from tests.fakes.clock import START, FakeClock
from tests.fakes.waiting import until

DAY_S = 24 * 3600.0


async def test_each_night_what_is_too_old_goes_but_for_open_tasks(tmp_path: Path) -> None:
    clock = FakeClock()
    given: dict[str, Any] = {"clock": clock, "redactor": Redactor()}
    stores = await SqliteStores.open(tmp_path, exclusive=True, **given)
    log = await SqliteInteractionLog.open(tmp_path, **given)
    request = TaskRequest(repository="/srv/shop", text="it breaks")
    for task_id, status in (
        ("waits", TaskStatus.WAITING),
        ("runs", TaskStatus.RUNNING),
        ("done", TaskStatus.COMPLETED),
    ):
        await stores.tasks.add(
            Task(
                task_id=task_id, request=request, status=status, created_at=START, updated_at=START
            )
        )
        log.record(call(task_id=task_id, response=f"said in {task_id}"))
    log.record(call(DAY_S, task_id="later", response="said later"))
    await log.flush()

    async def said() -> set[str]:
        return {row.response for row in await log.ask(figures.latest(10))}

    chore = asyncio.create_task(Retention(log, stores.tasks, clock, days=90).run())

    async def nights(count: int) -> None:
        await until(lambda: len(clock.slept) >= count)

    await nights(1)
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
    chore.cancel()
    await log.close()
    await stores.close()


async def test_a_log_that_fails_is_tried_again_the_next_night(tmp_path: Path) -> None:
    clock = FakeClock()
    stores = await SqliteStores.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    log = await SqliteInteractionLog.open(tmp_path, clock=clock, redactor=Redactor())
    await log.close()
    chore = asyncio.create_task(Retention(log, stores.tasks, clock, days=90).run())
    await until(lambda: clock.slept)
    assert not chore.done()
    assert clock.now() + timedelta(seconds=clock.slept[0]) == START.replace(day=2, hour=3)
    chore.cancel()
    await stores.close()

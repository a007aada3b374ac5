"""Reports of one fault are counted, and an earlier open task is found, from the records."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.incidents import Repeats
from core.tasks import Task, TaskRequest, TaskStatus
from graph.repair.repeats import PAGE, repeats_of
from memory.stores.sqlite import SqliteStores
from observability.redaction import Redactor
from tests.fakes.clock import START, FakeClock

TRACE = "Traceback:\n  File \"app.py\", line {}, in total\nKeyError: '{}'"


class Desk:
    """A store, and tasks written into it."""

    def __init__(self, stores: SqliteStores) -> None:
        self.tasks = stores.tasks

    async def add(self, text: str = "It breaks.", *, hours: float = 0.0, **more: Any) -> Task:
        """A task of so many hours ago; `status` besides fields of the request."""
        status = more.pop("status", TaskStatus.COMPLETED)
        at = START - timedelta(hours=hours)
        request = TaskRequest(**{"repository": "/srv/shop", "text": text, **more})
        return await self.tasks.add(
            Task(task_id=str(uuid4()), request=request, status=status, created_at=at, updated_at=at)
        )

    async def repeats(self, text: str = "It breaks.", **more: Any) -> Repeats:
        """What is known when this comes in now."""
        return await repeats_of((await self.add(text, **more)).task_id, self.tasks)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock, redactor = FakeClock(), Redactor()
    stores = await SqliteStores.open(tmp_path, clock=clock, redactor=redactor, exclusive=True)
    yield Desk(stores)
    await stores.close()


async def test_reports_of_one_ticket_count_for_a_day_and_by_repository(desk: Desk) -> None:
    for hours in (25, 24, 23, 1):
        await desk.add(f"Said {hours} hours ago.", hours=hours, ticket="BUG-7")
    await desk.add("It breaks.", ticket="BUG-8")
    await desk.add("It breaks.", ticket="BUG-7", repository="/srv/other")
    assert (await desk.repeats("Again!", ticket="BUG-7")).count_24h == 3


async def test_reports_without_a_ticket_count_by_what_they_show(desk: Desk) -> None:
    await desk.add(f"Order 17 broke\n{TRACE.format(3, 'a')}", hours=2)
    await desk.add(f"Order 18 broke\n{TRACE.format(9, 'b')}", hours=1)
    await desk.add("Order 19 broke\nValueError: x")
    assert (await desk.repeats(f"Order 20 broke\n{TRACE.format(4, 'c')}")).count_24h == 3


async def test_more_than_a_page_is_counted(desk: Desk) -> None:
    for _ in range(PAGE + 1):
        await desk.add()
    assert (await desk.repeats()).count_24h == PAGE + 2


@pytest.mark.parametrize("status", TaskStatus)
async def test_only_a_task_that_is_open_is_repeated(desk: Desk, status: TaskStatus) -> None:
    known = await desk.add("It  BREAKS.\n", hours=100, status=status)
    found = await desk.repeats("It breaks.")
    assert found.open_task == ("" if status.ended else known.task_id)
    assert found.open_report == ("" if status.ended else known.request.text)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"text": "It breaks."}, True),
        ({"text": "Other words.", "ticket": "BUG-7"}, True),
        ({"text": "It breaks!"}, False),
        ({"text": "It breaks.", "base": "release"}, False),
        ({"text": "It breaks.", "revision": "v1"}, False),
        ({"text": "It breaks.", "repository": "/srv/other"}, False),
        ({"text": "It breaks.", "workflow": "build"}, False),
    ],
)
async def test_the_same_is_one_ticket_or_the_same_words(
    desk: Desk, other: dict[str, str], same: bool
) -> None:
    known = await desk.add(**other, hours=1, status=TaskStatus.RUNNING)
    found = await desk.repeats("It breaks.", ticket="BUG-7")
    assert found.open_task == (known.task_id if same else "")


async def test_of_many_the_earliest_is_named_and_it_repeats_none(desk: Desk) -> None:
    first = await desk.add(hours=3, status=TaskStatus.WAITING)
    second = await desk.add(hours=2, status=TaskStatus.QUEUED)
    assert (await desk.repeats(status=TaskStatus.QUEUED)).open_task == first.task_id
    assert (await repeats_of(second.task_id, desk.tasks)).open_task == first.task_id
    assert (await repeats_of(first.task_id, desk.tasks)).open_task == ""

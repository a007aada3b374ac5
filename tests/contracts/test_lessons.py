"""What every kind of store owes to the port LessonStore."""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreAway
from core.learning import Due, RuleRecord
from core.ports import LessonStore
from memory.identities.breaker import REST_S
from memory.identities.shared import SharedLessonStore
from memory.identities.tallies import Tallies
from memory.stores import STORES
from memory.stores.sqlite import SqliteStores
from memory.stores.sqlite.lessons import SqliteLessonStore
from observability.redaction import Redactor
from tests.fakes import firestore_emulator
from tests.fakes.clock import START, FakeClock
from tests.fakes.relay import Relay


@asynccontextmanager
async def shared_in(
    folder: Path, page: int = 500
) -> AsyncIterator[tuple[SharedLessonStore, FakeClock]]:
    """The lessons of a house that counts in Firestore, all the time as fast as it can."""
    from google.cloud import firestore

    from memory.identities.counts import FirestoreCounts

    clock = FakeClock()
    stores = await SqliteStores.open(folder, clock=clock, redactor=Redactor(), exclusive=True)
    client = firestore.AsyncClient(project=firestore_emulator.PROJECT)
    own = SqliteLessonStore(stores.database, clock, shared=True)
    tallies = Tallies(stores.database, "p/agents")
    store = SharedLessonStore(own, FirestoreCounts(client, "agents", page=page), tallies, clock)
    try:
        yield store, clock
    finally:
        await client._firestore_api.transport.close()
        await stores.close()


LATER = START + timedelta(hours=1)


async def stores_in(kind: str, folder: Path) -> Any:
    module, _, name = STORES[kind].partition(":")
    opened = getattr(importlib.import_module(module), name)
    return await opened.open(folder, clock=FakeClock(), redactor=Redactor(), exclusive=True)


@pytest.fixture(params=[*STORES, "firestore"])
async def lessons(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LessonStore]:
    if request.param in STORES:
        stores = await stores_in(request.param, tmp_path)
        yield stores.lessons
        await stores.close()
        return
    address = request.getfixturevalue("firestore")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    firestore_emulator.clear(address)
    async with shared_in(tmp_path) as (store, _):
        yield store


async def test_each_rule_is_counted_with_and_without(lessons: LessonStore) -> None:
    await lessons.used("t1", "fix", shown=["a", "b"], withheld=["c"])
    await lessons.used("t1", "qa", shown=["a"], withheld=[])
    await lessons.used("t2", "fix", shown=["c"], withheld=["a"])
    await lessons.conclude("t2", ["fix"], well=False, ended_at=LATER)
    await lessons.conclude("t1", ["fix"], well=True, ended_at=START)
    assert await lessons.records("fix") == {
        "a": RuleRecord(shown=1, shown_well=1, withheld=1, last_used_at=START),
        "b": RuleRecord(shown=1, shown_well=1, last_used_at=START),
        "c": RuleRecord(shown=1, withheld=1, withheld_well=1, last_used_at=LATER),
    }
    assert await lessons.records("qa") == {}, "that role was not asked"


async def test_a_task_is_counted_once(lessons: LessonStore) -> None:
    await lessons.used("t1", "fix", shown=["a"], withheld=[])
    for _ in range(2):
        await lessons.conclude("t1", ["fix", "qa"], well=True, ended_at=START)
        await lessons.used("t1", "fix", shown=["a"], withheld=[])
    assert (await lessons.records("fix"))["a"].shown == 1
    assert await lessons.due(2) == ()


async def test_what_was_shown_once_counts_as_shown(lessons: LessonStore) -> None:
    await lessons.used("t1", "fix", shown=["a"], withheld=["b"])
    await lessons.used("t1", "fix", shown=["b"], withheld=["a"])
    await lessons.conclude("t1", ["fix"], well=True, ended_at=START)
    records = await lessons.records("fix")
    assert {rule: record.shown for rule, record in records.items()} == {"a": 1, "b": 1}


async def test_an_end_that_tells_nothing_is_not_counted(lessons: LessonStore) -> None:
    await lessons.used("t1", "fix", shown=["a"], withheld=[])
    await lessons.conclude("t1", ["fix"], well=None, ended_at=START)
    await lessons.conclude("t1", ["fix"], well=True, ended_at=START)
    assert await lessons.records("fix") == {}


async def test_a_role_is_due_each_time_it_completed_so_many_tasks(lessons: LessonStore) -> None:
    for number in range(3):
        assert await lessons.due(3) == ()
        await lessons.conclude(f"t{number}", ["fix"], well=True, ended_at=START)
    assert await lessons.due(3) == (Due("fix", 3),)
    await lessons.conclude("t3", ["fix", "qa"], well=True, ended_at=START)
    (due,) = await lessons.due(3)
    assert due == Due("fix", 4)
    await lessons.reflected(Due("fix", 3))
    assert await lessons.due(3) == ()
    assert await lessons.due(1) == (Due("fix", 4), Due("qa", 1))


COUNTING = """
import asyncio, sys
from pathlib import Path
from tests.contracts.test_lessons import counted_in

asyncio.run(counted_in(sys.argv[1], Path(sys.argv[2])))
"""
TASKS = 150


async def counted_in(kind: str, folder: Path) -> None:
    """Conclude a row of tasks from its beginning, as a house does that was killed."""
    stores = await stores_in(kind, folder)
    for number in range(TASKS):
        task = f"t{number}"
        await stores.lessons.used(task, "fix", shown=["a"], withheld=["b"])
        await stores.lessons.conclude(task, ["fix"], well=number % 2 == 0, ended_at=START)
        sys.stdout.write(".")
        sys.stdout.flush()
    await stores.close()


@pytest.mark.parametrize("kind", STORES)
async def test_a_kill_loses_no_count_and_doubles_none(kind: str, tmp_path: Path) -> None:
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", COUNTING, kind, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        await process.stdout.readexactly(40)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    await counted_in(kind, tmp_path)
    stores = await stores_in(kind, tmp_path)
    records = await stores.lessons.records("fix")
    await stores.close()
    assert (records["a"].shown, records["a"].shown_well) == (TASKS, TASKS // 2)
    assert (records["b"].withheld, records["b"].withheld_well) == (TASKS, TASKS // 2)


async def test_houses_count_together_each_task_once_also_when_the_place_was_away(
    firestore: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firestore_emulator.clear(firestore)
    async with Relay(firestore) as relay:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", relay.address)
        async with shared_in(tmp_path / "a") as (one, clock), shared_in(tmp_path / "b") as (two, _):
            await one.used("t1", "fix", shown=["a"], withheld=["b"])
            await one.conclude("t1", ["fix"], well=True, ended_at=START)
            waits = await one.records("fix")
            await one.deliver()
            assert await one.records("fix") == await two.records("fix") == waits
            await relay.cut()
            await one.used("t2", "fix", shown=["a", "b"], withheld=[])
            await one.conclude("t2", ["fix"], well=False, ended_at=LATER)
            await one.deliver()
            assert await one.records("fix") == {
                "a": RuleRecord(shown=2, shown_well=1, last_used_at=LATER),
                "b": RuleRecord(shown=1, withheld=1, withheld_well=1, last_used_at=LATER),
            }
            await relay.mend()
            (killed,) = await one._tallies.waiting()
            await patiently(lambda: one._counts.count(killed))  # and nobody noted that it arrived
            clock.advance(REST_S)
            await one.deliver()
            assert await one._tallies.waiting() == []
            found = await two.records("fix")
            assert found == await one.records("fix")
            assert (found["a"].shown, found["b"].withheld) == (2, 1)


async def test_marks_of_counted_tasks_are_forgotten_once_they_can_be_counted_no_more(
    firestore: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firestore_emulator.clear(firestore)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore)
    async with shared_in(tmp_path / "a", page=2) as (one, _), shared_in(tmp_path / "b") as (two, _):
        for house, task, ended_at in (
            (one, "t1", START),
            (two, "t2", START),
            (one, "t3", START),
            (one, "t4", START),
            (one, "t5", LATER),
        ):
            await house.used(task, "fix", shown=["a"], withheld=[])
            await house.conclude(task, ["fix"], well=True, ended_at=ended_at)
        await one.deliver()
        await two.deliver()
        counted = await one.records("fix")
        await one.used("t6", "fix", shown=["a"], withheld=[])
        await one.conclude("t6", ["fix"], well=True, ended_at=START)
        (arrived,) = await one._tallies.waiting()
        await one._counts.count(arrived)  # and nobody noted that it arrived
        assert await one.forget(LATER) == 3
        assert await two._counts.marks("fix") == ["t2", "t5", "t6"]
        assert await one.forget(LATER) == 0
        await one.deliver()
        assert (await one.records("fix"))["a"].shown == counted["a"].shown + 1
        assert (await one.forget(LATER), await two.forget(LATER)) == (1, 1)
        assert await one._counts.marks("fix") == ["t5"]


async def patiently(call: Callable[[], Awaitable[None]]) -> None:
    """As soon as a connection that was cut is there again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await call()
            except StoreAway:
                await asyncio.sleep(0.1)

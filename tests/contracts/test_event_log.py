"""What the event log owes to its readers: every event once, in order, whatever happens."""

import asyncio
import json
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreUnusable
from core.events import ENVELOPE_MAX_BYTES, Event, EventFilter, Notice
from observability.events import QUEUE_MAX, SqliteEventLog
from observability.redaction import Redactor
from tests.conftest import ROOT
from tests.fakes.clock import FakeClock

SECRET = "canary-4471-secret"


async def opened(folder: Path, clock: FakeClock | None = None) -> SqliteEventLog:
    given = clock or FakeClock()
    return await SqliteEventLog.open(folder, clock=given, redactor=Redactor([SECRET]))


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    log = await opened(tmp_path)
    yield log
    await log.close()


def a_node(n: int, task_id: str = "t") -> Notice:
    return Notice(type="node", task_id=task_id, data={"n": n})


async def receive(events: AsyncIterator[Event | None], count: int) -> list[Any]:
    return [await asyncio.wait_for(anext(events), 5) for _ in range(count)]


async def test_numbers_grow_in_the_order_of_commits_and_go_on_after_a_restart(tmp_path):
    log = await opened(tmp_path)
    assert await log.latest() == 0
    events = await asyncio.gather(*(log.append(a_node(n)) for n in range(300)))
    assert sorted(event.seq for event in events) == list(range(1, 301))
    await log.close()
    log = await opened(tmp_path)
    assert (await log.append(a_node(300))).seq == await log.latest() == 301
    stored = await log.after(0, limit=1000)
    assert [event.seq for event in stored] == list(range(1, 302))
    assert stored[:300] == tuple(sorted(events, key=lambda event: event.seq))
    assert (tmp_path / "events.db").stat().st_mode & 0o777 == 0o600
    await log.close()


async def test_events_are_read_by_task_and_in_portions(log):
    for n in range(10):
        await log.append(a_node(n, task_id="even" if n % 2 == 0 else "odd"))
    assert [event.data["n"] for event in await log.after(3, task_id="even", limit=2)] == [4, 6]
    assert await log.after(10) == ()


async def test_events_are_searched_newest_first_by_all_that_narrows_them(log):
    for n in range(6):
        await log.append(
            Notice(
                type="node" if n % 2 else "llm_end",
                task_id="t" if n < 4 else "u",
                role="fix" if n > 1 else "qa",
                data={"said": f'the "{n}" is 100 %_Done\n'},
            )
        )

    async def seqs(before: int = 99, limit: int = 100, **only: Any) -> list[int]:
        found = await log.before(before, EventFilter(**only), limit)
        return [event.seq for event in found.events]

    assert await seqs() == [6, 5, 4, 3, 2, 1]
    assert await seqs(before=4, limit=2) == [3, 2]
    assert await seqs(after=4) == [6, 5]
    assert await seqs(task_id="u") == [6, 5]
    assert await seqs(role="qa", types=("node", "end")) == [2]
    assert await seqs(words='THE "3" is') == [4]
    assert await seqs(words="100 %_done\n") == [6, 5, 4, 3, 2, 1]
    assert await seqs(words="100 _%") == await seqs(words="\\") == []
    assert (await log.before(99, EventFilter(), 4)).before == 3
    assert (await log.before(3, EventFilter(), 4)).before == 0


async def test_a_search_looks_at_a_bounded_stretch_and_says_where_to_go_on(log, monkeypatch):
    monkeypatch.setattr("observability.searching.SCANNED_MAX", 4)
    for n in range(10):
        await log.append(a_node(n, task_id="rare" if n == 0 else "t"))
    before, steps = 11, 0
    while before:
        found = await log.before(before, EventFilter(task_id="rare"))
        before, steps = found.before, steps + 1
    assert ([event.seq for event in found.events], steps) == ([1], 3)


async def test_a_listener_sees_what_comes_from_now_on_once_and_in_order(log):
    await log.append(a_node(-1))
    async with log.listen() as everything, log.listen("odd") as some:
        await asyncio.gather(
            *(log.append(a_node(n, task_id="odd" if n % 2 else "even")) for n in range(200))
        )
        assert [event.seq for event in await receive(everything, 200)] == list(range(2, 202))
        assert {event.task_id for event in await receive(some, 100)} == {"odd"}


async def test_snapshot_and_stream_leave_no_gap(log):
    """Readers join while events are written; what they replay and what they hear is complete."""

    async def read() -> list[int]:
        async with log.listen() as events:
            seen = [event.seq for event in await log.after(0, limit=10_000)]
            while not seen or seen[-1] < 100:
                (event,) = await receive(events, 1)
                if event.seq > (seen[-1] if seen else 0):
                    seen.append(event.seq)
            return seen

    async def write() -> None:
        for n in range(100):
            await log.append(a_node(n))

    async def join_late(n: int) -> list[int]:
        await asyncio.sleep(n * 0.01)
        return await read()

    *readings, _ = await asyncio.gather(*(join_late(n) for n in range(20)), write())
    assert all(reading == list(range(1, 101)) for reading in readings)


async def test_a_slow_listener_is_told_to_start_over_and_slows_nobody(log):
    async with log.listen() as slow, log.listen() as quick:
        total = QUEUE_MAX + 50

        async def drink() -> list[Any]:
            return await receive(quick, total)

        drinking = asyncio.create_task(drink())
        await asyncio.gather(*(log.append(a_node(n)) for n in range(total)))
        assert [event.seq for event in await drinking] == list(range(1, total + 1))
        heard = await receive(slow, 50)
        assert heard[0] is None
        assert [event.seq for event in heard[1:]] == list(range(QUEUE_MAX + 1, total))


async def test_a_listener_hears_what_another_process_writes(log, tmp_path):
    program = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from core.events import Notice
        from observability.clock import SystemClock
        from observability.events import SqliteEventLog
        from observability.redaction import Redactor

        async def main():
            log = await SqliteEventLog.open(
                Path({str(tmp_path)!r}), clock=SystemClock(), redactor=Redactor()
            )
            for n in range(20):
                await log.append(Notice(type="node", task_id="other", data={{"n": n}}))
            await log.close()

        asyncio.run(main())
    """)
    async with log.listen() as events:
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
        own = [await log.append(a_node(n)) for n in range(20)]
        heard = await receive(events, 40)
        assert await writer.wait() == 0
    assert [event.seq for event in heard] == list(range(1, 41))
    assert [event for event in heard if event.task_id == "t"] == own


async def test_an_event_that_was_told_survives_a_kill(tmp_path):
    program = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from core.events import Notice
        from observability.clock import SystemClock
        from observability.events import SqliteEventLog
        from observability.redaction import Redactor

        async def main():
            log = await SqliteEventLog.open(
                Path({str(tmp_path)!r}), clock=SystemClock(), redactor=Redactor()
            )
            while True:
                print((await log.append(Notice(type="node"))).seq, flush=True)

        asyncio.run(main())
    """)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout
    for _ in range(30):
        await writer.stdout.readline()
    writer.kill()
    told = [int(line) for line in (await writer.stdout.read()).splitlines() if line.strip()]
    await writer.wait()
    log = await opened(tmp_path)
    assert await log.latest() >= max(told, default=30)
    following = await log.append(a_node(0))
    stored = await log.after(0, limit=100_000)
    assert [event.seq for event in stored] == list(range(1, following.seq + 1))
    await log.close()


@pytest.mark.parametrize(
    "data",
    [
        {"summary": "ä" * 50_000},
        {"lines": ["x" * 300] * 5000},
        {f"k{n}": {"deep": "y" * 3000} for n in range(40)},
        {f"key-{n:06}": n for n in range(5000)},
    ],
    ids=["one long text", "a long list", "many texts", "too many names"],
)
async def test_an_envelope_stays_below_its_limit_and_says_what_it_lacks(log, data):
    event = await log.append(Notice(type="evidence", task_id="t", data=data))
    assert len(event.model_dump_json().encode()) <= ENVELOPE_MAX_BYTES
    assert event.data["cut_bytes"] > ENVELOPE_MAX_BYTES
    assert await log.after(0) == (event,)


async def test_what_fits_is_left_alone(log):
    data = {"summary": "ä" * 7_000, "lines": [1, 2.5, None, True, "\u2028"]}
    assert (await log.append(Notice(type="evidence", data=data))).data == data


async def test_a_secret_is_masked_before_it_is_stored(log, tmp_path):
    await log.append(
        Notice(type="node", role=SECRET, data={"line": f"GET /?k={SECRET}", SECRET: [SECRET]})
    )
    (event,) = await log.after(0)
    assert SECRET not in json.dumps(event.dump())
    await log.close()
    assert SECRET.encode() not in (tmp_path / "events.db").read_bytes()


async def test_text_that_is_no_unicode_is_stored_all_the_same(log):
    event = await log.append(Notice(type="node", data={"line": "caf\udce9"}))
    assert await log.after(0) == (event,)
    assert event.data["line"].startswith("caf")


async def test_a_truncated_file_is_refused_and_left_as_it_is(tmp_path):
    log = await opened(tmp_path)
    await asyncio.gather(*(log.append(a_node(n)) for n in range(200)))
    await log.close()
    file = tmp_path / "events.db"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    before = file.read_bytes()
    with pytest.raises(StoreUnusable, match="corrupt"):
        await opened(tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize("ticks", range(8))
async def test_who_leaves_as_an_event_comes_in_is_let_go(log, ticks):
    for n in range(20):
        async with asyncio.timeout(5), log.listen():
            await asyncio.sleep(0.001)
            await log.append(a_node(n))
            for _ in range(ticks):
                await asyncio.sleep(0)


async def test_what_cannot_be_masked_is_withheld_and_nothing_breaks(tmp_path: Path) -> None:
    class Broken(Redactor):
        def text(self, text: str) -> str:
            raise RuntimeError(text)

    log = await SqliteEventLog.open(tmp_path, clock=FakeClock(), redactor=Broken())
    event = await log.append(Notice(type="node", task_id="t", data={"summary": SECRET}))
    assert (event.type, event.data) == ("node", {"withheld": True})
    assert await log.after(0) == (event,)
    await log.close()


async def test_numbers_grow_and_are_known_though_everything_old_was_forgotten(tmp_path):
    clock = FakeClock()
    log = await opened(tmp_path, clock)
    for n in range(1_200):
        await log.append(a_node(n))
    clock.advance(1)
    assert await log.forget(clock.now(), []) == 1_200
    assert (await log.after(0), await log.latest(), await log.oldest()) == ((), 1_200, 1_201)
    await log.close()
    log = await opened(tmp_path, clock)
    assert (await log.latest(), await log.oldest()) == (1_200, 1_201)
    async with log.listen() as events:
        assert (await log.append(a_node(0))).seq == await log.latest() == 1_201
        assert [event.seq for event in await receive(events, 1)] == [1_201]
    await log.close()


async def test_events_of_open_tasks_stay_and_who_lacks_others_can_tell(tmp_path):
    clock = FakeClock()
    log = await opened(tmp_path, clock)
    for task_id in ("open", "ended", "open", "", "open"):
        await log.append(a_node(0, task_id))
    clock.advance(10)
    await log.append(a_node(1, "ended"))
    assert await log.forget(FakeClock().now(), ["open"]) == 0, "nothing is older than its instant"
    assert await log.oldest() == 1
    assert await log.forget(clock.now(), ["open"]) == 2
    assert [event.seq for event in await log.after(0)] == [1, 3, 5, 6]
    assert await log.oldest() == 5, "4 was forgotten"
    clock.advance(1)
    assert await log.forget(clock.now(), []) == 4
    assert (await log.oldest(), await log.latest()) == (7, 6)
    await log.close()


async def test_an_event_from_before_a_clock_was_set_back_goes_in_its_time(tmp_path):
    clock = FakeClock()
    log = await opened(tmp_path, clock)
    await log.append(a_node(0))
    clock.step(-100)
    await log.append(a_node(1))
    clock.step(+50)
    assert await log.forget(clock.now(), []) == 1
    assert [event.data["n"] for event in await log.after(0)] == [0]
    clock.step(+100)
    assert await log.forget(clock.now(), []) == 1
    await log.close()

"""A stream misses nothing, doubles nothing, and says goodbye."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from api.auth import LOCAL
from api.problems import Problem
from api.stream import STREAMS_PER_CALLER, Feed, Streams, Wish
from core.events import Notice
from core.models import ModelCall
from observability.events import SqliteEventLog
from observability.live import LIVE_EVERY_S, LiveTexts
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def log(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteEventLog]:
    log = await SqliteEventLog.open(tmp_path, clock=clock, redactor=Redactor())
    yield log
    await log.close()


EVERYTHING = Wish(after=0)


class Client:
    """Reads a feed and takes its frames apart."""

    def __init__(self, log: SqliteEventLog, wish: Wish = EVERYTHING, **more: Any) -> None:
        self.streams = Streams()
        self.valid = True
        self.over = False
        self.clock = FakeClock()
        self.live = LiveTexts(Redactor(), self.clock)
        self._feed = Feed(
            log,
            wish,
            self.live,
            streams=self.streams,
            caller=LOCAL,
            welcome=lambda: self.valid,
            ended=self._ended,
            server="1",
            clock=FakeClock(),
            **more,
        )

    async def _ended(self) -> bool:
        return self.over

    async def read(self) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        """Name (or number) and data of each frame; gives up after two seconds of silence."""
        async with aclosing(self._feed.frames()) as frames:
            while True:
                try:
                    frame = await asyncio.wait_for(anext(frames), 2)
                except StopAsyncIteration:
                    return
                fields = dict(line.split(": ", 1) for line in frame.decode().strip().split("\n"))
                yield fields.get("event") or fields["id"], json.loads(fields["data"])

    async def names(self, until: str) -> list[str]:
        """Names and numbers up to one of them."""
        found = []
        async with aclosing(self.read()) as frames:
            async for name, _ in frames:
                found.append(name)
                if name == until:
                    break
        return found


async def tell(
    log: SqliteEventLog, count: int = 1, task_id: str = "t1", kind: Any = "node"
) -> None:
    for number in range(count):
        await log.append(Notice(type=kind, task_id=task_id, data={"number": number}))


class Busy:
    """A log in which something happens each time that it is read."""

    def __init__(self, log: SqliteEventLog) -> None:
        self._log = log
        self.reads = 0

    async def after(self, *wanted: Any, **narrowed: Any) -> Any:
        self.reads += 1
        found = await self._log.after(*wanted, **narrowed)
        await tell(self._log)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


async def test_a_replay_ends_where_listening_began_however_much_is_written_meanwhile(
    log: SqliteEventLog,
) -> None:
    await tell(log, 3)
    busy = Busy(log)
    async with aclosing(Client(cast(SqliteEventLog, busy)).read()) as frames:
        told = [name async for name, _ in _first(frames, 5)]
        assert told == ["hello", "1", "2", "3", "4"]
    assert busy.reads == 1


async def _first(frames: AsyncIterator[Any], count: int) -> AsyncIterator[Any]:
    for _ in range(count):
        yield await anext(frames)


async def test_a_replay_is_followed_by_what_happens_now(log: SqliteEventLog) -> None:
    await tell(log, 3)
    client = Client(log)
    found = []
    async for name, data in client.read():
        found.append(name)
        if name == "3":
            await tell(log, 2)
        if name == "5":
            assert data["data"] == {"number": 1}
            break
    assert found == ["hello", "1", "2", "3", "4", "5"]


async def test_events_written_while_the_replay_runs_come_once_and_in_order(
    log: SqliteEventLog,
) -> None:
    await tell(log, 50)
    writing = asyncio.create_task(tell(log, 50))
    assert await Client(log).names("100") == ["hello", *map(str, range(1, 101))]
    await writing


async def test_who_has_a_number_gets_what_follows_it(log: SqliteEventLog) -> None:
    await tell(log, 4)
    assert await Client(log, Wish(after=2)).names("4") == ["hello", "3", "4"]


async def test_without_a_number_only_news_is_told(log: SqliteEventLog) -> None:
    await tell(log, 4)
    client = Client(log, Wish(after=None))
    found = []
    async for name, data in client.read():
        found.append(name)
        if name == "hello":
            assert data == {"v": 1, "from": 4, "latest": 4, "oldest": 1, "server": "1"}
            await tell(log)
        else:
            break
    assert found == ["hello", "5"]


async def test_a_number_from_the_future_starts_over(log: SqliteEventLog) -> None:
    await tell(log, 2)
    assert await Client(log, Wish(after=900)).names("resync") == ["hello", "resync"]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (2, ["hello", "resync", "7"]),
        (3, ["hello", "4", "5", "6", "7"]),
        (6, ["hello", "7"]),
        (0, ["hello", "4", "5", "6", "7"]),
    ],
)
async def test_who_lacks_what_was_forgotten_is_told_to_start_over(
    log: SqliteEventLog, clock: FakeClock, after: int, told: list[str]
) -> None:
    await tell(log, 3)
    clock.advance(1)
    await tell(log, 3)
    await log.forget(clock.now(), [])
    names = []
    async for name, data in Client(log, Wish(after=after)).read():
        names.append(name)
        if name == "hello":
            assert (data["oldest"], data["latest"]) == (4, 6)
        if name == "resync":
            assert data == {"reason": "too_old", "latest": 6}
        if name == told[-2]:
            await tell(log)
        if name == "7":
            break
    assert names == told


async def test_one_task_is_told_alone_and_ends_with_it(log: SqliteEventLog) -> None:
    await tell(log, 2, "t1")
    await tell(log, 2, "t2")
    await tell(log, 1, "t1", "end")
    await tell(log, 1, "t1")
    client = Client(log, Wish(after=0, task_id="t1"))
    assert [name async for name, _ in client.read()] == ["hello", "1", "2", "5", "bye"]


async def test_a_task_that_ends_while_it_is_watched_ends_the_stream(log: SqliteEventLog) -> None:
    client = Client(log, Wish(after=0, task_id="t1"))
    told = []
    async for name, data in client.read():
        told.append((name, data.get("reason")))
        if name == "hello":
            await tell(log, 1, "t1", "end")
    assert told == [("hello", None), ("1", None), ("bye", "end")]


async def test_the_whole_stream_outlives_a_task(log: SqliteEventLog) -> None:
    await tell(log, 1, "t1", "end")
    await tell(log, 1, "t2")
    assert await Client(log).names("2") == ["hello", "1", "2"]


async def test_what_a_model_says_is_heard_by_who_watches_and_has_no_number(
    log: SqliteEventLog,
) -> None:
    call = ModelCall(task_id="t1", role="fix", messages=(), max_tokens=10)
    client, deaf = Client(log, Wish(after=0, watch=("t1",))), Client(log)
    with client.live.of_call("c1", call) as saying, deaf.live.of_call("c1", call) as unheard:
        for live in (saying, unheard):
            live.hear("text", "The total is off by one. " * 5)
        await tell(log)
        assert await deaf.names("1") == ["hello", "1"]
        found = []
        async for name, data in client.read():
            found.append(name)
            if name == "live" and data["type"] == "llm_snapshot":
                client.clock.advance(LIVE_EVERY_S)
                saying.hear("text", "So subtract it. " * 5)
            elif name == "live":
                assert (data["type"], data["offset"] > 0) == ("llm_delta", True)
                break
    assert found == ["hello", "1", "live", "live"]


async def test_silence_is_filled_with_heartbeats(log: SqliteEventLog) -> None:
    client = Client(log, heartbeat_s=0.05)
    async with aclosing(client.read()) as frames:
        seen = [await anext(frames) for _ in range(3)]
    assert [name for name, _ in seen] == ["hello", "heartbeat", "heartbeat"]
    assert seen[1][1] == {"ts": "2026-03-01T12:00:00Z", "latest": 0}


async def test_a_revoked_key_ends_a_busy_stream_too(log: SqliteEventLog) -> None:
    client = Client(log, heartbeat_s=0.1)
    client.valid = False
    busy = asyncio.create_task(tell(log, 10_000))
    last = [(name, data) async for name, data in client.read()][-1]
    busy.cancel()
    await asyncio.wait({busy})
    assert last == ("bye", {"reason": "auth", "retry_ms": 2000})


async def test_a_client_past_the_end_of_a_task_is_told_goodbye(log: SqliteEventLog) -> None:
    await tell(log, 1, "t1", "end")
    client = Client(log, Wish(after=1, task_id="t1"), heartbeat_s=0.05)
    client.over = True
    assert [name async for name, _ in client.read()] == ["hello", "heartbeat", "bye"]


async def test_on_the_way_down_everybody_is_told(log: SqliteEventLog) -> None:
    client = Client(log)
    told = []
    async for name, data in client.read():
        told.append((name, data.get("reason")))
        client.streams.close()
    assert told == [("hello", None), ("bye", "restart")]
    with pytest.raises(Problem) as refused:
        client.streams.admit(LOCAL)
    assert refused.value.status == 503


async def test_a_client_that_is_too_slow_starts_over_and_goes_on(log: SqliteEventLog) -> None:
    found = []
    async with aclosing(Client(log).read()) as frames:
        found.append((await anext(frames))[0])
        listening = asyncio.create_task(anext(frames))
        await asyncio.sleep(0.2)
        await tell(log)
        found.append((await listening)[0])
        await asyncio.gather(*(tell(log) for _ in range(1_500)))
        await asyncio.sleep(1.0)
        while found[-1] != "resync":
            found.append((await anext(frames))[0])
        await tell(log)
        found.append((await anext(frames))[0])
    assert found[:2] == ["hello", "1"]
    assert found[-2:] == ["resync", "1502"]


async def test_what_came_while_a_client_replays_is_replayed_and_nobody_starts_over(
    log: SqliteEventLog,
) -> None:
    found = []
    async with aclosing(Client(log).read()) as frames:
        found.append((await anext(frames))[0])
        await asyncio.gather(*(tell(log) for _ in range(1_100)))
        while found[-1] != "1100":
            found.append((await anext(frames))[0])
        await tell(log)
        found.append((await anext(frames))[0])
    assert found == ["hello", *map(str, range(1, 1_102))]


async def test_a_log_that_fails_is_a_goodbye(log: SqliteEventLog) -> None:
    client = Client(log, heartbeat_s=0.05)
    told = []
    async for name, data in client.read():
        told.append((name, data.get("reason")))
        await log.close()
    assert told == [("hello", None), ("bye", "restart")]
    assert client.streams.count == 0


async def test_streams_are_counted_and_bounded(log: SqliteEventLog) -> None:
    streams = Streams()
    async with streams.counted(LOCAL):
        assert streams.count == 1
        streams.admit(LOCAL)
    assert streams.count == 0
    for _ in range(STREAMS_PER_CALLER):
        await streams.counted(LOCAL).__aenter__()
    with pytest.raises(Problem) as refused:
        streams.admit(LOCAL)
    assert refused.value.status == 429

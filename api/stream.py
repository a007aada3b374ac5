"""The event log as server-sent events: replay, then live, with a sign of life every 15 s."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from api.auth import Caller
from api.problems import Problem
from core.errors import StoreError
from core.events import Event
from core.ports import Clock, EventLog
from observability.live import LIVE_EVERY_S, LiveTexts, Viewer

HEARTBEAT_S = 15.0
WATCHED_MAX = 8
PAGE = 500
"""Events that are read at once in a replay."""
BEHIND_MAX = 1_000
"""Events that a client may be behind; one that is slower is told to start over."""
RETRY_MS = 2_000
STREAMS_MAX = 200
STREAMS_PER_CALLER = 50
MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

log = logging.getLogger(__name__)


class Streams:
    """Who listens now; on the way down everybody is told."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._open: dict[str, int] = {}

    def admit(self, caller: Caller) -> None:
        """Refuse with a real status, before the first byte, what would be one stream too many."""
        if self.stopping.is_set():
            raise Problem(503, "stopping", "The server is going down.", retry_after_s=5)
        if self.count >= STREAMS_MAX:
            raise Problem(503, "too_many_streams", "Too many streams are open.", retry_after_s=15)
        if self._open.get(caller.name, 0) >= STREAMS_PER_CALLER:
            raise Problem(
                429, "too_many_streams", "This key has too many streams open.", retry_after_s=15
            )

    @asynccontextmanager
    async def counted(self, caller: Caller) -> AsyncIterator[None]:
        """Count a stream while it lasts."""
        self._open[caller.name] = self._open.get(caller.name, 0) + 1
        try:
            yield
        finally:
            self._open[caller.name] -= 1
            if not self._open[caller.name]:
                del self._open[caller.name]

    @property
    def count(self) -> int:
        """How many streams are open."""
        return sum(self._open.values())

    def close(self) -> None:
        """Say goodbye to everybody and let nobody in any more."""
        self.stopping.set()


@dataclass(frozen=True)
class Wish:
    """What a client wants to follow."""

    after: int | None
    """Number of the last event that it has; None for what is new only."""
    task_id: str = ""
    """Narrows to one task, and ends with it."""
    watch: tuple[str, ...] = ()
    """Ids of the tasks whose models it wants to hear while they speak."""


def frame(data: dict[str, Any], *, event: str = "", number: int | None = None) -> bytes:
    """One event as bytes; stored events have a number and no name."""
    lines = [f"id: {number}"] if number is not None else []
    if event:
        lines.append(f"event: {event}")
    if event == "hello":
        lines.append(f"retry: {RETRY_MS}")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return "\n".join([*lines, f"data: {text}", "", ""]).encode()


class Feed:
    """What one client receives."""

    def __init__(
        self,
        log: EventLog,
        wish: Wish,
        live: LiveTexts,
        *,
        streams: Streams,
        caller: Caller,
        welcome: Callable[[], bool],
        ended: Callable[[], Awaitable[bool]],
        server: str,
        clock: Clock,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """`welcome` tells whether the key still counts, `ended` whether the task is over."""
        self._log = log
        self._wish = wish
        self._viewer = Viewer(live, wish.watch)
        self._streams = streams
        self._caller = caller
        self._welcome = welcome
        self._ended = ended
        self._server = server
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._seen = 0
        self._done = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Greeting, replay, then live until a goodbye; a log that fails is one too."""
        try:
            async with aclosing(self._told()) as parts:
                async for part in parts:
                    yield part
        except StoreError as error:
            log.error("a stream ends: %s", error)
            yield self._bye("restart")

    async def _told(self) -> AsyncGenerator[bytes, None]:
        """Listening starts before the replay, so that nothing falls between the two."""
        async with (
            self._streams.counted(self._caller),
            self._log.listen(self._wish.task_id) as live,
            aclosing(self._follow(live)) as following,
        ):
            for part in await self._greet():
                yield part
            full = True
            # A page that is not full was the last: what came since waits in the queue. Who read
            # until there is nothing more would read on while others write.
            while full and not self._done:
                missed = await self._missed()
                full = len(missed) == PAGE
                for event in missed:
                    for part in self._tell(event):
                        yield part
            for part in self._overheard():
                yield part
            if not self._done:
                async for part in following:
                    yield part

    async def _greet(self) -> list[bytes]:
        latest = await self._log.latest()
        oldest = await self._log.oldest()
        self._seen = latest if self._wish.after is None else self._wish.after
        lost = self._seen > latest or 0 < self._seen < oldest - 1
        if lost:
            self._seen = latest
        hello = {
            "v": 1,
            "from": self._seen,
            "latest": latest,
            "oldest": oldest,
            "server": self._server,
        }
        resync = [frame({"reason": "too_old", "latest": latest}, event="resync")] if lost else []
        return [frame(hello, event="hello"), *resync]

    async def _missed(self) -> Sequence[Event]:
        return await self._log.after(self._seen, task_id=self._wish.task_id, limit=PAGE)

    async def _follow(self, live: AsyncIterator[Event | None]) -> AsyncGenerator[bytes, None]:
        now = asyncio.get_running_loop().time
        stop = asyncio.ensure_future(self._streams.stopping.wait())
        coming = asyncio.ensure_future(_next(live))
        due = now() + self._heartbeat_s
        try:
            while not self._done:
                patience = LIVE_EVERY_S if self._viewer.busy else self._heartbeat_s
                await asyncio.wait(
                    {stop, coming},
                    timeout=max(0.0, min(patience, due - now())),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                parts = self._overheard()
                if coming.done():
                    event = coming.result()
                    parts += self._tell(event) if event else await self._start_over()
                    coming = asyncio.ensure_future(_next(live))
                if stop.done() and not self._done:
                    parts.append(self._bye("restart"))
                elif now() >= due:
                    due = now() + self._heartbeat_s
                    parts += await self._sign_of_life()
                for part in parts:
                    yield part
        finally:
            stop.cancel()
            coming.cancel()
            await asyncio.wait({stop, coming})

    def _tell(self, event: Event) -> list[bytes]:
        if self._done or event.seq <= self._seen:
            return []
        self._seen = event.seq
        told = [frame(event.dump(), number=event.seq)]
        if self._wish.task_id and event.type == "end":
            told.append(self._bye("end"))
        return told

    def _overheard(self) -> list[bytes]:
        """What models have said since; it has no number, and nobody gets it twice."""
        return [frame(part, event="live") for part in self._viewer.news()]

    async def _start_over(self) -> list[bytes]:
        """The queue ran over: what is missing comes from the log, unless it is too much."""
        missing = await self._log.after(self._seen, task_id=self._wish.task_id, limit=BEHIND_MAX)
        if len(missing) < BEHIND_MAX:
            return [part for event in missing for part in self._tell(event)]
        self._seen = await self._log.latest()
        return [frame({"reason": "slow", "latest": self._seen}, event="resync")]

    async def _sign_of_life(self) -> list[bytes]:
        now = self._clock.now().isoformat().replace("+00:00", "Z")
        told = [frame({"ts": now, "latest": await self._log.latest()}, event="heartbeat")]
        if not self._welcome():
            told.append(self._bye("auth"))
        elif self._wish.task_id and await self._ended():
            told.append(self._bye("end"))
        return told

    def _bye(self, reason: str) -> bytes:
        self._done = True
        return frame({"reason": reason, "retry_ms": RETRY_MS}, event="bye")


async def _next(live: AsyncIterator[Event | None]) -> Event | None:
    return await anext(live)

"""The event log behind every stream: numbered in the order of commits, in a file of its own."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from pydantic import ValidationError

from core.errors import StoreError, StoreUnusable
from core.events import Event, EventFilter, Found, Notice
from core.ports import Clock
from observability.database import Database
from observability.envelopes import fitted
from observability.redaction import Redactor
from observability.searching import envelopes_before

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
FILE_NAME = "events.db"
QUEUE_MAX = 1000
PARSED = 4_000
"""Latest events that are kept as read: a thousand listeners catch up on the same ones."""
BATCH = 500
POLL_S = 0.5
"""How often a log with listeners looks for what other processes wrote."""


class Listener:
    """One reader's queue; when it runs over, all of it gives way to a None."""

    def __init__(self, task_id: str) -> None:
        self.after = 0
        """Events up to this number are none of its business."""
        self._task_id = task_id
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE_MAX)

    def offer(self, event: Event) -> None:
        """Hand an event over, if it is this reader's; never waits."""
        if self._task_id not in ("", event.task_id):
            return
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
        self._queue.put_nowait(event)

    def __aiter__(self) -> AsyncIterator[Event | None]:
        return self

    async def __anext__(self) -> Event | None:
        while (event := await self._queue.get()) is not None and event.seq <= self.after:
            pass
        return event


class SqliteEventLog:
    """Serves the port EventLog; several processes may write to and listen on one file.

    Listeners are fed from the file alone, so what they see is committed, in order and without
    gaps, whichever process wrote it.
    """

    def __init__(self, database: Database, clock: Clock, redactor: Redactor) -> None:
        self._database = database
        self._clock = clock
        self._redactor = redactor
        self._listeners: set[Listener] = set()
        self._handed_out = 0
        self._written = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, folder: Path, *, clock: Clock, redactor: Redactor) -> "SqliteEventLog":
        """Open `events.db` in a folder; raises StoreUnusable."""
        return cls(await Database.open(folder / FILE_NAME, MIGRATIONS), clock, redactor)

    async def close(self) -> None:
        """Stop feeding listeners and let go of the file."""
        await self._stop_pump()
        await self._database.close()

    async def append(self, notice: Notice) -> Event:
        told = self._masked(notice)
        now = self._clock.now()

        def insert(connection: sqlite3.Connection) -> Event:
            event = fitted(Event(**told.model_dump(), seq=_latest(connection) + 1, ts=now))
            connection.execute(
                "INSERT INTO events (seq, task_id, envelope) VALUES (?, ?, ?)",
                (event.seq, event.task_id, event.model_dump_json()),
            )
            return event

        event = await self._database.write(insert)
        self._written.set()
        return event

    def _masked(self, notice: Notice) -> Notice:
        """The notice without secrets; what it says is withheld where that cannot be had."""
        try:
            return Notice.load(self._redactor.value(notice.dump()))
        except Exception as error:  # whatever it is, what may hold a secret stays out
            log.error("what an event says is withheld: %s", type(error).__name__)
            return Notice(type=notice.type, task_id=notice.task_id, data={"withheld": True})

    async def after(self, seq: int, *, task_id: str = "", limit: int = 500) -> Sequence[Event]:
        narrowed = "AND task_id = ?" if task_id else ""
        values = (seq, task_id, limit) if task_id else (seq, limit)

        def read(connection: sqlite3.Connection) -> tuple[Event, ...]:
            rows = connection.execute(
                f"SELECT envelope FROM events WHERE seq > ? {narrowed} ORDER BY seq LIMIT ?",  # noqa: S608 - made of constants
                values,
            )
            return tuple(_event(envelope) for (envelope,) in rows)

        return await self._database.read(read)

    async def before(self, seq: int, only: EventFilter, limit: int = 100) -> Found:
        def read(connection: sqlite3.Connection) -> Found:
            envelopes, further = envelopes_before(connection, seq, only, limit)
            return Found(tuple(_event(envelope) for envelope in envelopes), further)

        return await self._database.read(read)

    async def latest(self) -> int:
        return await self._database.read(_latest)

    async def oldest(self) -> int:
        return await self._database.read(_forgotten) + 1

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        gone, seq = 0, 0
        while True:
            old, seq, more = await self._database.read(
                partial(_too_old, after=seq, before=before, open_tasks=frozenset(open_tasks))
            )
            if old:
                await self._database.write(partial(_drop, numbers=old))
            gone += len(old)
            if not more:
                return gone

    def listen(self, task_id: str = "") -> AbstractAsyncContextManager[AsyncIterator[Event | None]]:
        return self._listen(task_id)

    @asynccontextmanager
    async def _listen(self, task_id: str) -> AsyncIterator[AsyncIterator[Event | None]]:
        listener = Listener(task_id)
        # It joins before it asks for the number, so that nothing can pass between the two.
        self._listeners.add(listener)
        try:
            listener.after = await self.latest()
            if self._pump is None:
                self._handed_out = listener.after
                self._pump = asyncio.create_task(self._feed())
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                await self._stop_pump()

    async def _feed(self) -> None:
        said = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):  # unlike wait_for, it never loses a cancel
                    await self._written.wait()
            self._written.clear()
            try:
                await self._hand_out()
            except StoreError as error:
                if not said:
                    log.error("streams stand still: %s", error)
                said = True
            else:
                said = False

    async def _hand_out(self) -> None:
        while events := await self.after(self._handed_out, limit=BATCH):
            for event in events:
                for listener in self._listeners:
                    listener.offer(event)
            self._handed_out = events[-1].seq
            await asyncio.sleep(0)

    async def _stop_pump(self) -> None:
        pump, self._pump = self._pump, None
        if pump:
            pump.cancel()
            with suppress(asyncio.CancelledError):
                await pump


def _latest(connection: sqlite3.Connection) -> int:
    """The greatest number that was ever given, also when its event is gone."""
    (seq,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
    ).fetchone()
    return int(seq)


def _forgotten(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT up_to FROM forgotten").fetchone()[0])


def _too_old(
    connection: sqlite3.Connection, *, after: int, before: datetime, open_tasks: frozenset[str]
) -> tuple[list[int], int, bool]:
    """What may go of the next portion, where that ends, and whether older ones can follow it."""
    rows = connection.execute(
        "SELECT seq, task_id, envelope FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, BATCH),
    ).fetchall()
    aged = [(seq, task_id) for seq, task_id, envelope in rows if _event(envelope).ts < before]
    old = [seq for seq, task_id in aged if task_id not in open_tasks]
    return old, rows[-1][0] if rows else after, len(aged) == BATCH


def _drop(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    connection.executemany("DELETE FROM events WHERE seq = ?", [(seq,) for seq in numbers])
    connection.execute("UPDATE forgotten SET up_to = max(up_to, ?)", (max(numbers),))


@lru_cache(maxsize=PARSED)
def _event(envelope: str) -> Event:
    try:
        return Event.model_validate_json(envelope)
    except ValidationError as error:
        raise StoreUnusable("The event log holds an event that cannot be read.") from error

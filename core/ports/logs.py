"""What is written down and never changed: events, model calls, decisions."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from core.events import AuditEntry, AuditRow, Event, EventFilter, Found, Notice
from core.figures import Answer, LogHealth, Query
from core.interactions import Entry


class EventLog(Protocol):
    """The append-only log behind every stream."""

    async def append(self, notice: Notice) -> Event:
        """Write down, number, and hand to listeners; over-long data is cut, secrets are masked."""
        ...

    async def after(self, seq: int, *, task_id: str = "", limit: int = 500) -> Sequence[Event]:
        """Events with a greater number, in order."""
        ...

    async def before(self, seq: int, only: EventFilter, limit: int = 100) -> Found:
        """Events with a smaller number that fit, newest first, of a bounded stretch of the log."""
        ...

    async def latest(self) -> int:
        """The greatest number so far, be its event forgotten or not; 0 in a new log."""
        ...

    async def oldest(self) -> int:
        """The number from which on nothing was forgotten; 1 in a new log."""
        ...

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Forget events from before that instant, but those of open tasks; how many.

        Numbers go on growing.
        """
        ...

    def listen(self, task_id: str = "") -> AbstractAsyncContextManager[AsyncIterator[Event | None]]:
        """Events from now on; None tells a listener that was too slow to start over."""
        ...


class InteractionLog(Protocol):
    """The log of model calls, of what came of them, and of changes of memory."""

    def record(self, entry: Entry) -> None:
        """Take an entry, to be written later, once for its id; never waits and never fails.

        Secrets are masked. While it cannot be written 10,000 wait, then the oldest are dropped.
        """
        ...

    async def ask(self, query: Query[Answer]) -> Sequence[Answer]:
        """What a query gives; raises StoreUnusable while the log cannot be read."""
        ...

    async def lately(self, query: Query[Answer]) -> Sequence[Answer]:
        """What `call_rates` and `latencies` give of the last hour, from this machine alone.

        Of the calls of every process with this data folder; asks no cloud, and costs nothing.
        """
        ...

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Empty what was said before that instant, but for open tasks; in how many calls.

        The figures stay.
        """
        ...

    async def flush(self) -> None:
        """Return when all that was taken is safe on disk; at once while nothing can be written."""
        ...

    def health(self) -> LogHealth:
        """How the log itself is."""
        ...

    async def close(self) -> None:
        """Write what waits, if it can be within seconds, and let go of everything."""
        ...


class AuditLog(Protocol):
    """Decisions and refusals, hash-chained."""

    async def record(self, entry: AuditEntry) -> None:
        """Append an entry."""
        ...

    async def before(
        self, number: int, *, action: str = "", task_id: str = "", words: str = "", limit: int = 100
    ) -> Sequence[AuditRow]:
        """Rows with a smaller number that fit, newest first; secrets are masked once more."""
        ...

    async def verify(self) -> int | None:
        """Number of the first row whose chain is broken; None when all is well."""
        ...

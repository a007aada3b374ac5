"""What stands between the road of a task and the store: takes at once, writes in batches."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from core.errors import StoreError
from core.interactions import Entry
from core.ports import Clock
from observability.interactions.rows import Row, row_of
from observability.redaction import Redactor

log = logging.getLogger(__name__)

CAPACITY = 10_000
BATCH = 200
PAUSE_S = 1.0
PAUSE_MAX_S = 30.0
CLOSING_S = 5.0

Write = Callable[[Sequence[Row]], Awaitable[None]]


class Buffer:
    """Keeps at most 10,000 entries for a store that does not take them; then the oldest go.

    An entry that the redactor cannot read is withheld. Belongs to the event loop it was made in.
    """

    def __init__(
        self, write: Write, clock: Clock, redactor: Redactor, capacity: int = CAPACITY
    ) -> None:
        self._write = write
        self._clock = clock
        self._redactor = redactor
        self._capacity = capacity
        self._waiting: deque[Entry] = deque()
        self._batch: list[Row] = []
        """Rows that the store did not take yet."""
        self._in_hand = 0
        """Entries on their way to be rows, or in the batch."""
        self._something = asyncio.Event()
        self._moved = asyncio.Event()
        """Set whenever entries are done with."""
        self._taken = 0
        self._done = 0
        """Entries that were written, withheld, refused or dropped, of those taken."""
        self.dropped = 0
        self.withheld = 0
        self.refused = 0
        self.trouble = ""
        """Why nothing can be written; empty when all is well."""
        self._pump = asyncio.create_task(self._run())

    def __len__(self) -> int:
        return len(self._waiting) + self._in_hand

    def put(self, entry: Entry) -> None:
        """Take an entry; never waits and never fails."""
        if len(self) >= self._capacity and self._waiting:
            self._waiting.popleft()
            self.dropped += 1
            self._done += 1
        self._waiting.append(entry)
        self._taken += 1
        self._something.set()

    async def flush(self) -> None:
        """Return when all that was taken so far is written; at once while nothing can be."""
        wanted = self._taken
        while self._done < wanted and not self.trouble:
            self._moved.clear()
            await self._moved.wait()

    async def close(self) -> None:
        """Write what is left, if it can be within seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await self.flush()
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        if left := len(self):
            log.error("%d rows of the log of model calls are lost: %s", left, self.trouble)

    async def _run(self) -> None:
        pause = PAUSE_S
        while True:
            await self._something.wait()
            try:
                await self._next()
            except StoreError as error:
                if not self.trouble:
                    log.error("the log of model calls cannot be written: %s", error)
                self.trouble = str(error)
                self._moved.set()
                await self._clock.sleep(pause)
                pause = min(2 * pause, PAUSE_MAX_S)
                continue
            self.trouble, pause = "", PAUSE_S
            if not self._waiting:
                self._something.clear()

    async def _next(self) -> None:
        """Write a batch; it stays in hand until the store has taken it."""
        if not self._batch:
            taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._in_hand = len(taken)
            self._batch = await asyncio.to_thread(self._rows, taken)
        await self._store(self._batch)
        self._done += self._in_hand
        self._batch, self._in_hand = [], 0
        self._moved.set()

    async def _store(self, rows: Sequence[Row]) -> None:
        """Write rows, all at once if the store takes them so; one that it never takes is left."""
        try:
            await self._write(rows)
        except StoreError:
            raise
        except Exception as error:  # one odd value must not hold up all others for ever
            if len(rows) > 1:
                for row in rows:
                    await self._store([row])
                return
            self.refused += 1
            log.error("a row of the log of model calls is refused: %s", type(error).__name__)

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        rows = []
        for entry in entries:
            try:
                rows.append(row_of(entry, self._redactor))
            except Exception as error:  # whatever it is, a row that may hold a secret stays out
                self.withheld += 1
                log.error("a row of the log of model calls is withheld: %s", type(error).__name__)
        return rows

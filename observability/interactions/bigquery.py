"""The log of model calls in BigQuery, by way of a spool on disk that outlasts any outage."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core.errors import AntonError
from core.figures import Answer, LogHealth, Query
from core.interactions import Entry
from core.ports import Clock
from observability.interactions import tables
from observability.interactions.buffer import Buffer
from observability.interactions.cloud import Dataset, Place
from observability.interactions.queries import queries
from observability.interactions.rows import Row
from observability.interactions.spool import Batch, Spool
from observability.redaction import Redactor

log = logging.getLogger(__name__)

GATHER_S = 2.0
"""How long rows are gathered before they are sent together."""
IDLE_S = 5.0
"""How often what other processes spooled is looked for."""
FRESH_MAX = 1_000
"""Rows that are sent before a question is put; who asks does not wait for more."""
PAUSE_MAX_S = 60.0
CLOSING_S = 5.0


class BigQueryInteractionLog:
    """Serves the port InteractionLog; one process uploads what all of them spool.

    A batch whose end nobody saw is looked for before it is sent again, so that no row is doubled
    though insert ids are remembered for a minute only.
    """

    def __init__(
        self, spool: Spool, dataset: Dataset, clock: Clock, redactor: Redactor, *, uploads: bool
    ) -> None:
        self._spool = spool
        self._dataset = dataset
        self._clock = clock
        self._buffer = Buffer(self._write, clock, redactor)
        self._something = asyncio.Event()
        self._uploading = asyncio.Lock()
        self._trouble = ""
        self._refused = 0
        self._pump = asyncio.create_task(self._run()) if uploads else None

    @classmethod
    async def open(
        cls, folder: Path, *, place: Place, clock: Clock, redactor: Redactor, uploads: bool
    ) -> "BigQueryInteractionLog":
        """Open the spool, and make the dataset ready; raises StoreUnusable, ConfigError.

        Who does not upload opens the spool alone.
        """
        spool, dataset = await Spool.open(folder), Dataset(place)
        try:
            if uploads:
                await dataset.prepare()
        except BaseException:
            await dataset.close()
            await spool.close()
            raise
        return cls(spool, dataset, clock, redactor, uploads=uploads)

    def record(self, entry: Entry) -> None:
        self._buffer.put(entry)

    async def ask(self, query: Query[Answer]) -> Sequence[Answer]:
        """Serves the port; what other processes spooled, and a long backlog, may be missing."""
        await self._buffer.flush()
        if self._pump and self._spool.pending <= FRESH_MAX:
            await self._upload()
        rows = await self._dataset.select(queries()[query.name], query.given)
        return await asyncio.to_thread(tables.read, query, rows)

    async def lately(self, query: Query[Answer]) -> Sequence[Answer]:
        await self._buffer.flush()
        return await self._spool.lately(query)

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        given = {"before": before, "open": f",{','.join(open_tasks)},"}
        return await self._dataset.change(queries()["forget"], given)

    def health(self) -> LogHealth:
        buffer = self._buffer
        return LogHealth(
            waiting=len(buffer) + self._spool.pending,
            dropped=buffer.dropped + self._spool.dropped,
            withheld=buffer.withheld,
            refused=buffer.refused + self._refused,
            trouble=buffer.trouble or self._trouble,
        )

    async def flush(self) -> None:
        await self._buffer.flush()

    async def close(self) -> None:
        await self._buffer.close()
        if self._pump:
            with suppress(AntonError, TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await self._upload()
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        await self._dataset.close()
        await self._spool.close()

    async def _write(self, rows: Sequence[Row]) -> None:
        await self._spool.add(rows)
        self._something.set()

    async def _run(self) -> None:
        pause = GATHER_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._something.wait()
            self._something.clear()
            await self._clock.sleep(pause)
            try:
                await self._upload()
            except AntonError as error:
                if not self._trouble:
                    log.error("the log of model calls stays here for now: %s", error)
                self._trouble = str(error)
                self._something.set()
                pause = min(2 * pause, PAUSE_MAX_S)
                continue
            self._trouble, pause = "", GATHER_S

    async def _upload(self) -> None:
        """Send all that is spooled; raises StoreUnusable, and then nothing is lost."""
        async with self._uploading:
            while batch := await self._spool.next():
                await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        rows: Sequence[Row] = batch.rows
        if batch.tried:
            there = await self._dataset.present(batch.table, rows)
            await self._spool.end(batch, list(there), "arrived")
            rows = [row for row in rows if row.row_id not in there]
            if not rows:
                return
        await self._spool.tried(batch)
        refused = await self._dataset.insert(batch.table, rows)
        for row_id, reason in refused.items():
            log.error("BigQuery refuses the row %s of %s: %s", row_id, batch.table, reason)
        self._refused += len(refused)
        await self._spool.end(batch, list(refused), "refused")
        arrived = [row.row_id for row in rows if row.row_id not in refused]
        await self._spool.end(batch, arrived, "arrived")

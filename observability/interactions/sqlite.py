"""The log of model calls in a SQLite file of its own, written in WAL mode off the road of tasks."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from core.figures import Answer, LogHealth, Query
from core.interactions import Entry
from core.ports import Clock
from observability.database import Database
from observability.interactions import tables
from observability.interactions.buffer import Buffer
from observability.interactions.queries import for_sqlite
from observability.interactions.rows import Row, instant
from observability.redaction import Redactor

FILE_NAME = "interactions.db"


class SqliteInteractionLog:
    """Serves the port InteractionLog; several processes may share the file."""

    def __init__(self, database: Database, clock: Clock, redactor: Redactor) -> None:
        self._database = database
        self._buffer = Buffer(self._write, clock, redactor)

    @classmethod
    async def open(
        cls, folder: Path, *, clock: Clock, redactor: Redactor, busy_timeout_s: float = 5.0
    ) -> "SqliteInteractionLog":
        """Open `interactions.db` in a folder; raises StoreUnusable."""
        database = await Database.open(
            folder / FILE_NAME, tables.MIGRATIONS, busy_timeout_s=busy_timeout_s, thorough=False
        )
        return cls(database, clock, redactor)

    def record(self, entry: Entry) -> None:
        self._buffer.put(entry)

    async def ask(self, query: Query[Answer]) -> Sequence[Answer]:
        await self._buffer.flush()
        return await self._database.read(lambda connection: tables.answers(connection, query))

    async def lately(self, query: Query[Answer]) -> Sequence[Answer]:
        return await self.ask(query)

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        given = {"before": instant(before), "open": f",{','.join(open_tasks)},"}

        def update(connection: sqlite3.Connection) -> int:
            return connection.execute(for_sqlite("forget"), given).rowcount

        return await self._database.write(update)

    def health(self) -> LogHealth:
        buffer = self._buffer
        return LogHealth(
            waiting=len(buffer),
            dropped=buffer.dropped,
            withheld=buffer.withheld,
            refused=buffer.refused,
            trouble=buffer.trouble,
        )

    async def flush(self) -> None:
        await self._buffer.flush()

    async def close(self) -> None:
        await self._buffer.close()
        await self._database.close()

    async def _write(self, rows: Sequence[Row]) -> None:
        await self._database.write(lambda connection: tables.insert(connection, rows))

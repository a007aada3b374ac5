"""What models have shown that they can do, in SQLite."""

import sqlite3
from datetime import datetime

from core.models import Capabilities
from core.ports import Clock
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database


class SqliteProbeStore:
    """Serves the port ProbeStore."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def recall(self, key: str, since: datetime) -> Capabilities | None:
        def look(connection: sqlite3.Connection) -> Capabilities | None:
            row = connection.execute(
                "SELECT document FROM probes WHERE key = ? AND probed_at >= ?", (key, stamp(since))
            ).fetchone()
            return revive(Capabilities, row[0], key) if row else None

        return await self._database.read(look)

    async def keep(self, key: str, shown: Capabilities) -> None:
        at, document = stamp(self._clock.now()), shown.model_dump_json()

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO probes (key, probed_at, document, seal)"
                " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3)) ON CONFLICT (key) DO UPDATE SET"
                " probed_at = excluded.probed_at, document = excluded.document,"
                " seal = excluded.seal",
                (key, at, document),
            )

        await self._database.write(write)

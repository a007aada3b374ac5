"""Demos in SQLite."""

import sqlite3
from collections.abc import Sequence

from core.demos import Demo, DemoState
from memory.stores.sqlite.rows import revive
from observability.database import Database


class SqliteDemoStore:
    """Serves the port DemoStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, approval_id: str) -> Demo | None:
        rows = await self._rows("approval_id = ?", (approval_id,))
        return rows[0] if rows else None

    async def under_way(self) -> Sequence[Demo]:
        return await self._rows("state IN ('wanted', 'starting', 'live')")

    async def keep(self, demo: Demo, *, unless: DemoState | None = None) -> bool:
        document = demo.model_dump_json()

        def write(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "DELETE FROM demos WHERE approval_id = ? AND state IS NOT ?",
                (demo.approval_id, unless),
            )
            added = connection.execute(
                "INSERT INTO demos (document, seal) VALUES (?1, checksum(?1))"
                " ON CONFLICT (approval_id) DO NOTHING",
                (document,),
            )
            return added.rowcount > 0

        return await self._database.write(write)

    async def _rows(self, where: str, values: tuple[str, ...] = ()) -> Sequence[Demo]:
        query = f"SELECT approval_id, document FROM demos WHERE {where} ORDER BY rowid"  # noqa: S608 - our own words
        rows = await self._database.read(
            lambda connection: connection.execute(query, values).fetchall()
        )
        return tuple(revive(Demo, document, name) for name, document in rows)

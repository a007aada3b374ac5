"""Alerts in SQLite."""

import sqlite3
from collections.abc import Sequence

from core.alerts import Alert
from memory.stores.sqlite.rows import revive
from observability.database import Database


class SqliteAlertStore:
    """Serves the port AlertStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Alert]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT name, document FROM alerts ORDER BY name"
            ).fetchall()
        )
        return tuple(revive(Alert, document, name) for name, document in rows)

    async def keep(self, alert: Alert) -> None:
        document = alert.model_dump_json()

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM alerts WHERE name = ?", (alert.name,))
            connection.execute(
                "INSERT INTO alerts (document, seal) VALUES (?1, checksum(?1))", (document,)
            )

        await self._database.write(write)

    async def drop(self, name: str) -> None:
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM alerts WHERE name = ?", (name,))
        )

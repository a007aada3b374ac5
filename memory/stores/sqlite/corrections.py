"""Corrections of triage in SQLite."""

from collections.abc import Sequence

from core.corrections import Correction
from memory.stores.sqlite.rows import revive
from observability.database import Database


class SqliteCorrectionStore:
    """Serves the port CorrectionStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, correction: Correction) -> None:
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO corrections (task_id, document, seal)"
                " VALUES (?1, ?2, checksum(?1, ?2))",
                (correction.task_id, correction.model_dump_json()),
            )
        )

    async def all(self) -> Sequence[Correction]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT task_id, document FROM corrections ORDER BY number"
            ).fetchall()
        )
        return tuple(revive(Correction, document, task_id) for task_id, document in rows)

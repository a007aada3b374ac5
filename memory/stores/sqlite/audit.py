"""The audit log in SQLite: append-only, each row bound to all before it by its hash."""

import json
import sqlite3
from collections.abc import Sequence

from core.errors import StoreUnusable
from core.events import AuditEntry, AuditRow
from core.ports import Clock
from memory.stores.sqlite.rows import canonical, digest, stamp
from observability.database import Database
from observability.redaction import Redactor

GENESIS = ""


class SqliteAuditLog:
    """Serves the port AuditLog; secrets are masked before an entry is written."""

    def __init__(self, database: Database, clock: Clock, redactor: Redactor) -> None:
        self._database = database
        self._clock = clock
        self._redactor = redactor

    async def record(self, entry: AuditEntry) -> None:
        await self._database.write(lambda connection: self.append(connection, entry))

    def append(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        """The same within a transaction that does more."""
        text = canonical(self._redactor.value(entry.dump()))
        at = stamp(self._clock.now())
        last = connection.execute(
            "SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1"
        ).fetchone()
        number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
        connection.execute(
            "INSERT INTO audit (number, at, entry, digest, seal)"
            " VALUES (?1, ?2, ?3, ?4, checksum(?1, ?2, ?3, ?4))",
            (number, at, text, digest(previous, str(number), at, text)),
        )

    async def before(
        self, number: int, *, action: str = "", task_id: str = "", words: str = "", limit: int = 100
    ) -> Sequence[AuditRow]:
        given = {
            "number": number,
            "action": action,
            "task": task_id,
            "words": json.dumps(words)[1:-1].lower(),  # as `canonical` spells them
            "limit": limit,
        }

        def read(connection: sqlite3.Connection) -> tuple[AuditRow, ...]:
            rows = connection.execute(
                "SELECT number, at, entry FROM audit WHERE number < :number"
                " AND (:action = '' OR json_extract(entry, '$.action') = :action)"
                " AND (:task = '' OR json_extract(entry, '$.task_id') = :task)"
                " AND (:words = '' OR instr(lower(entry), :words) > 0)"
                " ORDER BY number DESC LIMIT :limit",
                given,
            )
            return tuple(self._row(*row) for row in rows)

        return await self._database.read(read)

    def _row(self, number: int, at: str, entry: str) -> AuditRow:
        """A row without what has become a secret since."""
        try:
            kept = self._redactor.value(json.loads(entry))
            return AuditRow.model_validate({**kept, "number": number, "at": at})
        except (ValueError, TypeError) as error:
            raise StoreUnusable(f"Row {number} of the audit log cannot be read.") from error

    async def verify(self) -> int | None:
        return await self._database.read(_first_broken)


def _first_broken(connection: sqlite3.Connection) -> int | None:
    previous, expected = GENESIS, 1
    for number, at, entry, sealed in connection.execute(
        "SELECT number, at, entry, digest FROM audit ORDER BY number"
    ):
        if number != expected or sealed != digest(previous, str(number), at, entry):
            return expected
        previous, expected = sealed, expected + 1
    # SQLite itself remembers the greatest number ever given, so a cut tail shows too.
    given = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
    return expected if given and given[0] >= expected else None

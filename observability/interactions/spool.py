"""Rows that wait on disk for a cloud: each is there once, and none is lost by a kill."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from core.figures import Answer, Query
from observability.database import Database
from observability.interactions import tables
from observability.interactions.rows import Row, instant

MIGRATIONS = Path(__file__).with_name("migrations") / "spool"
FILE_NAME = "interactions-spool.db"
KEPT_MAX = 100_000
"""Rows that are remembered, the last ones; older ones that still wait are dropped."""
BATCH_ROWS = 500
BATCH_CHARS = 4_000_000
"""BigQuery takes 10 MB a request; a row above that goes alone."""
OPEN = "state IN ('waiting', 'tried')"
LATELY = timedelta(hours=1)
LATELY_COLUMNS = ("id", "ts", "role", "model", "latency_ms", "success", "error")

Ending = Literal["arrived", "refused"]


@dataclass(frozen=True)
class Batch:
    """Rows of one table that go together, oldest first."""

    table: str
    numbers: tuple[int, ...]
    rows: tuple[Row, ...]
    tried: bool
    """Whether they were sent before, and nobody knows what became of it."""


class Spool:
    """A SQLite file of rows; several processes may add, one takes them away."""

    def __init__(self, database: Database, pending: int) -> None:
        self._database = database
        self.pending = pending
        """Rows that have not arrived, as this process knows."""
        self.dropped = 0

    @classmethod
    async def open(cls, folder: Path) -> "Spool":
        """Open `interactions-spool.db` in a folder; raises StoreUnusable."""
        database = await Database.open(folder / FILE_NAME, MIGRATIONS, thorough=False)
        return cls(database, await database.read(_pending))

    async def add(self, rows: Sequence[Row]) -> None:
        """Keep rows, safe on disk when this returns; one whose id came before changes nothing."""
        self.dropped += await self._database.write(lambda connection: _add(connection, rows))
        self.pending = await self._database.read(_pending)

    async def lately(self, query: Query[Answer]) -> Sequence[Answer]:
        """What a query gives of the calls of the last hour, whichever process made them."""
        return await self._database.read(lambda connection: tables.answers(connection, query))

    async def next(self) -> Batch | None:
        """The oldest rows that have not arrived, as many as go together."""
        return await self._database.read(_next)

    async def tried(self, batch: Batch) -> None:
        """They are about to be sent: from now on they may have arrived."""
        await self._mark(batch.numbers, "tried")

    async def end(self, batch: Batch, row_ids: Sequence[str], ending: Ending) -> None:
        """Some of them have arrived, or never will."""
        wanted = set(row_ids)
        paired = zip(batch.numbers, batch.rows, strict=True)
        await self._mark([number for number, row in paired if row.row_id in wanted], ending)
        self.pending = await self._database.read(_pending)

    async def close(self) -> None:
        """Let go of the file."""
        await self._database.close()

    async def _mark(self, numbers: Sequence[int], state: str) -> None:
        keep = "document" if state == "tried" else "''"
        await self._database.write(
            lambda connection: connection.executemany(
                f"UPDATE rows SET state = ?, document = {keep} WHERE number = ?",  # noqa: S608 - made of constants
                [(state, number) for number in numbers],
            )
        )


def _pending(connection: sqlite3.Connection) -> int:
    return int(connection.execute(f"SELECT count(*) FROM rows WHERE {OPEN}").fetchone()[0])  # noqa: S608 - made of constants


def _add(connection: sqlite3.Connection, rows: Sequence[Row]) -> int:
    """Insert; how many of the oldest had to go for it."""
    connection.executemany(
        "INSERT OR IGNORE INTO rows (table_name, row_id, document) VALUES (?, ?, ?)",
        [(row.table, row.row_id, json.dumps(row.columns)) for row in rows],
    )
    _note_lately(connection, rows)
    (oldest,) = connection.execute("SELECT max(number) FROM rows").fetchone()
    states = connection.execute(
        "DELETE FROM rows WHERE number <= ? RETURNING state", ((oldest or 0) - KEPT_MAX,)
    ).fetchall()
    return sum(state in ("waiting", "tried") for (state,) in states)


def _note_lately(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    calls = [row.columns for row in rows if row.table == "agent_interactions"]
    connection.executemany(
        f"INSERT OR IGNORE INTO agent_interactions ({', '.join(LATELY_COLUMNS)})"  # noqa: S608 - made of constants
        f" VALUES ({', '.join(f':{name}' for name in LATELY_COLUMNS)})",
        [{name: call[name] for name in LATELY_COLUMNS} for call in calls],
    )
    if calls:
        newest = max(datetime.fromisoformat(call["ts"]) for call in calls)
        before = instant(newest - LATELY)
        connection.execute("DELETE FROM agent_interactions WHERE ts < ?", (before,))


def _next(connection: sqlite3.Connection) -> Batch | None:
    """Rows are read one by one: many long ones together would not fit into memory."""
    found = connection.execute(
        f"SELECT number, table_name, state, document FROM rows WHERE {OPEN}"  # noqa: S608 - made of constants
        " ORDER BY number LIMIT ?",
        (BATCH_ROWS,),
    )
    chosen: list[tuple[int, Row]] = []
    alike, room = ("", ""), BATCH_CHARS
    for number, table, state, document in found:
        room -= len(document)
        if chosen and (room < 0 or (table, state) != alike):
            break
        alike = (table, state)
        chosen.append((number, Row(table, json.loads(document))))
    if not chosen:
        return None
    numbers, rows = zip(*chosen, strict=True)
    return Batch(alike[0], numbers, rows, tried=alike[1] == "tried")

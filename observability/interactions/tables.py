"""The tables of the log in a SQLite file."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from core.figures import Answer, Query
from observability.interactions.queries import bound, for_sqlite
from observability.interactions.rows import Row
from observability.interactions.schema import TABLES

MIGRATIONS = Path(__file__).with_name("migrations")
INSERTS = {
    table: f"INSERT OR IGNORE INTO {table} ({', '.join(columns)})"  # noqa: S608 - made of constants
    f" VALUES ({', '.join(f':{name}' for name in columns)})"
    for table, columns in TABLES.items()
}


def insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Write rows; one whose id is there already changes nothing."""
    for table, some in groupby(rows, lambda row: row.table):
        connection.executemany(INSERTS[table], [row.columns for row in some])


def answers(connection: sqlite3.Connection, query: Query[Answer]) -> tuple[Answer, ...]:
    """What a query gives; long conversations take their time to read, so not in an event loop."""
    cursor = connection.execute(for_sqlite(query.name), bound(query))
    names = [column[0] for column in cursor.description]
    return read(query, (dict(zip(names, row, strict=True)) for row in cursor))


def read(query: Query[Answer], rows: Iterable[Mapping[str, Any]]) -> tuple[Answer, ...]:
    """Rows as the answers that a query promises."""
    return tuple(query.answer.model_validate(row) for row in rows)

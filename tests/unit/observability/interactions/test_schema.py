"""The tables are the same in both stores, and a large log answers from its indexes."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from core import figures
from core.figures import Query
from observability.database_file import migrate
from observability.interactions.queries import bound, for_sqlite
from observability.interactions.schema import NULLABLE, TABLES
from observability.interactions.tables import MIGRATIONS
from tests.fakes.clock import START

AFFINITY = {
    "STRING": "TEXT",
    "TIMESTAMP": "TEXT",
    "DATE": "TEXT",
    "INT64": "INTEGER",
    "BOOL": "INTEGER",
    "FLOAT64": "REAL",
}


def opened(path: Path | str = ":memory:") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, sorted(MIGRATIONS.glob("*.sql")))
    return connection


def test_sqlite_has_the_columns_of_the_schema() -> None:
    with closing(opened()) as connection:
        found = {
            table: {
                name: (kind, bool(required))
                for _, name, kind, required, *_ in connection.execute(f"PRAGMA table_info({table})")
            }
            for table in TABLES
        }
    assert found == {
        table: {name: (AFFINITY[kind], name not in NULLABLE) for name, kind in columns.items()}
        for table, columns in TABLES.items()
    }


def test_sums_over_calls_never_read_what_was_said() -> None:
    until = START + timedelta(days=1)
    sums: list[Query] = [
        figures.costs(START, until),
        figures.call_rates(START),
        figures.latencies(START),
        figures.task_costs(START, until),
        figures.model_outcomes(START, until),
    ]
    with closing(opened()) as connection:
        for query in sums:
            plan = connection.execute(
                f"EXPLAIN QUERY PLAN {for_sqlite(query.name)}", bound(query)
            ).fetchall()
            assert "COVERING INDEX agent_interactions_" in str(plan), query.name

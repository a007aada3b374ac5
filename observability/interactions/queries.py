"""Reads queries.sql, and carries a query to SQLite."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from core.figures import Answer, Query
from observability.interactions.rows import instant

FILE = Path(__file__).with_name("queries.sql")
NAME = re.compile(r"^-- name: (\w+)\n", re.M)


@cache
def queries() -> dict[str, str]:
    """Each query by its name, in BigQuery's SQL."""
    _, *parts = NAME.split(FILE.read_text())
    return {
        name: sql.strip().removesuffix(";")
        for name, sql in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def for_sqlite(name: str) -> str:
    """A query in SQLite's SQL; the first call imports sqlglot, and takes its time."""
    import sqlglot

    return sqlglot.transpile(
        queries()[name], read="bigquery", write="sqlite", unsupported_level=sqlglot.ErrorLevel.RAISE
    )[0]


def bound(query: Query[Answer]) -> dict[str, Any]:
    """What a query is given, as SQLite binds it."""
    return {
        name: instant(value) if isinstance(value, datetime) else value
        for name, value in query.given.items()
    }

"""Searches the event log backwards, a bounded stretch of it at a time."""

import json
import sqlite3
from collections.abc import Iterator

from core.events import EventFilter

SCANNED_MAX = 50_000
"""Numbers that one search looks at; who wants more goes on from where it ended."""


def envelopes_before(
    connection: sqlite3.Connection, before: int, only: EventFilter, limit: int
) -> tuple[list[str], int]:
    """Envelopes that fit, newest first, and the number to go on before; 0 where nothing is left."""
    floor = max(only.after, before - 1 - SCANNED_MAX)
    rows = connection.execute(
        "SELECT seq, envelope FROM events WHERE seq > :floor AND seq < :before"
        " AND (:task = '' OR task_id = :task)"
        " AND (:role = '' OR json_extract(envelope, '$.role') = :role)"
        " AND (:types = '[]'"
        " OR json_extract(envelope, '$.type') IN (SELECT value FROM json_each(:types)))"
        " AND (:words = '' OR envelope LIKE :words ESCAPE '\\')"
        " ORDER BY seq DESC LIMIT :limit",
        {
            "floor": floor,
            "before": before,
            "task": only.task_id,
            "role": only.role,
            "types": json.dumps(list(only.types)),
            "words": "".join(_pattern(only.words)),
            "limit": limit + 1,
        },
    ).fetchall()
    if len(rows) > limit:
        return [envelope for _, envelope in rows[:limit]], rows[limit - 1][0]
    return [envelope for _, envelope in rows], floor + 1 if floor > only.after else 0


def _pattern(words: str) -> Iterator[str]:
    """Words as JSON spells them, for LIKE; nothing for none."""
    if words:
        yield "%"
        for sign in json.dumps(words, ensure_ascii=False)[1:-1]:
            yield f"\\{sign}" if sign in "%_\\" else sign
        yield "%"

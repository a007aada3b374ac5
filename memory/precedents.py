"""Precedents in a SQLite file of their own: found by BM25 (FTS5), judged by likeness of reports."""

import sqlite3
from datetime import datetime
from functools import partial
from pathlib import Path

from core.precedents import Precedent
from memory.likeness import cosine, keywords
from memory.stores.sqlite.rows import revive
from observability.database import Database

MIGRATIONS = Path(__file__).parent / "migrations" / "precedents"
FILE_NAME = "precedents.db"
ALIKE = 0.80
"""Cosine of the keywords of two reports from which on one is a hint for the other."""
FOUND_MAX = 10
WORDS_MAX = 60
"""Keywords of a report that are looked for."""
WORDS_MIN = 3
"""A report with fewer says too little to be like another."""


class SqlitePrecedents:
    """Serves the port Precedents."""

    def __init__(self, database: Database, *, across: bool = False) -> None:
        """`across` lets a task of another repository be a hint."""
        self._database = database
        self._across = across

    @classmethod
    async def open(cls, folder: Path, *, across: bool = False) -> "SqlitePrecedents":
        """Open `precedents.db` in a folder; raises StoreUnusable."""
        return cls(await Database.open(folder / FILE_NAME, MIGRATIONS), across=across)

    async def keep(self, precedent: Precedent) -> None:
        await self._database.write(partial(_keep, precedent=precedent))

    async def alike(self, report: str, repository: str) -> Precedent | None:
        words = keywords(report)
        if len(words) < WORDS_MIN:
            return None
        found = await self._database.read(
            partial(_found, words=words, repository="" if self._across else repository)
        )
        likeness = {one.task_id: cosine(words, keywords(one.report)) for one in found}
        best = max(found, key=lambda one: likeness[one.task_id], default=None)
        return best if best and likeness[best.task_id] >= ALIKE else None

    async def forget(self, before: datetime) -> int:
        return await self._database.write(partial(_forget, before=before))

    async def close(self) -> None:
        """Let go of the file."""
        await self._database.close()


def _forget(connection: sqlite3.Connection, before: datetime) -> int:
    rows = connection.execute(
        "SELECT task_id FROM precedents"
        " WHERE julianday(json_extract(document, '$.ended_at')) < julianday(?)",
        (before.isoformat(),),
    )
    old = [task_id for (task_id,) in rows]
    for task_id in old:
        _drop(connection, task_id)
    return len(old)


def _drop(connection: sqlite3.Connection, task_id: str) -> None:
    gone = connection.execute(
        "DELETE FROM precedents WHERE task_id = ? RETURNING number", (task_id,)
    ).fetchone()
    if gone:
        connection.execute("DELETE FROM precedent_words WHERE rowid = ?", gone)


def _keep(connection: sqlite3.Connection, precedent: Precedent) -> None:
    """Put it in place of what was kept of the same task."""
    _drop(connection, precedent.task_id)
    kept = connection.execute(
        "INSERT INTO precedents (task_id, repository, document, seal)"
        " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))",
        (precedent.task_id, precedent.repository, precedent.model_dump_json()),
    )
    texts = (precedent.report, precedent.cause, precedent.diff)
    connection.execute(
        "INSERT INTO precedent_words (rowid, report, cause, diff, outcome) VALUES (?, ?, ?, ?, ?)",
        (kept.lastrowid, *(" ".join(keywords(text)) for text in texts), precedent.outcome),
    )


def _found(
    connection: sqlite3.Connection, words: frozenset[str], repository: str
) -> tuple[Precedent, ...]:
    """The best by BM25, newest first among equals; of any repository where none is named."""
    wanted = " OR ".join(f'"{word}"' for word in sorted(words)[:WORDS_MAX])
    rows = connection.execute(
        "SELECT p.task_id, p.document FROM precedent_words"
        " JOIN precedents AS p ON p.number = precedent_words.rowid"
        " WHERE precedent_words MATCH ? AND (? = '' OR p.repository = ?)"
        " ORDER BY bm25(precedent_words), p.number DESC LIMIT ?",
        (f"report : ({wanted})", repository, repository, FOUND_MAX),
    )
    return tuple(revive(Precedent, text, task_id) for task_id, text in rows)

"""LangGraph's checkpoints in SQLite: strict, fenced by the task's lease, committed in groups."""

import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from core.errors import AntonError, LeaseLost
from core.values import require_json
from memory.artifacts import refs_in
from memory.serialisation import StrictSerializer
from observability.database import Database
from observability.database_file import unusable

MIGRATIONS = Path(__file__).parent / "migrations" / "checkpoints"
FILE_NAME = "checkpoints.db"
ERROR = "__error__"
"""LangGraph's channel for the exception of a step."""
GENERATION = "lease_generation"
"""Name of the lease's generation in a run's `configurable`."""

Guard = Callable[[str, int], Awaitable[bool]]
"""Whether this generation of a thread's lease still has the word, as `TaskStore.holds`."""

_PUT = """
INSERT OR REPLACE INTO checkpoints
    (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata,
    seal)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, checksum(?3, ?5, ?6, ?7))
"""
_PUT_WRITE = """
INSERT OR {} INTO writes
    (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value, seal)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, checksum(?4, ?6, ?7, ?8, ?9))
"""
_CONTENTS = (
    "SELECT checkpoint FROM checkpoints WHERE thread_id = ?",
    "SELECT value FROM writes WHERE thread_id = ?",
)
_OLDER = """
DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < (
    SELECT max(c.checkpoint_id) FROM checkpoints c
    WHERE c.thread_id = {table}.thread_id AND c.checkpoint_ns = {table}.checkpoint_ns)
"""


class FencedSaver(AsyncSqliteSaver):
    """A checkpointer that writes only for whoever holds the newest lease of a thread.

    It asks the guard, and keeps the greatest generation it has seen in the same file: a worker
    that slept between guard and write is refused in the very transaction of that write.
    """

    def __init__(self, database: Database, reader: aiosqlite.Connection, guard: Guard) -> None:
        super().__init__(reader, serde=StrictSerializer())
        self.is_setup = True  # the migrations have made the tables
        self._database = database
        self._guard = guard

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The newest checkpoint; reading under a lease shuts older generations out."""
        if GENERATION in config["configurable"]:
            thread_id, generation = await self._checked(config)
            await self._database.write(lambda file: _fence(file, thread_id, generation))
        try:
            return await super().aget_tuple(config)
        except sqlite3.Error as error:
            raise unusable(self._database.path, error) from error

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint, durable on return; raises LeaseLost."""
        thread_id, generation = await self._checked(config)
        place = config["configurable"]
        notes = json.dumps(get_checkpoint_metadata(config, metadata))
        row = (
            thread_id,
            place["checkpoint_ns"],
            checkpoint["id"],
            place.get("checkpoint_id"),
            *self.serde.dumps_typed(checkpoint),
            notes.encode(),
        )

        def put(file: sqlite3.Connection) -> None:
            _fence(file, thread_id, generation)
            file.execute(_PUT, row)

        await self._database.write(put)
        return {
            "configurable": {
                "thread_id": thread_id,
                "checkpoint_ns": place["checkpoint_ns"],
                "checkpoint_id": checkpoint["id"],
            }
        }

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Write what a node returned; raises LeaseLost, and TypeError for what is no plain JSON."""
        thread_id, generation = await self._checked(config)
        for channel, value in writes:
            if not channel.startswith("__"):
                require_json(value, channel)
        writes = [(c, _told(v) if c == ERROR else v) for c, v in writes]
        place = config["configurable"]
        rows = [
            (
                thread_id,
                str(place["checkpoint_ns"]),
                str(place["checkpoint_id"]),
                task_id,
                task_path,
                WRITES_IDX_MAP.get(channel, index),
                channel,
                *self.serde.dumps_typed(value),
            )
            for index, (channel, value) in enumerate(writes)
        ]
        special = all(channel in WRITES_IDX_MAP for channel, _ in writes)
        statement = _PUT_WRITE.format("REPLACE" if special else "IGNORE")

        def put(file: sqlite3.Connection) -> None:
            _fence(file, thread_id, generation)
            file.executemany(statement, rows)

        await self._database.write(put)

    async def prune(self, thread_id: str) -> None:  # type: ignore[override]
        """Keep only the newest checkpoint of a thread and what was written on top of it.

        Narrower than the base class's, which nothing calls: one thread, and awaited.
        """

        def delete(file: sqlite3.Connection) -> None:
            for table in ("writes", "checkpoints"):
                file.execute(_OLDER.format(table=table), (thread_id,))

        await self._database.write(delete)

    async def check(self) -> None:
        """Look whether the file answers; raises StoreUnusable."""
        await self._database.read(
            lambda file: file.execute("SELECT 1 FROM checkpoints LIMIT 1").fetchone()
        )

    async def mentioned(self, thread_ids: Collection[str]) -> set[str]:
        """References of artifacts that these threads hold."""

        def look(file: sqlite3.Connection) -> set[str]:
            found = set[str]()
            for thread_id in thread_ids:
                for statement in _CONTENTS:
                    for (content,) in file.execute(statement, (thread_id,)):
                        found |= refs_in(content or b"")
            return found

        return await self._database.read(look)

    async def forget(self, thread_id: str) -> None:
        """Take a thread out altogether."""
        await self.adelete_thread(thread_id)

    async def adelete_thread(self, thread_id: str) -> None:
        """Take a thread out altogether; its fence stays, so that no stale worker revives it."""

        def delete(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM writes WHERE thread_id = ?", (thread_id,))
            file.execute("DELETE FROM checkpoints WHERE thread_id = ?", (thread_id,))

        await self._database.write(delete)

    async def _checked(self, config: RunnableConfig) -> tuple[str, int]:
        thread_id = str(config["configurable"]["thread_id"])
        generation = config["configurable"].get(GENERATION)
        if type(generation) is not int or not await self._guard(thread_id, generation):
            raise LeaseLost()
        return thread_id, generation


@asynccontextmanager
async def open_checkpoints(path: Path, guard: Guard) -> AsyncIterator[FencedSaver]:
    """Open the file at `path`, made when missing; raises StoreUnusable and leaves it untouched."""
    database = await Database.open(path, MIGRATIONS)
    try:
        async with aiosqlite.connect(path) as reader:
            yield FencedSaver(database, reader, guard)
    finally:
        await database.close()


def _told(error: object) -> str:
    """What is kept of an exception: our own words, and of any other only its kind."""
    return str(error) if isinstance(error, AntonError) else type(error).__name__


def _fence(file: sqlite3.Connection, thread_id: str, generation: int) -> None:
    row = file.execute("SELECT generation FROM fences WHERE thread_id = ?", (thread_id,)).fetchone()
    if row and row[0] > generation:
        raise LeaseLost()
    if not row or row[0] < generation:
        file.execute(
            "INSERT INTO fences (thread_id, generation) VALUES (?, ?)"
            " ON CONFLICT (thread_id) DO UPDATE SET generation = excluded.generation",
            (thread_id, generation),
        )

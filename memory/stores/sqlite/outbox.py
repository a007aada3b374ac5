"""Outer effects in SQLite, each a row before it is done."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from core.effects import Effect, EffectState
from core.errors import Conflict, NotFound
from core.ports import Clock
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database

COLUMNS = "key, task_id, step, payload_hash, state, result, error, attempts, created_at, settled_at"
SELECT = f"SELECT {COLUMNS} FROM effects"  # noqa: S608 - made of constants


class SqliteOutbox:
    """Serves the port Outbox."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, key: str, task_id: str, step: str, payload_hash: str) -> Effect:
        """Serves the port; a row that is done comes back as it is, a failed one starts anew."""
        return await self._database.write(
            lambda connection: _begin(
                connection, (key, task_id, step, payload_hash, stamp(self._clock.now()))
            )
        )

    async def settle(self, key: str, result: Mapping[str, Any]) -> Effect:
        """Serves the port; what is settled already stays as it is."""
        document = json.dumps(dict(result), allow_nan=False)
        return await self._database.write(
            partial(self._end, key=key, state=EffectState.DONE, result=document, error="")
        )

    async def fail(self, key: str, error: str) -> Effect:
        """Serves the port; what is settled already stays as it is."""
        return await self._database.write(
            partial(self._end, key=key, state=EffectState.FAILED, result="{}", error=error)
        )

    async def open_effects(self, task_id: str = "") -> Sequence[Effect]:
        def read(connection: sqlite3.Connection) -> tuple[Effect, ...]:
            return _select(
                connection,
                "WHERE state = 'started' AND (task_id = ? OR ? = '') ORDER BY number",
                task_id,
                task_id,
            )

        return await self._database.read(read)

    def _end(
        self,
        connection: sqlite3.Connection,
        key: str,
        state: EffectState,
        result: str,
        error: str,
    ) -> Effect:
        connection.execute(
            "UPDATE effects SET state = ?, result = ?, error = ?, settled_at = ?"
            " WHERE key = ? AND state = 'started'",
            (state.value, result, error, stamp(self._clock.now()), key),
        )
        return _get(connection, key)


def _select(connection: sqlite3.Connection, rest: str, *values: str) -> tuple[Effect, ...]:
    return tuple(_effect(row) for row in connection.execute(f"{SELECT} {rest}", values))


def _effect(row: tuple[Any, ...]) -> Effect:
    fields = dict(zip(COLUMNS.split(", "), row, strict=True))
    return revive(Effect, {**fields, "result": json.loads(fields["result"])}, row[0])


def _get(connection: sqlite3.Connection, key: str) -> Effect:
    found = _select(connection, "WHERE key = ?", key)
    if not found:
        raise NotFound(f"There is no effect {key}.")
    return found[0]


def _begin(connection: sqlite3.Connection, row: tuple[str, str, str, str, str]) -> Effect:
    key, task_id, _, payload_hash, _ = row
    found = _select(connection, "WHERE key = ?", key)
    if found:
        if found[0].payload_hash != payload_hash or found[0].task_id != task_id:
            raise Conflict(f"The effect {key} was begun with another payload.")
        connection.execute(
            "UPDATE effects SET state = 'started', attempts = attempts + 1, error = '',"
            " settled_at = NULL WHERE key = ? AND state <> 'done'",
            (key,),
        )
        return _get(connection, key)
    try:
        connection.execute(
            "INSERT INTO effects (key, task_id, step, payload_hash, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            row,
        )
    except sqlite3.IntegrityError as error:
        raise NotFound(f"There is no task {task_id}.") from error
    return _get(connection, key)

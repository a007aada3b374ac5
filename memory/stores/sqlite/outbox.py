"""Outer effects in SQLite, each a row before it is done."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from core.effects import Effect, EffectState
from core.errors import Conflict, NotFound
from core.ports import Clock
from core.values import require_json
from memory.stores.sqlite.rows import canonical, digest, revive
from observability.database import Database

SELECT = "SELECT key, document FROM effects"


class SqliteOutbox:
    """Serves the port Outbox."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, key: str, task_id: str, step: str, payload: Mapping[str, Any]) -> Effect:
        """Serves the port; a row that is done comes back as it is, a failed one starts anew."""
        plain = dict(payload)
        require_json(plain, "payload")
        effect = Effect(
            key=key,
            task_id=task_id,
            step=step,
            payload_hash=digest(canonical(plain)),
            payload=plain,
            created_at=self._clock.now(),
        )
        return await self._database.write(partial(_begin, effect=effect))

    async def settle(self, key: str, result: Mapping[str, Any]) -> Effect:
        """Serves the port; what is settled already stays as it is."""
        require_json(dict(result), "result")
        return await self._end(key, state=EffectState.DONE, result=dict(result))

    async def fail(self, key: str, error: str) -> Effect:
        """Serves the port; what is settled already stays as it is."""
        return await self._end(key, state=EffectState.FAILED, error=error)

    async def give_up(self, key: str, error: str) -> Effect:
        """Serves the port; what is settled already stays as it is."""
        return await self._end(key, state=EffectState.UNKNOWN, error=error)

    async def of(self, task_id: str) -> Sequence[Effect]:
        return await self._database.read(
            lambda connection: _select(connection, "WHERE task_id = ? ORDER BY number", task_id)
        )

    async def done(self, step: str) -> Mapping[str, datetime]:
        settled = "json_extract(document, '$.settled_at')"
        rows = await self._database.read(
            lambda connection: connection.execute(
                f"SELECT task_id, min({settled}) FROM effects"  # noqa: S608 - made of constants
                " WHERE state = 'done' AND json_extract(document, '$.step') = ? GROUP BY task_id",
                (step,),
            ).fetchall()
        )
        return {task_id: datetime.fromisoformat(at) for task_id, at in rows}

    async def open_effects(self, task_id: str = "") -> Sequence[Effect]:
        narrowed = " AND task_id = ?" if task_id else ""
        values = (task_id,) if task_id else ()
        return await self._database.read(
            lambda connection: _select(
                connection, f"WHERE state = 'started'{narrowed} ORDER BY number", *values
            )
        )

    async def _end(self, key: str, **changes: Any) -> Effect:
        return await self._database.write(
            lambda connection: _end(connection, key, self._clock.now(), changes)
        )


def _select(connection: sqlite3.Connection, rest: str, *values: str) -> tuple[Effect, ...]:
    rows = connection.execute(f"{SELECT} {rest}", values)
    return tuple(revive(Effect, document, key) for key, document in rows)


def _get(connection: sqlite3.Connection, key: str) -> Effect:
    found = _select(connection, "WHERE key = ?", key)
    if not found:
        raise NotFound(f"There is no effect {key}.")
    return found[0]


def _begin(connection: sqlite3.Connection, effect: Effect) -> Effect:
    found = _select(connection, "WHERE key = ?", effect.key)
    if found:
        return _begin_again(connection, found[0], effect)
    try:
        connection.execute(
            "INSERT INTO effects (document, seal) VALUES (?1, checksum(?1))",
            (effect.model_dump_json(),),
        )
    except sqlite3.IntegrityError as error:
        raise NotFound(f"There is no task {effect.task_id}.") from error
    return effect


def _begin_again(connection: sqlite3.Connection, earlier: Effect, asked: Effect) -> Effect:
    if (earlier.payload_hash, earlier.task_id) != (asked.payload_hash, asked.task_id):
        raise Conflict(f"The effect {asked.key} was begun with another payload.")
    if earlier.state is EffectState.DONE:
        return earlier
    return _rewrite(
        connection,
        earlier.but(
            state=EffectState.STARTED,
            payload=asked.payload,
            attempts=earlier.attempts + 1,
            error="",
            settled_at=None,
        ),
    )


def _end(
    connection: sqlite3.Connection, key: str, now: datetime, changes: dict[str, Any]
) -> Effect:
    effect = _get(connection, key)
    if effect.state is not EffectState.STARTED:
        return effect
    return _rewrite(connection, effect.but(**changes, settled_at=now))


def _rewrite(connection: sqlite3.Connection, effect: Effect) -> Effect:
    connection.execute(
        "UPDATE effects SET document = ?1, seal = checksum(?1) WHERE key = ?2",
        (effect.model_dump_json(), effect.key),
    )
    return effect

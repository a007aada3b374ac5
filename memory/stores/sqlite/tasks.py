"""Tasks in SQLite: a JSON document each, and columns made of it for lists and queues."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from core.errors import Conflict, LeaseLost, NotFound
from core.ports import Clock, Page, TaskFilter
from core.tasks import Lease, Task, TaskStatus
from memory.stores.sqlite import ages, keys, leases
from memory.stores.sqlite.rows import numbered, revive, stamp
from observability.database import Database

OPEN_AFTER_THE_END = {"result", "usage"}
PAGE_MAX = 200
FOUND_MAX = 10


class SqliteTaskStore:
    """Serves the port TaskStore."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, task: Task, *, idempotency_key: str = "") -> Task:
        return await self._database.write(
            partial(_add, task=task, key=idempotency_key, now=self._clock.now())
        )

    async def get(self, task_id: str) -> Task:
        return await self._database.read(partial(get, task_id=task_id))

    async def find(self, prefix: str) -> Sequence[Task]:
        if prefix == "latest":
            return (await self.list(TaskFilter(), limit=1)).tasks
        return await self._database.read(partial(_find, prefix=prefix.lower()))

    async def list(self, only: TaskFilter, *, cursor: str = "", limit: int = 50) -> Page:
        return await self._database.read(
            partial(_list, only=only, cursor=cursor, limit=max(1, min(limit, PAGE_MAX)))
        )

    async def counts(self) -> Mapping[TaskStatus, int]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT status, count(*) FROM tasks GROUP BY status"
            ).fetchall()
        )
        found = Counter({TaskStatus(status): count for status, count in rows})
        return {status: found[status] for status in TaskStatus}

    async def check(self) -> None:
        """Look whether the queue answers; raises StoreUnusable."""
        await self.counts()

    async def outcomes(self) -> Mapping[str, int]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT outcome, count(*) FROM tasks WHERE outcome <> '' GROUP BY outcome"
            ).fetchall()
        )
        return dict(rows)

    async def take(self, owner: str, *, limit_running: int, ttl_s: float) -> Lease | None:
        return await self._database.write(
            lambda connection: leases.take_next(
                connection, owner, self._clock.now(), limit_running, ttl_s
            )
        )

    async def lease(self, task_id: str, owner: str, *, ttl_s: float) -> Lease | None:
        return await self._database.write(
            lambda connection: leases.take(connection, task_id, owner, self._clock.now(), ttl_s)
        )

    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease:
        return await self._database.write(
            lambda connection: leases.renew(connection, lease, self._clock.now(), ttl_s)
        )

    async def release(self, lease: Lease) -> None:
        await self._database.write(partial(leases.release, lease=lease))

    async def holds(self, task_id: str, generation: int) -> bool:
        return await self._database.read(
            lambda connection: leases.holds(connection, task_id, generation, self._clock.now())
        )

    async def update(self, task_id: str, lease: Lease | None = None, **changes: Any) -> Task:
        """Serves the port; `started_at` and `ended_at` follow from the status where not given."""
        return await self._database.write(
            lambda connection: _update(connection, task_id, lease, changes, self._clock.now())
        )

    async def crash(self, task_id: str, node: str) -> int:
        return await self._database.write(
            lambda connection: leases.count_crash(
                connection, get(connection, task_id), node, self._clock.now()
            )
        )

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        return await ages.forgotten(self._database, ages.DIFFS, before, open_tasks)


def _add(connection: sqlite3.Connection, task: Task, key: str, now: datetime) -> Task:
    if first := keys.first(connection, task.request, key, now):
        if not first.task_id:
            raise Conflict("This idempotency key came with a report that began no task.")
        return get(connection, first.task_id)
    insert(connection, task)
    came_to = keys.First(how="started", task_id=task.task_id)
    keys.remember(connection, task.request, key, came_to, now)
    return task


def insert(connection: sqlite3.Connection, task: Task) -> Task:
    """Write a new task down; raises Conflict for one that is there, or for a taken incident."""
    try:
        connection.execute(
            "INSERT INTO tasks (task_id, document, seal) VALUES (?1, ?2, checksum(?2))",
            (task.task_id, task.model_dump_json()),
        )
    except sqlite3.IntegrityError as error:
        raise Conflict(f"There is a task {task.task_id} already, or one at its fault.") from error
    return task


def get(connection: sqlite3.Connection, task_id: str) -> Task:
    """One task; raises NotFound."""
    row = connection.execute("SELECT document FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no task {task_id}.")
    return revive(Task, row[0], task_id)


def _find(connection: sqlite3.Connection, prefix: str) -> Sequence[Task]:
    if not prefix:
        return ()
    rows = connection.execute(
        "SELECT task_id, document FROM tasks WHERE task_id BETWEEN ? AND ? || '~'"
        " ORDER BY number DESC LIMIT ?",
        (prefix, prefix, FOUND_MAX),
    ).fetchall()
    return tuple(revive(Task, document, task_id) for task_id, document in rows)


def _list(connection: sqlite3.Connection, only: TaskFilter, cursor: str, limit: int) -> Page:
    wanted = {
        "status": only.status.value if only.status else "",
        "outcome": only.outcome,
        "workflow": only.workflow,
        "repository": only.repository,
        "source": only.source,
        "incident_id": only.incident,
    }
    narrowed = {column: value for column, value in wanted.items() if value}
    conditions = [f"{column} = ?" for column in narrowed]
    values: list[str | int] = list(narrowed.values())
    if cursor:
        conditions.append("number < ?")
        values.append(numbered(cursor))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        f"SELECT number, task_id, document FROM tasks {where}"  # noqa: S608 - made of constants
        " ORDER BY number DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    shown = rows[:limit]
    return Page(
        tasks=tuple(revive(Task, document, task_id) for _, task_id, document in shown),
        cursor=str(shown[-1][0]) if len(rows) > limit else "",
    )


def _update(
    connection: sqlite3.Connection,
    task_id: str,
    lease: Lease | None,
    changes: dict[str, Any],
    now: datetime,
) -> Task:
    task = get(connection, task_id)
    if task.status.ended and not changes.keys() <= OPEN_AFTER_THE_END:
        raise Conflict(f"The task has ended: it is {task.status.value}.")
    task = _with_times(task.but(**changes), now)
    fence = f" AND {leases.HELD}" if lease else ""
    written = connection.execute(
        "UPDATE tasks SET document = :document, seal = checksum(:document)"  # noqa: S608 - constants
        f" WHERE task_id = :task_id{fence}",
        {
            "document": task.model_dump_json(),
            "task_id": task_id,
            "generation": lease.generation if lease else 0,
            "now": stamp(now),
        },
    ).rowcount
    if not written:
        raise LeaseLost()
    return task


def _with_times(task: Task, now: datetime) -> Task:
    began = task.started_at or (now if task.status is TaskStatus.RUNNING else None)
    ended = task.ended_at or (now if task.status.ended else None)
    return task.but(updated_at=now, started_at=began, ended_at=ended)

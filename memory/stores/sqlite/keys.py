"""Idempotency keys in SQLite: what a report came to the first time, for a day."""

import sqlite3
from datetime import datetime, timedelta

from core.errors import Conflict
from core.incidents import Incident
from core.reports import How
from core.tasks import TaskRequest
from core.values import Value
from memory.stores.sqlite.rows import canonical, digest, revive, stamp

KEPT = timedelta(hours=24)


class First(Value):
    """What became of the first report that came with a key."""

    how: How
    task_id: str = ""
    """Of the task that was begun or joined; empty where there is none."""
    incident: Incident | None = None
    """As it stood then; only where no task stands for the report."""


def first(
    connection: sqlite3.Connection, request: TaskRequest, key: str, now: datetime
) -> First | None:
    """What a key stands for; raises Conflict for another request."""
    row = connection.execute(
        "SELECT request_hash, how, task_id, incident FROM answers_by_key"
        " WHERE key = ? AND created_at > ?",
        (key, stamp(now - KEPT)),
    ).fetchone()
    if row is None:
        return None
    hashed, how, task_id, incident = row
    if hashed != _hash(request):
        raise Conflict("This idempotency key came with another request before.")
    return First(
        how=how,
        task_id=task_id or "",
        incident=revive(Incident, incident, "of a key") if incident else None,
    )


def remember(
    connection: sqlite3.Connection, request: TaskRequest, key: str, came_to: First, now: datetime
) -> None:
    """Let a key stand for what its report came to, and forget old ones; without a key nothing."""
    if not key:
        return
    connection.execute("DELETE FROM answers_by_key WHERE created_at <= ?", (stamp(now - KEPT),))
    incident = came_to.incident.model_dump_json() if came_to.incident else None
    connection.execute(
        "INSERT INTO answers_by_key (key, request_hash, how, task_id, incident, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (key, _hash(request), came_to.how, came_to.task_id or None, incident, stamp(now)),
    )


def _hash(request: TaskRequest) -> str:
    return digest(canonical(request.dump()))

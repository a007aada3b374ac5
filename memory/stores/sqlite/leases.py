"""Who may drive which task: SQL over leases, each function inside a transaction of its caller."""

import sqlite3
from datetime import datetime, timedelta

from core.errors import LeaseLost, NotFound
from core.tasks import Lease, Task, TaskStatus
from memory.stores.sqlite.rows import revive, stamp

FREE = """
NOT EXISTS (SELECT 1 FROM leases l WHERE l.task_id = t.task_id
    AND l.owner IS NOT NULL AND l.expires_at > :now)
"""
NEXT = f"""
SELECT task_id FROM (
    SELECT * FROM (
        SELECT t.task_id, t.urgency, t.number FROM tasks t
        WHERE t.status IN ('queued', 'running') AND {FREE}
        ORDER BY t.urgency, t.number LIMIT 1)
    UNION ALL SELECT * FROM (
        SELECT t.task_id, t.urgency, t.number FROM approvals a JOIN tasks t ON t.task_id = a.task_id
        WHERE a.applied_at IS NULL AND a.state NOT IN ('pending', 'void')
            AND t.status = 'waiting_for_input' AND {FREE}
        ORDER BY t.urgency, t.number LIMIT 1)
    UNION ALL SELECT * FROM (
        SELECT t.task_id, t.urgency, t.number FROM tasks t
        WHERE t.cancel_requested = 1 AND t.status NOT IN ('completed', 'failed', 'cancelled')
            AND {FREE}
        ORDER BY t.urgency, t.number LIMIT 1)
    UNION ALL SELECT * FROM (
        SELECT t.task_id, t.urgency, t.number FROM leases d JOIN tasks t ON t.task_id = d.task_id
        WHERE d.owner IS NOT NULL AND d.expires_at <= :now
            AND t.status IN ('completed', 'failed', 'cancelled')
        ORDER BY t.urgency, t.number LIMIT 1)
) ORDER BY urgency, number LIMIT 1
"""  # noqa: S608 - made of constants
HELD = """
EXISTS (SELECT 1 FROM leases WHERE task_id = :task_id AND generation = :generation
    AND owner IS NOT NULL AND expires_at > :now)
"""


def take_next(
    connection: sqlite3.Connection, owner: str, now: datetime, limit_running: int, ttl_s: float
) -> Lease | None:
    """Lease the most urgent, then oldest task with work to do."""
    running = connection.execute(
        "SELECT count(*) FROM leases WHERE owner IS NOT NULL AND expires_at > ?", (stamp(now),)
    ).fetchone()[0]
    if running >= limit_running:
        return None
    row = connection.execute(NEXT, {"now": stamp(now)}).fetchone()
    return grant(connection, row[0], owner, now, ttl_s) if row else None


def take(
    connection: sqlite3.Connection, task_id: str, owner: str, now: datetime, ttl_s: float
) -> Lease | None:
    """Lease this task; None while a lease of it lives, or when it has ended."""
    row = connection.execute("SELECT status FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no task {task_id}.")
    held = connection.execute(
        "SELECT 1 FROM leases WHERE task_id = ? AND owner IS NOT NULL AND expires_at > ?",
        (task_id, stamp(now)),
    ).fetchone()
    if held or TaskStatus(row[0]).ended:
        return None
    return grant(connection, task_id, owner, now, ttl_s)


def grant(
    connection: sqlite3.Connection, task_id: str, owner: str, now: datetime, ttl_s: float
) -> Lease:
    """Give the next generation; a lease that was never given back counts as a crash."""
    row = connection.execute(
        "SELECT owner, generation FROM leases WHERE task_id = ?", (task_id,)
    ).fetchone()
    abandoned, generation = (row[0] is not None, row[1] + 1) if row else (False, 1)
    if abandoned:
        _count_if_at_work(connection, task_id, now)
    expires_at = now + timedelta(seconds=ttl_s)
    connection.execute(
        "INSERT INTO leases (task_id, owner, generation, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (task_id) DO UPDATE SET owner = excluded.owner,"
        " generation = excluded.generation, expires_at = excluded.expires_at",
        (task_id, owner, generation, stamp(expires_at)),
    )
    return Lease(task_id=task_id, owner=owner, generation=generation, expires_at=expires_at)


def renew(connection: sqlite3.Connection, lease: Lease, now: datetime, ttl_s: float) -> Lease:
    """Prolong a lease, also one that ran out, as long as nobody else has taken the task."""
    expires_at = now + timedelta(seconds=ttl_s)
    renewed = connection.execute(
        "UPDATE leases SET expires_at = ? WHERE task_id = ? AND generation = ?"
        " AND owner IS NOT NULL",
        (stamp(expires_at), lease.task_id, lease.generation),
    ).rowcount
    if not renewed:
        raise LeaseLost()
    return lease.but(expires_at=expires_at)


def release(connection: sqlite3.Connection, lease: Lease) -> None:
    """Give a lease back, unless a newer one stands."""
    connection.execute(
        "UPDATE leases SET owner = NULL WHERE task_id = ? AND generation = ?",
        (lease.task_id, lease.generation),
    )


def holds(connection: sqlite3.Connection, task_id: str, generation: int, now: datetime) -> bool:
    """Whether a lease of this generation lives."""
    found = connection.execute(
        f"SELECT {HELD}",
        {"task_id": task_id, "generation": generation, "now": stamp(now)},
    ).fetchone()
    return bool(found[0])


def require(connection: sqlite3.Connection, lease: Lease, now: datetime) -> None:
    """Raise LeaseLost unless this lease has the word."""
    if not holds(connection, lease.task_id, lease.generation, now):
        raise LeaseLost()


def end_all(connection: sqlite3.Connection) -> None:
    """End all leases: whoever may call this knows that their owners are dead."""
    connection.execute("UPDATE leases SET expires_at = '' WHERE owner IS NOT NULL")


def count_crash(connection: sqlite3.Connection, task: Task, node: str, now: datetime) -> int:
    """Write one more crash in a node down."""
    crashes = task.crashes.get(node, 0) + 1
    task = task.but(crashes={**task.crashes, node: crashes}, updated_at=now)
    connection.execute(
        "UPDATE tasks SET document = ?1, seal = checksum(?1) WHERE task_id = ?2",
        (task.model_dump_json(), task.task_id),
    )
    return crashes


def _count_if_at_work(connection: sqlite3.Connection, task_id: str, now: datetime) -> None:
    document = connection.execute(
        "SELECT document FROM tasks WHERE task_id = ?", (task_id,)
    ).fetchone()[0]
    task = revive(Task, document, task_id)
    if task.status in (TaskStatus.QUEUED, TaskStatus.RUNNING):
        count_crash(connection, task, task.node or "start", now)

"""Which rules were used in which tasks, and how those ended, in SQLite."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from core.learning import Due, RuleRecord
from core.ports import Clock
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database


class SqliteLessonStore:
    """Serves the port LessonStore; a task is counted in one transaction with the note of it."""

    def __init__(self, database: Database, clock: Clock, *, shared: bool = False) -> None:
        """What is `shared` also waits to be counted elsewhere."""
        self._database = database
        self._clock = clock
        self._shared = shared

    async def used(
        self, task_id: str, role: str, *, shown: Collection[str], withheld: Collection[str]
    ) -> None:
        rows = [(task_id, role, rule, 0) for rule in withheld]
        rows += [(task_id, role, rule, 1) for rule in shown]

        def note(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO rule_uses (task_id, role, rule, shown, seal)"
                " VALUES (?1, ?2, ?3, ?4, checksum(?1, ?2, ?3, ?4))"
                " ON CONFLICT (task_id, role, rule) DO UPDATE"
                " SET shown = excluded.shown, seal = excluded.seal WHERE excluded.shown = 1",
                rows,
            )

        if rows:
            await self._database.write(note)

    async def conclude(
        self, task_id: str, roles: Collection[str], *, well: bool | None, ended_at: datetime
    ) -> None:
        def count(connection: sqlite3.Connection) -> None:
            for role in roles if well is not None else ():
                if _is_new(connection, role, task_id, stamp(ended_at), int(well or False)):
                    _count(connection, role, task_id, ended_at, well=bool(well))
                    if self._shared:
                        _share(connection, role, task_id, stamp(ended_at), int(bool(well)))
            connection.execute("DELETE FROM rule_uses WHERE task_id = ?", (task_id,))

        await self._database.write(count)

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        return await self._database.read(lambda connection: _records(connection, role))

    async def due(self, interval: int) -> Sequence[Due]:
        def look(connection: sqlite3.Connection) -> tuple[Due, ...]:
            rows = connection.execute(
                "SELECT role, count(*) FROM role_results GROUP BY role HAVING count(*) >= ? +"
                " coalesce((SELECT tasks FROM reflections AS last"
                " WHERE last.role = role_results.role), 0) ORDER BY role",
                (interval,),
            )
            return tuple(Due(role, tasks) for role, tasks in rows)

        return await self._database.read(look)

    async def reflected(self, due: Due) -> None:
        at = stamp(self._clock.now())

        def note(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO reflections (role, tasks, reflected_at, seal)"
                " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3)) ON CONFLICT (role) DO UPDATE SET"
                " tasks = excluded.tasks, reflected_at = excluded.reflected_at,"
                " seal = excluded.seal",
                (due.role, due.tasks, at),
            )

        await self._database.write(note)


def _is_new(
    connection: sqlite3.Connection, role: str, task_id: str, ended_at: str, well: int
) -> bool:
    noted = connection.execute(
        "INSERT INTO role_results (role, task_id, ended_at, well, seal)"
        " VALUES (?1, ?2, ?3, ?4, checksum(?1, ?2, ?3, ?4)) ON CONFLICT DO NOTHING",
        (role, task_id, ended_at, well),
    )
    return noted.rowcount == 1


def _count(
    connection: sqlite3.Connection, role: str, task_id: str, ended_at: datetime, *, well: bool
) -> None:
    """Add a task to the records of all rules that the role had in it, or was to do without."""
    so_far = _records(connection, role)
    uses = connection.execute(
        "SELECT rule, shown FROM rule_uses WHERE task_id = ? AND role = ?", (task_id, role)
    )
    for rule, shown in uses.fetchall():
        record = so_far.get(rule, RuleRecord()).with_task(ended_at, shown=bool(shown), well=well)
        connection.execute(
            "INSERT INTO rule_records (role, rule, document, seal)"
            " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3)) ON CONFLICT (role, rule) DO UPDATE SET"
            " document = excluded.document, seal = excluded.seal",
            (role, rule, record.model_dump_json()),
        )


def _share(
    connection: sqlite3.Connection, role: str, task_id: str, ended_at: str, well: int
) -> None:
    """Let what was counted wait to be counted elsewhere too."""
    connection.execute(
        "INSERT INTO rule_counts_waiting (role, task_id, rule, shown, well, ended_at, seal)"
        " SELECT role, task_id, rule, shown, ?1, ?2,"
        " checksum(role, task_id, rule, shown, ?1, ?2)"
        " FROM rule_uses WHERE task_id = ?3 AND role = ?4",
        (well, ended_at, task_id, role),
    )


def _records(connection: sqlite3.Connection, role: str) -> dict[str, RuleRecord]:
    rows = connection.execute("SELECT rule, document FROM rule_records WHERE role = ?", (role,))
    return {rule: revive(RuleRecord, text, f"{role}: {rule}") for rule, text in rows}

"""What a task says of a rule, on its way to where all houses count together."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from core.learning import RuleRecord
from core.values import Value
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database


class Tally(Value):
    """How one task of a role ended for one of its rules."""

    role: str
    task_id: str
    rule: str
    shown: bool
    """Whether the role had it, or was to do without."""
    well: bool
    ended_at: datetime


class Records(Value):
    """The records of a role by rule, as they were read last."""

    by_rule: Mapping[str, RuleRecord] = {}


class Tallies:
    """What waits, and copies of what was counted in one place, in SQLite."""

    def __init__(self, database: Database, place: str) -> None:
        self._database = database
        self._place = place

    async def waiting(self, role: str = "") -> Sequence[Sequence[Tally]]:
        """What waits, a group for each task of a role, oldest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT role, task_id, rule, shown, well, ended_at FROM rule_counts_waiting"
                " WHERE ?1 = '' OR role = ?1 ORDER BY number",
                (role,),
            ).fetchall()
        )
        found = [Tally.model_validate(dict(zip(NAMES, row, strict=True))) for row in rows]
        groups = groupby(found, key=lambda tally: (tally.role, tally.task_id))
        return [list(group) for _, group in groups]

    async def counted(self, tallies: Sequence[Tally]) -> None:
        """They are where they belong."""
        one = tallies[0]
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM rule_counts_waiting WHERE role = ? AND task_id = ?",
                (one.role, one.task_id),
            )
        )

    async def roles(self) -> Sequence[str]:
        """The roles of all tasks that were concluded here."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT DISTINCT role FROM role_results ORDER BY role"
            ).fetchall()
        )
        return [role for (role,) in rows]

    async def settled(self, role: str, task_ids: Sequence[str], before: datetime) -> Sequence[str]:
        """Those of some tasks that were concluded here before an instant, and wait no more."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT task_id FROM role_results AS ended JOIN json_each(?1)"
                " ON json_each.value = ended.task_id WHERE role = ?2 AND ended_at < ?3"
                " AND NOT EXISTS (SELECT 1 FROM rule_counts_waiting AS waits"
                " WHERE waits.role = ended.role AND waits.task_id = ended.task_id)",
                (json.dumps(task_ids), role, stamp(before)),
            ).fetchall()
        )
        return [task_id for (task_id,) in rows]

    async def copy(self, role: str, records: Mapping[str, RuleRecord]) -> None:
        """Keep the records of a role as they were read."""
        document = Records(by_rule=records).model_dump_json()
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO rule_count_copies (place, role, document, seal)"
                " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3)) ON CONFLICT (place, role) DO UPDATE"
                " SET document = excluded.document, seal = excluded.seal",
                (self._place, role, document),
            )
        )

    async def copied(self, role: str) -> Mapping[str, RuleRecord]:
        """The records of a role as they were read last."""

        def read(connection: sqlite3.Connection) -> Mapping[str, RuleRecord]:
            row = connection.execute(
                "SELECT document FROM rule_count_copies WHERE place = ? AND role = ?",
                (self._place, role),
            ).fetchone()
            return revive(Records, row[0], role).by_rule if row else {}

        return await self._database.read(read)


NAMES = ("role", "task_id", "rule", "shown", "well", "ended_at")

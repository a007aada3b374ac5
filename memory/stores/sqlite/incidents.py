"""Incidents in SQLite, beside the tasks, so that a report is written down with its task at once."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from core import reports
from core.care import Change
from core.errors import Conflict, NotFound
from core.incidents import EntryKind, Incident, IncidentEntry, IncidentState
from core.ports import Clock, IncidentFilter, IncidentPage
from core.reports import Reported
from core.tasks import Task, TaskRequest
from memory.stores.sqlite import ages, keys, tasks
from memory.stores.sqlite.rows import numbered, revive
from observability.database import Database

PAGE_MAX = 200
FOUND_MAX = 10
MERGES_MAX = 100


class SqliteIncidentStore:
    """Serves the port IncidentStore."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self, task: Task, fingerprint: str, *, joins: bool, idempotency_key: str = ""
    ) -> Reported:
        now = self._clock.now()

        def write(connection: sqlite3.Connection) -> Reported:
            if earlier := _repeated(connection, task.request, idempotency_key, now):
                return earlier
            reported = _report(connection, task, fingerprint, joins=joins)
            keys.remember(connection, task.request, idempotency_key, _first(reported), now)
            return reported

        return await self._database.write(write)

    async def repeated(self, request: TaskRequest, idempotency_key: str) -> Reported | None:
        now = self._clock.now()
        return await self._database.read(
            lambda connection: _repeated(connection, request, idempotency_key, now)
        )

    async def start(self, incident_id: str, task: Task, by: str) -> Reported:
        def write(connection: sqlite3.Connection) -> Reported:
            task_of_it = task.but(incident_id=incident_id)
            change = reports.again(_get(connection, incident_id), task_of_it, by)
            return _started(connection, task_of_it, change)

        return await self._database.write(write)

    async def get(self, incident_id: str) -> Incident:
        return await self._database.read(partial(_get, incident_id=incident_id))

    async def find(self, prefix: str) -> Sequence[Incident]:
        def look(connection: sqlite3.Connection) -> tuple[Incident, ...]:
            rows = connection.execute(
                "SELECT incident_id, document FROM incidents"
                " WHERE incident_id BETWEEN ?1 AND ?1 || '~' ORDER BY number DESC LIMIT ?2",
                (prefix.lower(), FOUND_MAX),
            )
            return tuple(revive(Incident, document, name) for name, document in rows)

        return await self._database.read(look) if prefix else ()

    async def list(
        self, only: IncidentFilter, *, cursor: str = "", limit: int = 50
    ) -> IncidentPage:
        return await self._database.read(
            partial(_list, only=only, cursor=cursor, limit=max(1, min(limit, PAGE_MAX)))
        )

    async def counts(self) -> Mapping[IncidentState, int]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT state, count(*) FROM incidents GROUP BY state"
            ).fetchall()
        )
        found = Counter({IncidentState(state): count for state, count in rows})
        return {state: found[state] for state in IncidentState}

    async def change(
        self, incident_id: str, how: Callable[[Incident], Sequence[Change]]
    ) -> Incident:
        def write(connection: sqlite3.Connection) -> Incident:
            incident = _get(connection, incident_id)
            for after, entry in how(incident):
                _keep(connection, after, entry)
                incident = after
            return incident

        return await self._database.write(write)

    async def merge(
        self,
        incident_id: str,
        into: str,
        how: Callable[[Incident, Incident], tuple[Change, Change]],
    ) -> Incident:
        def write(connection: sqlite3.Connection) -> Incident:
            target = _end_of_merges(connection, _get(connection, into))
            gone, stays = how(_get(connection, incident_id), target)
            _keep(connection, *gone)
            _keep(connection, *stays)
            return gone[0]

        return await self._database.write(write)

    async def history(
        self, incident_id: str, *, kinds: Sequence[EntryKind] = (), limit: int = 200
    ) -> Sequence[IncidentEntry]:
        asked = (
            f" AND json_extract(document, '$.kind') IN ({', '.join('?' * len(kinds))})"
            if kinds
            else ""
        )
        rows = await self._database.read(
            lambda connection: connection.execute(
                f"SELECT document FROM incident_history WHERE incident_id = ?{asked}"  # noqa: S608 - constants
                " ORDER BY number DESC LIMIT ?",
                (incident_id, *kinds, limit),
            ).fetchall()
        )
        return tuple(revive(IncidentEntry, document, incident_id) for (document,) in rows)

    async def forget_words(self, before: datetime) -> int:
        return await ages.forgotten(self._database, ages.WORDS, before)

    async def forget(self, before: datetime) -> int:
        return await ages.forgotten(self._database, ages.HISTORY, before)


def _report(
    connection: sqlite3.Connection, task: Task, fingerprint: str, *, joins: bool, beside: str = ""
) -> Reported:
    """What becomes of a report, by the incident of its fingerprint; `beside` another one."""
    incident = _by_fingerprint(connection, fingerprint)
    if incident is None:
        return _started(connection, task, reports.opened(task, fingerprint, apart_from=beside))
    if incident.state is IncidentState.RESOLVED:
        again = reports.opened(
            task,
            incident.fingerprint,
            regression_of=incident.incident_id,
            apart_from=incident.apart_from,
        )
        return _started(connection, task, again)
    silent = incident.silent(task.created_at)
    at_work = _active(connection, incident.incident_id) or _published(connection, incident)
    if not (silent or at_work or incident.state is IncidentState.AWAITING_MERGE):
        return _started(connection, task, reports.started(incident, task))
    asks_else = at_work and not reports.asks_the_same(task.request, at_work.request)
    if joins and asks_else and not beside:
        own = reports.fingerprint_beside(incident, task.request)
        return _report(connection, task, own, joins=True, beside=incident.incident_id)
    if not joins or asks_else:
        return _started(connection, task, reports.opened_apart(task, incident))
    joined = at_work or (None if silent else _latest(connection, incident.incident_id))
    change = reports.counted(incident, task.request, task.created_at, joined)
    _keep(connection, *change)
    return Reported("silenced" if silent else "joined", joined, change[0])


def _first(reported: Reported) -> keys.First:
    """What a key stands for from now on."""
    task, incident = reported.task, reported.incident
    return keys.First(
        how=reported.how,
        task_id=task.task_id if task else "",
        incident=None if task else incident,
    )


def _repeated(
    connection: sqlite3.Connection, request: TaskRequest, key: str, now: datetime
) -> Reported | None:
    """The answer that the first report with a key got; None for a new key."""
    first = keys.first(connection, request, key, now)
    if first is None:
        return None
    task = tasks.get(connection, first.task_id) if first.task_id else None
    incident = _of_task(connection, task) if task else first.incident
    return Reported(first.how, task, incident, repeated=True)


def _started(connection: sqlite3.Connection, task: Task, change: Change) -> Reported:
    incident, entry = change
    _keep(connection, incident, entry)
    task = tasks.insert(connection, task.but(incident_id=incident.incident_id))
    return Reported("started", task, incident)


def _keep(connection: sqlite3.Connection, incident: Incident, entry: IncidentEntry) -> None:
    values = {"id": incident.incident_id, "document": incident.model_dump_json()}
    try:
        known = connection.execute(
            "UPDATE incidents SET document = :document, seal = checksum(:document)"
            " WHERE incident_id = :id",
            values,
        ).rowcount
        if not known:
            connection.execute(
                "INSERT INTO incidents (document, seal) VALUES (:document, checksum(:document))",
                values,
            )
    except sqlite3.IntegrityError as error:
        raise Conflict(
            "A newer incident of the same fault is under care.", remedy="Work on that one."
        ) from error
    connection.execute(
        "INSERT INTO incident_history (incident_id, document, seal)"
        " VALUES (?1, ?2, checksum(?1, ?2))",
        (incident.incident_id, entry.model_dump_json()),
    )


def _get(connection: sqlite3.Connection, incident_id: str) -> Incident:
    row = connection.execute(
        "SELECT document FROM incidents WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no incident {incident_id}.")
    return revive(Incident, row[0], incident_id)


def _of_task(connection: sqlite3.Connection, task: Task) -> Incident | None:
    return _get(connection, task.incident_id) if task.incident_id else None


def _by_fingerprint(connection: sqlite3.Connection, fingerprint: str) -> Incident | None:
    """The incident that reports of a fingerprint belong to: the newest, or what took it over."""
    row = connection.execute(
        "SELECT incident_id FROM incidents WHERE fingerprint = ? ORDER BY number DESC LIMIT 1",
        (fingerprint,),
    ).fetchone()
    if row is None:
        return None
    found = _get(connection, row[0])
    end = _end_of_merges(connection, found)
    if end.fingerprint == fingerprint or end.state is not IncidentState.RESOLVED:
        return end
    return _by_fingerprint(connection, end.fingerprint)


def _end_of_merges(connection: sqlite3.Connection, incident: Incident) -> Incident:
    for _ in range(MERGES_MAX):
        if not incident.merged_into:
            break
        incident = _get(connection, incident.merged_into)
    return incident


def _active(connection: sqlite3.Connection, incident_id: str) -> Task | None:
    """The one task of an incident that has not ended."""
    return _task(connection, incident_id, "status NOT IN ('completed', 'failed', 'cancelled')")


def _published(connection: sqlite3.Connection, incident: Incident) -> Task | None:
    """The task that has ended with a pull request, which its incident does not know of yet."""
    task = _latest(connection, incident.incident_id) if incident.task_id else None
    return task if task and task.task_id == incident.task_id and task.result.get("pr_url") else None


def _latest(connection: sqlite3.Connection, incident_id: str) -> Task | None:
    return _task(connection, incident_id, "true")


def _task(connection: sqlite3.Connection, incident_id: str, which: str) -> Task | None:
    row = connection.execute(
        f"SELECT task_id, document FROM tasks WHERE incident_id = ? AND {which}"  # noqa: S608 - constants
        " ORDER BY number DESC LIMIT 1",
        (incident_id,),
    ).fetchone()
    return revive(Task, row[1], row[0]) if row else None


def _list(
    connection: sqlite3.Connection, only: IncidentFilter, cursor: str, limit: int
) -> IncidentPage:
    conditions, values = ["true"], list[Any]()
    if only.states:
        conditions.append(f"state IN ({', '.join('?' * len(only.states))})")
        values += [state.value for state in only.states]
    for word in only.text.lower().split():
        conditions.append(
            "instr(lower(json_extract(document, '$.title') || ' ' ||"
            " json_extract(document, '$.ticket') || ' ' || json_extract(document, '$.repository')"
            " || ' ' || incident_id), ?) > 0"
        )
        values.append(word)
    if cursor:
        conditions.append("number < ?")
        values.append(numbered(cursor))
    rows = connection.execute(
        "SELECT number, incident_id, document FROM incidents"  # noqa: S608 - made of constants
        f" WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    shown = rows[:limit]
    return IncidentPage(
        incidents=tuple(revive(Incident, document, name) for _, name, document in shown),
        cursor=str(shown[-1][0]) if len(rows) > limit else "",
    )

"""Budgets in SQLite: each call is reserved before and settled after, in one transaction each."""

import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from core.budgets import Budget, Ceilings, Scope, Spending, Spent
from core.errors import BudgetExceeded, NotFound
from core.events import Notice
from core.models import Tokens
from core.ports import Clock, Reservation, Standing
from core.tasks import Lease, Usage
from memory.stores.sqlite import leases, meters
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database

T = TypeVar("T")
Tell = Callable[[Notice], Awaitable[object]]
NOTICE, STOP = 80, 100
"""Percent of a limit that are told of."""
USAGE = """
SELECT count(*), sum(nanos), count(*) FILTER (WHERE nanos IS NULL),
    sum(CASE WHEN json_extract(document, '$.settled_at') IS NULL
        THEN tokens ELSE json_extract(document, '$.tokens.sent') END),
    sum(json_extract(document, '$.tokens.received')), sum(json_extract(document, '$.seconds'))
FROM spendings WHERE task_id = ?
"""
BY_ROLE = """
SELECT json_extract(document, '$.role') AS role, count(*),
    sum(json_extract(document, '$.tokens.sent')), sum(json_extract(document, '$.tokens.received')),
    sum(json_extract(document, '$.tokens.cached')),
    sum(nanos), count(*) FILTER (WHERE nanos IS NULL), sum(json_extract(document, '$.seconds'))
FROM spendings WHERE task_id = ? AND json_extract(document, '$.settled_at') IS NOT NULL
GROUP BY role ORDER BY role
"""


class SqliteBudgets:
    """Serves the port Budgets."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ceilings: Ceilings,
        tell: Tell,
        lease: Lease | None = None,
    ) -> None:
        """Take to whom notices go; with a lease nothing is written once it is lost.

        A notice that a crash overtakes is lost rather than repeated.
        """
        self._database = database
        self._clock = clock
        self._ceilings = ceilings
        self._tell = tell
        self._lease = lease

    def under(self, lease: Lease) -> "SqliteBudgets":
        """The same budgets for one drive: a stale worker's writes are refused with LeaseLost."""
        return SqliteBudgets(self._database, self._clock, self._ceilings, self._tell, lease)

    async def reserve(
        self, task_id: str, role: str, *, tokens: int, cost_usd: float | None
    ) -> Reservation:
        spending = Spending(
            reservation_id=uuid.uuid4().hex,
            task_id=task_id,
            role=role,
            reserved_at=self._clock.now(),
            reserved_tokens=tokens,
            reserved_usd=cost_usd,
        )
        refusal, due = await self._write(
            partial(_reserve, spending=spending, ceilings=self._ceilings)
        )
        await self._send(due)
        if refusal:
            raise refusal
        return Reservation(spending.reservation_id, tokens, cost_usd)

    async def settle(
        self, reservation_id: str, tokens: Tokens, *, cost_usd: float | None, seconds: float
    ) -> Standing:
        """Serves the port; raises NotFound for a reservation that was never made."""
        now = self._clock.now()
        usage = {"tokens": tokens, "cost_usd": cost_usd, "seconds": seconds, "settled_at": now}
        stands, due = await self._write(
            lambda connection: _settle(connection, reservation_id, usage, now, self._ceilings)
        )
        await self._send(due)
        return stands

    async def standing(self, task_id: str) -> Standing:
        return await self._database.read(partial(self._standing, task_id=task_id))

    async def limit(
        self, task_id: str, *, usd: float | None = None, tokens: int | None = None
    ) -> Standing:
        def change(connection: sqlite3.Connection) -> Standing:
            meters.task_limits(connection, task_id, self._ceilings)
            budget = meters.budget_of(connection, task_id)
            if usd is not None:
                budget = budget.but(limit_usd=usd)
            if tokens is not None:
                budget = budget.but(limit_tokens=tokens)
            _keep(connection, budget)
            return self._standing(connection, task_id)

        stands = await self._write(change)
        await self._send([_raised(task_id, "task", stands.limit_usd, stands.limit_tokens)])
        return stands

    async def more(self, task_id: str, usd: float, *, key: str, scope: Scope = "task") -> Standing:
        """Serves the port; the hour cannot be raised: it passes."""
        now = self._clock.now()
        due = await self._write(
            lambda connection: _raise(connection, task_id, usd, key, scope, now, self._ceilings)
        )
        await self._send(due)
        return await self.standing(task_id)

    async def usage(self, task_id: str) -> Usage:
        """Serves the port; a call that never came back counts as it was reserved."""
        return await self._database.read(partial(_usage, task_id=task_id))

    async def by_role(self, task_id: str) -> Mapping[str, Spent]:
        return await self._database.read(
            lambda connection: {
                role: _spent(*sums) for role, *sums in connection.execute(BY_ROLE, (task_id,))
            }
        )

    def _standing(self, connection: sqlite3.Connection, task_id: str) -> Standing:
        return meters.standing(connection, task_id, self._clock.now(), self._ceilings)

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def fenced(connection: sqlite3.Connection) -> T:
            if self._lease:
                leases.require(connection, self._lease, self._clock.now())
            return work(connection)

        return await self._database.write(fenced)

    async def _send(self, due: Sequence[Notice]) -> None:
        for notice in due:
            await self._tell(notice)


def _reserve(
    connection: sqlite3.Connection, spending: Spending, ceilings: Ceilings
) -> tuple[BudgetExceeded | None, list[Notice]]:
    """Write the call down unless it does not fit; the refusal and what is to be told of it."""
    found = meters.meters(
        connection,
        spending.task_id,
        spending.reserved_at,
        ceilings,
        tokens=spending.reserved_tokens,
        usd=spending.reserved_usd,
    )
    full = next((meter for meter in found if meter.overrun), None)
    if full:
        return _refusal(full), _notices(connection, spending.task_id, [full], STOP)
    connection.execute(
        "INSERT INTO spendings (reserved_at, document, seal) VALUES (?1, ?2, checksum(?1, ?2))",
        (stamp(spending.reserved_at), spending.model_dump_json()),
    )
    return None, []


def _settle(
    connection: sqlite3.Connection,
    reservation_id: str,
    usage: Mapping[str, object],
    now: datetime,
    ceilings: Ceilings,
) -> tuple[Standing, list[Notice]]:
    row = connection.execute(
        "SELECT document FROM spendings WHERE reservation_id = ?", (reservation_id,)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no reservation {reservation_id}.")
    spending = revive(Spending, row[0], reservation_id)
    due: list[Notice] = []
    if spending.settled_at is None:
        connection.execute(
            "UPDATE spendings SET document = ?1, seal = checksum(reserved_at, ?1)"
            " WHERE reservation_id = ?2",
            (spending.but(**usage).model_dump_json(), reservation_id),
        )
        found = meters.meters(connection, spending.task_id, now, ceilings)
        nearly = [meter for meter in found if meter.nearly_full]
        due = _notices(connection, spending.task_id, nearly, NOTICE)
    return meters.standing(connection, spending.task_id, now, ceilings), due


def _refusal(meter: meters.Meter) -> BudgetExceeded:
    whose = {"task": "The budget of this task", "day": "The budget of this day"}
    return BudgetExceeded(
        f"{whose.get(meter.scope, 'The budget of this hour')} is spent: {meter.shown(meter.used)}"
        f" of {meter.shown(meter.limit)} are used or reserved, and the next call may take"
        f" {meter.shown(meter.at_stake)}.",
        remedy=f"raise the limit of this {meter.scope}, or {meter.option}",
        scope=meter.scope,
    )


def _notices(
    connection: sqlite3.Connection, task_id: str, found: Sequence[meters.Meter], percent: int
) -> list[Notice]:
    """What was not told yet about these limits; from now on it counts as told."""
    due = []
    for meter in found:
        budget = meters.budget_of(connection, meter.subject)
        said = f"{percent}% of {meter.shown(meter.limit)}"
        if said not in budget.told:
            _keep(connection, budget.but(told=(*budget.told, said)))
            facts = {**meter.facts(), "notice": percent}
            due.append(Notice(type="budget", task_id=task_id, data=facts))
    return due


def _raise(
    connection: sqlite3.Connection,
    task_id: str,
    usd: float,
    key: str,
    scope: Scope,
    now: datetime,
    ceilings: Ceilings,
) -> list[Notice]:
    """Raise a limit unless the task's book holds the key already; what is to be told of it."""
    limit_usd, limit_tokens = meters.task_limits(connection, task_id, ceilings)
    own = meters.budget_of(connection, task_id)
    if key in own.raised:
        return []
    own = own.but(raised=(*own.raised, key))
    if scope == "day":
        day = meters.budget_of(connection, stamp(now)[:10])
        new_usd = round(meters.day_limit(connection, now, ceilings) + usd, 9)
        _keep(connection, day.but(limit_usd=new_usd))
        _keep(connection, own)
        return [_raised(task_id, scope, new_usd, None)]
    new_usd = round(limit_usd + usd, 9)
    limit_tokens += round(usd * ceilings.tokens_per_usd)
    _keep(connection, own.but(limit_usd=new_usd, limit_tokens=limit_tokens))
    return [_raised(task_id, scope, new_usd, limit_tokens)]


def _raised(task_id: str, scope: Scope, limit_usd: float, limit_tokens: int | None) -> Notice:
    facts = {"scope": scope, "limit_usd": limit_usd, "limit_tokens": limit_tokens}
    return Notice(type="budget", task_id=task_id, data=facts)


def _keep(connection: sqlite3.Connection, budget: Budget) -> None:
    connection.execute(
        "INSERT INTO budgets (document, seal) VALUES (?1, checksum(?1))"
        " ON CONFLICT (subject) DO UPDATE SET document = excluded.document, seal = excluded.seal",
        (budget.model_dump_json(),),
    )


def _usage(connection: sqlite3.Connection, task_id: str) -> Usage:
    calls, spent, unpriced, sent, received, seconds = connection.execute(
        USAGE, (task_id,)
    ).fetchone()
    return Usage(
        model_calls=calls,
        tokens_in=sent or 0,
        tokens_out=received or 0,
        cost_usd=None if unpriced else (spent or 0) / meters.NANOS,
        seconds_model=round(seconds or 0.0, 3),
    )


def _spent(
    calls: int,
    sent: int,
    received: int,
    cached: int,
    nanos: int | None,
    unpriced: int,
    seconds: float,
) -> Spent:
    tokens = Tokens(sent=sent, received=received, cached=cached)
    cost = None if unpriced else (nanos or 0) / meters.NANOS
    return Spent(calls, tokens, cost, round(seconds, 3))

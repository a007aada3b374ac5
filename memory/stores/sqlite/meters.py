"""What is spent and what may be: sums over the calls, each within a transaction of its caller."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from core.budgets import Budget, Ceilings, Scope
from core.errors import NotFound
from core.ports import Standing
from memory.stores.sqlite.rows import revive, stamp

NANOS = 10**9
HOUR = timedelta(hours=1)
NOTICE_AT = 0.8
SUMS = """
SELECT coalesce(sum(nanos), 0), coalesce(sum(tokens), 0),
    coalesce(sum(tokens) FILTER (WHERE nanos IS NULL), 0), count(*) FILTER (WHERE nanos IS NULL)
FROM spendings WHERE {}
"""
OPTIONS = {
    ("task", "usd"): "MAX_TASK_BUDGET_USD",
    ("task", "tokens"): "MAX_TASK_TOKENS",
    ("day", "usd"): "MAX_DAY_BUDGET_USD",
    ("hour", "tokens"): "MAX_TOKENS_PER_HOUR",
}


@dataclass(frozen=True)
class Sums:
    """What some calls took together, reserved amounts among it."""

    nanos: int
    """Billionths of a dollar, of the calls with a price."""
    tokens: int
    unpriced_tokens: int
    unpriced_calls: int


@dataclass(frozen=True)
class Meter:
    """One limit and what counts against it, in billionths of a dollar or in tokens."""

    scope: Scope
    unit: str
    """`usd` or `tokens`."""
    subject: str
    used: int
    limit: int
    at_stake: int
    """What the call that is asked for would add."""

    @property
    def overrun(self) -> bool:
        """Whether the call would go beyond the limit."""
        return self.used + self.at_stake > self.limit

    @property
    def nearly_full(self) -> bool:
        """Whether it is time for a notice."""
        return 0 < self.limit * NOTICE_AT <= self.used

    @property
    def option(self) -> str:
        """The setting that the limit comes from where nobody has raised it."""
        return OPTIONS[self.scope, self.unit]

    def shown(self, amount: int) -> str:
        """An amount in words."""
        return f"${amount / NANOS:.4f}" if self.unit == "usd" else f"{amount:,} tokens"

    def facts(self) -> dict[str, Any]:
        """As an event tells it."""
        if self.unit == "tokens":
            figures = {"tokens": self.used, "limit_tokens": self.limit, "cost_usd": None}
            return {"scope": self.scope, **figures, "limit_usd": None}
        money = {"cost_usd": self.used / NANOS, "limit_usd": self.limit / NANOS}
        return {"scope": self.scope, **money}


def nanos(usd: float) -> int:
    """Dollars as whole billionths, so that sums are exact."""
    return round(usd * NANOS)


def of_task(connection: sqlite3.Connection, task_id: str) -> Sums:
    """What the calls of a task took."""
    return _sums(connection, "task_id = ?", task_id)


def of_day(connection: sqlite3.Connection, now: datetime) -> Sums:
    """What the calls since midnight, UTC, took."""
    return _sums(connection, "reserved_at >= ?", stamp(now)[:10])


def of_hour(connection: sqlite3.Connection, now: datetime) -> Sums:
    """What the calls of the last sixty minutes took."""
    return _sums(connection, "reserved_at > ?", stamp(now - HOUR))


def _sums(connection: sqlite3.Connection, where: str, value: str) -> Sums:
    return Sums(*connection.execute(SUMS.format(where), (value,)).fetchone())


def budget_of(connection: sqlite3.Connection, subject: str) -> Budget:
    """What was decided about the limits of a task, day or hour; blank where nothing was."""
    row = connection.execute(
        "SELECT document FROM budgets WHERE subject = ?", (subject,)
    ).fetchone()
    return revive(Budget, row[0], subject) if row else Budget(subject=subject)


def task_limits(
    connection: sqlite3.Connection, task_id: str, ceilings: Ceilings
) -> tuple[float, int]:
    """Dollars and tokens that a task may use; raises NotFound."""
    row = connection.execute(
        "SELECT json_extract(document, '$.request.budget_usd'),"
        " json_extract(document, '$.request.budget_tokens') FROM tasks WHERE task_id = ?",
        (task_id,),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no task {task_id}.")
    asked = ceilings.task_usd if row[0] is None else row[0]
    tokens = ceilings.task_tokens if row[1] is None else row[1]
    budget = budget_of(connection, task_id)
    return (
        asked if budget.limit_usd is None else budget.limit_usd,
        tokens if budget.limit_tokens is None else budget.limit_tokens,
    )


def day_limit(connection: sqlite3.Connection, now: datetime, ceilings: Ceilings) -> float:
    """Dollars that this day may cost."""
    raised = budget_of(connection, stamp(now)[:10]).limit_usd
    return ceilings.day_usd if raised is None else raised


def meters(
    connection: sqlite3.Connection,
    task_id: str,
    now: datetime,
    ceilings: Ceilings,
    *,
    tokens: int = 0,
    usd: float | None = 0.0,
) -> list[Meter]:
    """All limits that bind a task now, and what a call of so many tokens would add to each.

    What has no price counts against the day as the tokens of a task do against its dollars, lest
    it count as nothing.
    """
    found = _of_task(connection, task_id, ceilings, tokens, usd) if task_id else []
    day, rate = of_day(connection, now), ceilings.tokens_per_usd
    found.append(
        Meter(
            scope="day",
            unit="usd",
            subject=stamp(now)[:10],
            used=day.nanos + nanos(day.unpriced_tokens / rate),
            limit=nanos(day_limit(connection, now, ceilings)),
            at_stake=nanos(tokens / rate if usd is None else usd),
        )
    )
    if ceilings.hour_tokens is not None:
        found.append(
            Meter(
                scope="hour",
                unit="tokens",
                subject=stamp(now)[:13],
                used=of_hour(connection, now).tokens,
                limit=ceilings.hour_tokens,
                at_stake=tokens,
            )
        )
    return found


def _of_task(
    connection: sqlite3.Connection,
    task_id: str,
    ceilings: Ceilings,
    tokens: int,
    usd: float | None,
) -> list[Meter]:
    limit_usd, limit_tokens = task_limits(connection, task_id, ceilings)
    sums = of_task(connection, task_id)
    money = Meter("task", "usd", task_id, sums.nanos, nanos(limit_usd), nanos(usd or 0.0))
    if not sums.unpriced_calls and usd is not None:
        return [money]
    counted = replace(money, unit="tokens", used=sums.tokens, limit=limit_tokens, at_stake=tokens)
    return [money, counted]


def standing(
    connection: sqlite3.Connection, task_id: str, now: datetime, ceilings: Ceilings
) -> Standing:
    """How a task stands; without one, how the day does."""
    if task_id:
        sums = of_task(connection, task_id)
        limit_usd, limit_tokens = task_limits(connection, task_id, ceilings)
    else:
        sums = of_day(connection, now)
        limit_usd = day_limit(connection, now, ceilings)
        limit_tokens = round(limit_usd * ceilings.tokens_per_usd)
    return Standing(
        spent_usd=sums.nanos / NANOS,
        limit_usd=limit_usd,
        spent_tokens=sums.tokens,
        limit_tokens=limit_tokens,
        price_known=not sums.unpriced_calls,
    )

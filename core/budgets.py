"""Money and tokens: what models may cost, and what one call of them took."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.models import Tokens
from core.values import Value

Scope = Literal["task", "day", "hour"]
"""Over what a limit is counted: a task, a day in UTC, the last hour."""

TOKENS_PER_USD = 1_000_000.0
FACTOR_MAX = 10
"""A new limit beyond so many times the present one is rather a slip of the tongue."""


def increase(amount: float, limit_usd: float | None, *, total: bool) -> float | None:
    """By how many dollars a limit is raised; `total` says that the amount is the new limit.

    None for what raises nothing, raises too much, or is a total where no limit is known.
    """
    if total and limit_usd is None:
        return None
    by = round(amount - limit_usd if total and limit_usd is not None else amount, 6)
    if by <= 0 or (limit_usd and limit_usd + by > FACTOR_MAX * limit_usd):
        return None
    return by


@dataclass(frozen=True)
class Ceilings:
    """The limits that hold where nobody has set others."""

    task_usd: float = 0.50
    task_tokens: int = 500_000
    """Binding as soon as the price of any call of the task is unknown."""
    day_usd: float = 10.0
    hour_tokens: int | None = None

    @property
    def tokens_per_usd(self) -> float:
        """How many tokens stand for a dollar where a price is unknown."""
        return self.task_tokens / self.task_usd if self.task_usd else TOKENS_PER_USD


class Spending(Value):
    """One model call in the books: what it was given, then what it took."""

    reservation_id: str
    task_id: str = ""
    """Empty for a call that serves no task; it counts for day and hour alone."""
    role: str
    reserved_at: datetime
    reserved_tokens: int
    reserved_usd: float | None
    """None when the price is unknown."""
    settled_at: datetime | None = None
    """None while it is under way, and for ever when its process died."""
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Spent:
    """What the settled calls of one role took."""

    calls: int
    tokens: Tokens
    cost_usd: float | None
    """None when the price of any is unknown."""
    seconds: float


class Budget(Value):
    """What was decided about the limits of one task, day or hour, and what was told of them."""

    subject: str
    """A task's id, or the day or hour as `2026-03-01` or `2026-03-01T12`."""
    limit_usd: float | None = None
    """None leaves the configured one."""
    limit_tokens: int | None = None
    raised: tuple[str, ...] = ()
    """Keys of the raises that were made."""
    told: tuple[str, ...] = ()
    """Notices that went out, each with the limit that it was about."""

"""What model calls may cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.budgets import Scope, Spent
from core.models import Tokens
from core.tasks import Usage


@dataclass(frozen=True)
class Reservation:
    """What a call may cost, taken from the budgets before it is sent."""

    reservation_id: str
    tokens: int
    cost_usd: float | None
    """None when the price is unknown: the tokens rule."""


@dataclass(frozen=True)
class Standing:
    """How a task stands with its budget; reserved amounts count as spent."""

    spent_usd: float
    limit_usd: float
    spent_tokens: int
    limit_tokens: int
    price_known: bool
    """Whether every call so far had a price."""

    @property
    def share(self) -> float:
        """How much of the limit that rules is spent; 0.0 where there is none."""
        spent, limit = self.spent_usd, self.limit_usd
        if not self.price_known:
            spent, limit = self.spent_tokens, self.limit_tokens
        return spent / limit if limit > 0 else 0.0


class Budgets(Protocol):
    """What model calls may cost: kept in the store, so that a crash refills nothing."""

    async def reserve(
        self, task_id: str, role: str, *, tokens: int, cost_usd: float | None
    ) -> Reservation:
        """Set aside what a call can cost at most; raises BudgetExceeded, naming the limit.

        Parallel calls reserve apart. What was reserved and never settled stays spent. Without a
        task only day and hour are counted.
        """
        ...

    async def settle(
        self, reservation_id: str, tokens: Tokens, *, cost_usd: float | None, seconds: float
    ) -> Standing:
        """Put the real usage in place of the reservation; harmless when repeated."""
        ...

    async def standing(self, task_id: str) -> Standing:
        """What is spent and what is left."""
        ...

    async def limit(
        self, task_id: str, *, usd: float | None = None, tokens: int | None = None
    ) -> Standing:
        """Set the limits of a task; None leaves one as it is."""
        ...

    async def more(self, task_id: str, usd: float, *, key: str, scope: Scope = "task") -> Standing:
        """Raise the limit of a task, or of the day, by so much; the same key raises it once.

        The tokens of a task are raised in proportion.
        """
        ...

    async def usage(self, task_id: str) -> Usage:
        """What the models of a task took; `cost_usd` is None when a price is unknown."""
        ...

    async def by_role(self, task_id: str) -> Mapping[str, Spent]:
        """What the calls of a task took that came back, by role."""
        ...

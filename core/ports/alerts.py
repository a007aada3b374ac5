"""What Anton has to say about himself, kept."""

from collections.abc import Sequence
from typing import Protocol

from core.alerts import Alert


class AlertStore(Protocol):
    """What Anton has to say about himself."""

    async def all(self) -> Sequence[Alert]:
        """Every alert that lasts, and those that are over and may not be told again yet."""
        ...

    async def keep(self, alert: Alert) -> None:
        """Write an alert down, in place of the one of that name."""
        ...

    async def drop(self, name: str) -> None:
        """Forget an alert; harmless when there is none."""
        ...

"""The time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time of day for records, and a steady clock for waiting."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait by the steady clock."""
        ...

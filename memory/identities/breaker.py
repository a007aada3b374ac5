"""A store elsewhere that failed is left alone for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from core.errors import StoreAway
from core.ports import Clock

T = TypeVar("T")

log = logging.getLogger(__name__)

ASKED_S = 4.0
"""How long a read may take before the copy is taken."""
REST_S = 30.0


class Breaker:
    """Asks while the store answers; after a failure not at all, until it has rested."""

    def __init__(self, clock: Clock, what: str) -> None:
        """`what` is kept there, in the plural."""
        self._clock = clock
        self._what = what
        self._rests_until = 0.0
        self.away_since: datetime | None = None
        self.reason = ""

    @property
    def rests(self) -> bool:
        """Whether nothing is asked for now."""
        return self._clock.monotonic() < self._rests_until

    async def ask(self, call: Callable[[], Awaitable[T]], timeout_s: float = ASKED_S) -> T | None:
        """What the store says; None while it is away."""
        if self.rests:
            return None
        try:
            async with asyncio.timeout(timeout_s):
                answer = await call()
        except (StoreAway, TimeoutError) as error:
            self._fail(str(error) or f"no answer within {timeout_s:g} s")
            return None
        if self.away_since:
            log.info("%s are read again; they were not since %s", self._what, self.away_since)
        self.away_since, self.reason = None, ""
        return answer

    def _fail(self, reason: str) -> None:
        self._rests_until = self._clock.monotonic() + REST_S
        self.reason = reason
        if self.away_since is None:
            self.away_since = self._clock.now()
            log.warning("%s are those of now, and changes of them wait: %s", self._what, reason)

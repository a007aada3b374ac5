"""When questions expire: by a clock that a jump of the system's time does not hurry."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from core.approvals import Approval
from core.errors import StoreError
from core.ports import ApprovalStore, Clock

log = logging.getLogger(__name__)

LOOK_S = 30.0
DRIFT = timedelta(seconds=60)
"""So far the time of day may part from the steady clock before it is called a jump."""
BELIEVED_AFTER = timedelta(hours=26)
"""A time of day that has stayed so long is believed, however it came about."""


class SteadyTime:
    """The time of day, held back where it jumped ahead of the steady clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = (clock.now(), clock.monotonic())
        self._jumped_at: float | None = None

    def now(self) -> datetime:
        """The earlier of the time of day and of what the steady clock makes of it."""
        wall, steady = self._clock.now(), self._clock.monotonic()
        expected = self._since[0] + timedelta(seconds=steady - self._since[1])
        if abs(wall - expected) <= DRIFT:
            self._since, self._jumped_at = (wall, steady), None
            return wall
        if self._jumped_at is None:
            self._jumped_at = steady
            log.warning("the clock jumped by %s; no question expires by that", wall - expected)
        elif steady - self._jumped_at >= BELIEVED_AFTER.total_seconds():
            self._since, self._jumped_at = (wall, steady), None
            return wall
        return min(wall, expected)


class Expiry:
    """Lets unanswered questions end when their time has come."""

    def __init__(
        self, approvals: ApprovalStore, clock: Clock, tell: Callable[[Approval], Awaitable[None]]
    ) -> None:
        self._approvals = approvals
        self._clock = clock
        self._time = SteadyTime(clock)
        self._tell = tell

    async def run(self) -> None:
        """Look now and then, for as long as the house stands."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Expire what is due, and tell of it."""
        try:
            for approval in await self._approvals.expire(self._time.now()):
                await self._tell(approval)
        except StoreError as error:
            log.error("expiry failed: %s", error)

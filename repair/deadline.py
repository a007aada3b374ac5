"""Points in time by which something has to be over, whatever the code under test does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from core.errors import TimeUp


@dataclass
class Deadline:
    """When to be over."""

    at: float
    """On the clock of `time.monotonic`."""

    @classmethod
    def within(cls, seconds: float) -> Self:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then, and 0.0 from then on."""
        return max(0.0, self.at - time.monotonic())

    def share(self, part: float) -> "Deadline":
        """A point earlier than this one, by so much of what is left."""
        return Deadline.within(part * self.left)

    def draw_in(self, limit: asyncio.Timeout | None, part: float) -> None:
        """Let a limit that is held come earlier, after so much of what is left."""
        if limit:
            limit.reschedule(asyncio.get_running_loop().time() + part * self.left)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[asyncio.Timeout]:
        """Stop the block when the time is up, and raise TimeUp."""
        limit = asyncio.timeout(self.left)
        try:
            async with limit:
                yield limit
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TimeUp() from error

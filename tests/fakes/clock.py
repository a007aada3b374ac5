"""A clock that goes only when it is told to, or as fast as it is asked to sleep."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Serves the port Clock; with `running`, whoever sleeps moves the time on at once."""

    def __init__(self, start: datetime = START, *, running: bool = False) -> None:
        self._now = start
        self._steady = 1000.0
        self._running = running
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._steady

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._running:
            self.advance(seconds)
            await asyncio.sleep(0)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._steady + seconds, done))
        await done

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever slept long enough wakes."""
        self._now += timedelta(seconds=seconds)
        self._steady += seconds
        for until, done in self._sleepers:
            if until <= self._steady and not done.done():
                done.set_result(None)
        self._sleepers = [(until, done) for until, done in self._sleepers if not done.done()]

    def step(self, seconds: float) -> None:
        """Set the time of day forward or back; the steady clock does not notice."""
        self._now += timedelta(seconds=seconds)

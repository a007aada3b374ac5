"""The seconds that one run of a role may take: its model's answers and its tools use them up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from core.errors import TimeUp
from core.models import Capabilities, ModelCall, Reply
from core.ports import Clock, Model


class Allowance:
    """Time that counts only while it is used, and stands still while a model is away."""

    def __init__(self, role: str, seconds: float, clock: Clock) -> None:
        self.role = role
        self.seconds = seconds
        self._clock = clock
        self._used = 0.0
        self._since: float | None = None
        self._limit: asyncio.Timeout | None = None

    @property
    def left(self) -> float:
        """Seconds that may still be used."""
        running = 0.0 if self._since is None else self._clock.monotonic() - self._since
        return max(0.0, self.seconds - self._used - running)

    def share(self, part: float) -> "Allowance":
        """One of its own, over so much of what is left; `spend` books what it used."""
        return Allowance(self.role, part * self.left, self._clock)

    def spend(self, other: "Allowance") -> None:
        """Book what another one used."""
        self._used += other.seconds - other.left

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what is done inside, and let it come to its end."""
        self._go()
        try:
            yield
        finally:
            self._stand()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Count what is done inside, and stop it at the limit.

        Raises TimeUp, also for what ended by itself when the time was over.
        """
        if not self.left:
            raise self._up()
        limit, token = asyncio.timeout(self.left), _counting.set(self)
        try:
            async with limit:
                self._limit = limit
                with self.counted():
                    yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._up() from error
        finally:
            self._limit = None
            _counting.reset(token)
        if not self.left:
            raise self._up()

    def _up(self) -> TimeUp:
        return TimeUp(
            f"The role {self.role} was cut off after {self.seconds:g} s.",
            remedy="raise its seconds in ROLE_LIMITS",
        )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count nothing inside."""
        self._stand()
        if self._limit:
            self._limit.reschedule(None)
        try:
            yield
        finally:
            self._go()
            self._set_limit()

    def give_back(self, seconds: float) -> None:
        """Count so much less of what is being done."""
        self._used -= seconds
        self._set_limit()

    def _set_limit(self) -> None:
        if self._limit and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + self.left)

    def _go(self) -> None:
        self._since = self._clock.monotonic()

    def _stand(self) -> None:
        if self._since is not None:
            self._used += self._clock.monotonic() - self._since
            self._since = None


_counting: ContextVar[Allowance | None] = ContextVar("counting", default=None)
"""Whose time runs in this asyncio task, so that whoever waits for a model can let it stand."""


@contextmanager
def standing_still() -> Iterator[None]:
    """Wait for a model that is away inside: nobody's time runs meanwhile."""
    allowance = _counting.get()
    if allowance is None:
        yield
        return
    with allowance.paused():
        yield


def was_away(seconds: float) -> None:
    """An attempt failed after so long: nobody was answered meanwhile, so nobody's time ran."""
    if allowance := _counting.get():
        allowance.give_back(seconds)


@dataclass(frozen=True)
class TimedModel:
    """Serves the port Model for one run of a role; `complete` raises TimeUp at its limit."""

    model: Model
    time: Allowance
    timed: Callable[[Model], "TimedModel"]
    """Gives another model the time of the same role."""

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def window(self) -> int:
        return self.model.window

    @property
    def capabilities(self) -> Capabilities:
        return self.model.capabilities

    @property
    def other(self) -> "TimedModel | None":
        return self.timed(self.model.other) if self.model.other else None

    def count(self, text: str) -> int:
        return self.model.count(text)

    async def complete(self, call: ModelCall) -> Reply:
        async with self.time.held():
            return await self.model.complete(call)

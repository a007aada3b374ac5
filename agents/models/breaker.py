"""A circuit breaker: a server that fails is left alone for a while, then tried with care."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from core.ports import Clock

State = Literal["closed", "open", "half-open"]
TURN_S = 1.0
"""How long to wait while another one tries."""


@dataclass(frozen=True)
class Bounds:
    """When a breaker opens and closes."""

    failures: int = 5
    """In a row; then it opens."""
    open_s: float = 60.0
    successes: int = 2
    """In a row, half open; then it closes."""


DEFAULT = Bounds()


class Trial:
    """One request under a breaker; what it says counts, silence does not."""

    def __init__(self, breaker: "Breaker") -> None:
        self._breaker = breaker

    def answered(self) -> None:
        """The server is well, whatever it said."""
        self._breaker.note_success()

    def failed(self, reason: str) -> None:
        """The server is not well."""
        self._breaker.note_failure(reason)


class Breaker:
    """The state of one server; nobody is banned: every open breaker comes to its trial."""

    def __init__(self, clock: Clock, bounds: Bounds = DEFAULT) -> None:
        self._clock = clock
        self._bounds = bounds
        self._failures = 0
        self._successes = 0
        self._opened: float | None = None
        self._since: datetime | None = None
        self._trying = False
        self._reason = ""

    @property
    def state(self) -> State:
        """As it is now."""
        if self._opened is None:
            return "closed"
        return "open" if self._left_s > 0 else "half-open"

    @property
    def wait_s(self) -> float:
        """For how long nobody may ask; 0 when one may."""
        if self.state == "open":
            return self._left_s
        return TURN_S if self.state == "half-open" and self._trying else 0.0

    @property
    def since(self) -> datetime | None:
        """Since when the server is not well; None when it is."""
        return self._since

    @contextmanager
    def trial(self) -> Iterator[Trial]:
        """Ask; only while `wait_s` is 0."""
        alone = self.state == "half-open"
        if alone:
            self._trying = True
        try:
            yield Trial(self)
        finally:
            if alone:
                self._trying = False

    def note_success(self) -> None:
        """Count a request that the server answered; one from before it opened changes nothing."""
        if self.state == "open":
            return
        self._failures = 0
        if self._opened is None:
            self._since = None
            return
        self._successes += 1
        if self._successes >= self._bounds.successes:
            self._opened, self._since, self._successes = None, None, 0

    def note_failure(self, reason: str) -> None:
        """Count a request that the server failed; one from before it opened changes nothing."""
        if self.state == "open":
            return
        self._reason = reason
        self._since = self._since or self._clock.now()
        self._failures += 1
        self._successes = 0
        if self._opened is not None or self._failures >= self._bounds.failures:
            self._opened = self._clock.monotonic()

    def about(self) -> dict[str, Any]:
        """For `/health`."""
        told: dict[str, Any] = {"state": self.state, "failures": self._failures}
        if self._since:
            told |= {"since": self._since.isoformat(), "reason": self._reason}
        if self.state == "open":
            again = self._clock.now() + timedelta(seconds=self._left_s)
            told["tried_again_at"] = again.isoformat()
        return told

    @property
    def _left_s(self) -> float:
        if self._opened is None:
            return 0.0
        return max(0.0, self._opened + self._bounds.open_s - self._clock.monotonic())

"""One go along a thread: what stops it, and how long it worked."""

import asyncio
from dataclasses import dataclass, field

from langgraph.runtime import RunControl

from core.ports import Clock, Effects
from core.tasks import Lease


@dataclass
class Drive:
    """One go along a thread."""

    lease: Lease
    control: RunControl = field(default_factory=RunControl)
    walk: asyncio.Task[None] | None = None
    effects: Effects | None = None
    """Those that the walk works with."""
    cancelled: bool = False
    """A person called the task off."""
    concluding: bool = False
    """The way to the end after that; no second cancel stops it."""
    stopping: bool = False
    pausing: bool = False
    """Between two goes, with nothing at work."""
    waited_s: float = 0.0
    """For a host that is down."""
    worked_s: float = 0.0
    """What counted as work before the step at work."""
    since: float | None = None
    """When the work began that is not in it yet, on the steady clock."""
    done: set[str] = field(default_factory=set)
    """LangGraph's ids of steps whose results were kept; it names them again when it goes on."""

    def stop(self) -> None:
        """End it now, in the middle of a node if need be; what it then clears up is left alone."""
        if self.walk and not self.stopping:
            self.stopping = True
            self.walk.cancel()

    def work(self, now: float, *, timed: bool) -> None:
        """From now on time counts, or does not."""
        self.worked_s, self.since = self.worked(now), now if timed else None

    def worked(self, now: float) -> float:
        """Seconds that counted as work so far."""
        return self.worked_s + (now - self.since if self.since is not None else 0.0)

    def worked_by(self, clock: Clock) -> float:
        """The same now, as it is written down."""
        return round(self.worked(clock.monotonic()), 3)

    def call_off(self) -> None:
        """End it as soon as nothing is under way of which nobody knows what it does."""
        self.cancelled = True
        if not self.concluding and not (self.effects and self.effects.under_way):
            self.stop()

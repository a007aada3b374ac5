"""What a search knows so far: how much was tried, what passed, and what came near."""

import time
from dataclasses import dataclass, field

from repair.doubts import doubtful
from repair.judge import Judgement, Says, Trial

AFTER_FIRST, AFTER_DOUBTFUL = 150, 450
"""Candidates that are still tried after the first that passes, so that the best is found; more
while only such pass as fit a test too easily."""
LEAST_SURVIVORS, MOST_SURVIVORS = 12, 40
HUNTED_SHARE = 0.75
"""Of the time: when something passed by then, the rest is for making sure of it."""
TESTS_SPENT = 3000
"""Green tests that are run, as a rule, before enough changes passed them."""


@dataclass(frozen=True)
class Bounds:
    """How much a search may use."""

    max_candidates: int = 2000
    max_seconds: float = 300.0
    workers: int = 2


@dataclass(frozen=True)
class Progress:
    """How far a search is."""

    tried: int
    plausible: int
    seconds: float


@dataclass
class Tally:
    """The count of one search."""

    bounds: Bounds
    green: int = 0
    """How many green tests each change has to pass, at most."""
    started: float = field(default_factory=time.monotonic)
    tried: int = 0
    survivors: list[Trial] = field(default_factory=list)
    partial: list[tuple[Trial, Judgement]] = field(default_factory=list)
    """Single edits that turned some of the red tests green."""
    broke: list[Trial] = field(default_factory=list)
    """Single edits that turned all of them green and a green one red."""
    bound: str = ""
    """Which bound was met."""
    _stop_at: int | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def progress(self) -> Progress:
        return Progress(self.tried, len(self.survivors), self.seconds)

    def note(self, trial: Trial, judgement: Judgement) -> None:
        """Take up one judgement."""
        self.tried += 1
        if judgement.says is Says.GREEN:
            self.survivors.append(trial)
            more = AFTER_DOUBTFUL if doubtful(trial.edits) else AFTER_FIRST
            stop_at = self.tried + max(more, self.tried)
            self._stop_at = min(stop_at, self._stop_at or stop_at)
        elif len(trial.edits) == 1 and judgement.says is Says.REGRESSION:
            self.broke.append(trial)
        elif len(trial.edits) == 1 and judgement.passed:
            self.partial.append((trial, judgement))

    def done(self) -> bool:
        """Whether a bound is met or enough was found."""
        if self.seconds >= self.bounds.max_seconds:
            self.bound = "seconds"
        elif self.tried >= self.bounds.max_candidates:
            self.bound = "candidates"
        over = self._stop_at is not None and (
            self.tried >= self._stop_at or self.seconds > HUNTED_SHARE * self.bounds.max_seconds
        )
        return bool(self.bound) or over or len(self.survivors) >= self._enough

    @property
    def _enough(self) -> int:
        """How many survivors are enough: fewer where each of them costs much."""
        affordable = TESTS_SPENT // max(self.green, 1)
        return max(LEAST_SURVIVORS, min(MOST_SURVIVORS, affordable))

    def goes_on(self) -> bool:
        """Whether nothing convincing passed yet and there is something left to spend."""
        return not self.done() and all(doubtful(trial.edits) for trial in self.survivors)

"""What is left of a search that found nothing: the changes that came nearest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.evidence import TestRun
from repair.judge import Judgement, Says, Trial


@dataclass(frozen=True)
class Miss:
    """A change that mended something and does not hold."""

    trial: Trial
    mended: tuple[str, ...]
    """Red tests that passed with it."""
    broken: tuple[str, ...]
    """Green tests that were seen to fail with it; the judge stops at the first."""


@dataclass
class Salvage:
    """Keeps the misses of a search."""

    red: Sequence[str]
    _misses: list[Miss] = field(default_factory=list)

    def note(self, trial: Trial, judgement: Judgement) -> None:
        """Take up what the judge said; a change that passed is no miss."""
        if judgement.says is Says.REGRESSION:
            self._misses.append(Miss(trial, tuple(self.red), (judgement.at,)))
        elif judgement.says is not Says.GREEN and judgement.passed:
            self._misses.append(Miss(trial, judgement.passed, ()))

    def unconfirmed(self, trial: Trial, run: TestRun, before: TestRun) -> None:
        """Take up a change that passed before the judge and not in a run of its own."""
        passed = set(run.passed)
        mended = tuple(test for test in self.red if test in passed)
        broken = tuple(test for test in before.passed if test not in passed)
        if mended:
            self._misses.append(Miss(trial, mended, broken))

    def nearest(self) -> Iterator[Miss]:
        """Those that mend most first, then those that break least, then the likeliest."""
        yield from sorted(
            self._misses,
            key=lambda miss: (-len(miss.mended), len(miss.broken), -miss.trial.score),
        )

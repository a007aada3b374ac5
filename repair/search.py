"""Search for a small change that turns the red tests green: generations of candidates, bounded."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from core.errors import SandboxGone, TimeUp
from core.findings import Candidate, PartialFix, SearchFigures
from core.patches import Suspect
from core.trees import Tree
from repair.bench import Bench
from repair.confirming import Confirmation
from repair.deadline import Deadline
from repair.edits import Edit
from repair.gate import is_test_path
from repair.judge import Judge, Trial
from repair.keywords import keywords_of
from repair.minimize import minimized
from repair.narrowing import narrowed
from repair.pairs import LEADS, leads_of, pairs
from repair.proposals import Proposals
from repair.ranking import Ranked, ranked, weighed_by_behaviour
from repair.salvage import Salvage
from repair.sifting import Sieve
from repair.suite import Suite
from repair.tally import Bounds, Progress, Tally
from repair.words import words_of
from sandbox.surveys import Survey

SINGLES_SHARE, PAIRS_SHARE, NARROWED_SHARE = 0.8, 0.9, 1.0
"""Shares of all candidates that are spent when each stage ends, for the search to go on."""
FIRST_ROUND = 60
ROUND = 400
"""Edits that are looked at together before one of each class is tried."""
LOOKED_AT = 40
"""Green tests in which variables are looked at."""
AWAITED_SHARE = AFTERWARDS_SHARE = 0.5
"""Of the time that is left: for what is under way at the end, and for making it smaller."""
PROBED_AT_MOST = 25
PROBED_TESTS = 30

Watch = Callable[[Progress], None]

__all__ = ["Bounds", "Found", "Progress", "search"]


@dataclass(frozen=True)
class Found:
    """What a search gave."""

    candidates: tuple[Candidate, ...]
    """Best first; the first one was confirmed by a run of its own, if the time allowed one."""
    figures: SearchFigures
    limit: str = ""
    """Why a run that was to confirm one did not come to its end, if it did not."""
    partials: tuple[PartialFix, ...] = ()
    """When there are no candidates: what came nearest, best first; by the judge's word alone."""


async def search(
    tree: Tree,
    suspects: Sequence[Suspect],
    red_tests: Sequence[str],
    bench: Bench,
    bounds: Bounds,
    *,
    survey: Survey,
    seed: int = 0,
    base_sha: str = "",
    without: Tree | None = None,
    rejected: Collection[str] = (),
    report: str = "",
    watch: Watch = lambda _: None,
) -> Found:
    """Candidates that turn all red tests green and break no green one, best first.

    `tree` holds the red tests; `without` is the base as it ships, when they are not part of it, and
    patches are made against that. Patches whose hash is in `rejected` are left out.
    """
    deadline = Deadline.within(bounds.max_seconds)
    said = [case.message for case in survey.run.cases if case.test_id in red_tests]
    said += keywords_of(tree, red_tests)
    words = words_of("\n".join([report, *said]))
    hunt = _Hunt(tree, suspects, red_tests, bench, bounds, deadline, survey, watch, words)
    order, exhausted = await hunt.run()
    base = tree if without is None else without
    confirmation = Confirmation(bench, tree, base, base_sha, survey.run, hunt.salvage)
    candidates = await confirmation.confirmed(order, frozenset(rejected), deadline)
    hunt.tally.done()
    partials = () if candidates else confirmation.partials(frozenset(rejected))
    figures = _figures(hunt.tally, len(order), exhausted)
    return Found(candidates, figures, confirmation.limit, partials)


def _figures(tally: Tally, plausible: int, exhausted: bool) -> SearchFigures:
    seconds = tally.seconds
    return SearchFigures(
        tried=tally.tried,
        plausible=plausible,
        seconds=round(seconds, 3),
        exhausted=exhausted,
        bound=tally.bound,
        judged_per_second=round(tally.tried / max(seconds, 0.001), 1),
    )


class _Hunt:
    """One search."""

    def __init__(
        self,
        tree: Tree,
        suspects: Sequence[Suspect],
        red_tests: Sequence[str],
        bench: Bench,
        bounds: Bounds,
        deadline: Deadline,
        survey: Survey,
        watch: Watch,
        words: frozenset[str] = frozenset(),
    ) -> None:
        self._tree = tree
        self._suspects = [s for s in suspects if not is_test_path(s.path)]
        self._plain = Proposals(self._tree, self._suspects)
        self._bench = bench
        self._bounds = bounds
        self._deadline = deadline
        self._limit: asyncio.Timeout | None = None
        self._survey = survey
        self._watch = watch
        self._words = words
        self._suite = Suite(survey, red_tests)
        self._sieve = Sieve()
        self._promoted: list[Trial] = []
        self.salvage = Salvage(self._suite.red)
        self.tally = Tally(bounds, len(self._suite.green))

    async def run(self) -> tuple[list[Ranked], bool]:
        """What passed, best first, and whether all in reach was tried and nothing passed.

        Nothing that passed is lost when the time is up: it is then not made smaller, or not probed.
        """
        setup = self._suite.setup(self._tree, self._plain.sources, self._bounds.workers)
        try:
            async with self._deadline.held():
                judge = await self._bench.judge(self._tree, setup)
        except TimeUp:
            return [], False
        try:
            return await self._judged(judge)
        finally:
            await self._bench.dismiss(judge)

    async def _judged(self, judge: Judge) -> tuple[list[Ranked], bool]:
        exhausted = False
        with suppress(TimeUp):
            async with self._deadline.held() as self._limit:
                seen = await judge.look(self._telling(LOOKED_AT))
                proposals = Proposals(
                    self._tree, self._suspects, seen, self._crashes(), self._words
                )
                await self._judge_base(judge, proposals)
                exhausted = await self._hunt(judge, proposals)
        order = self._ranked(self.tally.survivors)
        with suppress(TimeUp, SandboxGone):
            async with self._deadline.share(AFTERWARDS_SHARE).held():
                order = self._ranked(await minimized(self.tally.survivors, judge))
                order = await self._probed(judge, order)
        return order, exhausted

    def _ranked(self, trials: Sequence[Trial]) -> list[Ranked]:
        return ranked(trials, self._tree, self._suite.red, self._plain.sources)

    def _telling(self, count: int) -> list[str]:
        """The red tests, and the green ones that are nearest to the first suspect."""
        near = self._suite.near(self._suspects[0].path) if self._suspects else self._suite.green
        return [*self._suite.red, *near[:count]]

    def _crashes(self) -> frozenset[tuple[str, int]]:
        cases = [c for c in self._survey.run.cases if c.test_id in self._suite.red]
        return frozenset(
            (c.path, c.line) for c in cases if c.line and "assert" not in c.message[:20]
        )

    async def _judge_base(self, judge: Judge, proposals: Proposals) -> None:
        """Hear how the red tests fail when nothing is changed."""
        for path in list(proposals.sources)[:1]:
            async for _, judgement in judge.judge([_nothing(path)]):
                self._sieve.base = judgement

    # --- hunting ---

    async def _hunt(self, judge: Judge, proposals: Proposals) -> bool:
        """Try single edits, then pairs; whether everything in reach was tried."""
        tally, singles, kept = self.tally, iter(proposals), list[Trial]()
        most = self._bounds.max_candidates
        exhausted = await self._singles(judge, singles, kept, int(most * SINGLES_SHARE))
        if tally.goes_on() and tally.partial:
            await self._try(judge, pairs(leads_of(tally.partial), kept), int(most * PAIRS_SHARE))
        if tally.goes_on() and tally.broke:
            await self._try(judge, self._narrowed(proposals), int(most * NARROWED_SHARE))
        if tally.goes_on() and not exhausted:
            exhausted = await self._singles(judge, singles, kept, most)
        if tally.goes_on():
            await self._try(judge, iter(self._sieve.rest()), most)
        if tally.goes_on():
            await self._try(judge, pairs(kept[: 4 * LEADS], kept), most)
        return not tally.bound and not tally.survivors

    async def _singles(
        self, judge: Judge, source: Iterator[Trial], kept: list[Trial], up_to: int
    ) -> bool:
        """Try single edits in rounds, one of those that do the same; whether they ran out."""
        while self.tally.tried < up_to and not self.tally.done():
            chunk = list(islice(source, ROUND if kept else FIRST_ROUND))
            if not chunk:
                return True
            kept += chunk
            fresh = await self._sieve.sift(chunk, judge)
            while fresh and not self.tally.done():
                self._promoted = []
                await self._try(judge, iter(fresh), up_to)
                fresh = self._promoted
        return False

    async def _try(self, judge: Judge, trials: Iterator[Trial], up_to: int) -> None:
        """Judge trials until so many were tried."""
        tally = self.tally
        ended = _Ended(trials, up_to - tally.tried)
        async for trial, judgement in judge.judge(ended):
            if not tally.done():
                tally.note(trial, judgement)
                self.salvage.note(trial, judgement)
                self._promoted += self._sieve.told(trial, judgement)
                if tally.tried % 100 == 0:
                    self._watch(tally.progress)
            if tally.done() and not ended.stopped:
                ended.stop()
                self._deadline.draw_in(self._limit, AWAITED_SHARE)

    def _narrowed(self, proposals: Proposals) -> Iterator[Trial]:
        """Changes that mended the red tests and broke others, each under conditions."""
        leads = sorted(self.tally.broke, key=lambda trial: -trial.score)[:LEADS]
        ways = [narrowed(lead.edits[0], proposals) for lead in leads]
        while ways:
            for lead, way in list(zip(leads, ways, strict=True)):
                edit = next(way, None)
                if edit is None:
                    at = ways.index(way)
                    del leads[at], ways[at]
                else:
                    yield Trial((edit,), lead.score * edit.prior)

    # --- afterwards ---

    async def _probed(self, judge: Judge, order: list[Ranked]) -> list[Ranked]:
        """The order with regard to what the best ones do beyond the tests."""
        if len(order) < 2:
            return order
        trials = [one.trial for one in order[:PROBED_AT_MOST]]
        path = trials[0].edits[0].path
        tests = [*self._suite.red, *self._suite.near(path)[:PROBED_TESTS]]
        base, *found = await judge.probe([_nothing(path), *trials], tests)
        return weighed_by_behaviour(order, dict(zip(trials, found, strict=True)), base)


def _nothing(path: str) -> Trial:
    """A trial that changes nothing."""
    return Trial((Edit(path, (), "none", 0.0, 0),))


class _Ended:
    """An iterator that gives so many and can be stopped from outside."""

    def __init__(self, source: Iterator[Trial], most: int) -> None:
        self._source = source
        self._left = most
        self.stopped = False

    def __iter__(self) -> "_Ended":
        return self

    def __next__(self) -> Trial:
        if self._left <= 0:
            raise StopIteration
        self._left -= 1
        return next(self._source)

    def stop(self) -> None:
        """Give no more."""
        self._left, self.stopped = 0, True

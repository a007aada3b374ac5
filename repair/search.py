"""Search for a small change that turns the red tests green: generations of candidates, bounded."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from core.evidence import CaseOutcome, RunEnd, TestRun
from core.findings import Candidate, PartialFix, SearchFigures
from core.patches import Patch, Suspect
from core.trees import Tree
from repair.bench import SURVEY_TEST_S, Bench, import_paths, pytest_arguments
from repair.edits import Edit
from repair.gate import is_test_path, refusals
from repair.judge import Judge, Judgement, Says, Setup, Trial
from repair.localize import words_of
from repair.minimize import minimized
from repair.narrowing import narrowed
from repair.proposals import Proposals
from repair.ranking import Ranked, ranked, weighed_by_behaviour
from repair.salvage import Salvage
from repair.sifting import Sieve
from sandbox.runners import Survey

SINGLES_SHARE, PAIRS_SHARE, NARROWED_SHARE = 0.8, 0.9, 1.0
"""Shares of all candidates that are spent when each stage ends, for the search to go on."""
LEADS = 12
"""Edits that showed progress and are built upon."""
AFTER_FIRST = 150
"""Candidates that are still tried after the first that passes, so that the best is found."""
FIRST_ROUND = 60
ROUND = 400
"""Edits that are looked at together before one of each class is tried."""
MOST_SURVIVORS = 40
CONFIRMED_AT_MOST = 6
PARTIALS_LOOKED_AT = 20
"""Near misses that are made into patches when nothing was found."""
PROBED_AT_MOST = 25
PROBED_TESTS = 30
LEAST_LIMIT_S = 0.1
"""Processor seconds that any test may take."""
LIMIT_FACTOR = 20
"""How many times longer than on base a test may take."""
SECOND_LIMIT_S = 2.0
"""What candidates that were cut off get in the end, when nothing else passed."""


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


Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Found:
    """What a search gave."""

    candidates: tuple[Candidate, ...]
    """Best first; the first one was confirmed by a run of its own."""
    figures: SearchFigures
    method: str = ""
    partials: tuple[PartialFix, ...] = ()
    """When there are no candidates: what came nearest, best first; by the judge's word alone."""


@dataclass
class _State:
    """What is known in the middle of a search."""

    started: float = field(default_factory=time.monotonic)
    tried: int = 0
    survivors: list[Trial] = field(default_factory=list)
    partial: list[tuple[Trial, Judgement]] = field(default_factory=list)
    """Single edits that turned some of the red tests green."""
    broke: list[Trial] = field(default_factory=list)
    """Single edits that turned all of them green and a green one red."""
    hung: list[Trial] = field(default_factory=list)
    stop_at: int | None = None
    bound: str = ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


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
    hunt = _Hunt(tree, suspects, red_tests, bench, bounds, survey, watch, words_of(report))
    return await hunt.run(seed, base_sha, without or tree, frozenset(rejected))


class _Hunt:
    """One search."""

    def __init__(
        self,
        tree: Tree,
        suspects: Sequence[Suspect],
        red_tests: Sequence[str],
        bench: Bench,
        bounds: Bounds,
        survey: Survey,
        watch: Watch,
        words: frozenset[str] = frozenset(),
    ) -> None:
        self._words = words
        self._tree = tree
        self._suspects = [s for s in suspects if not is_test_path(s.path)]
        self._red = list(red_tests)
        self._bench = bench
        self._bounds = bounds
        self._survey = survey
        self._watch = watch
        self._state = _State()
        self._sieve = Sieve()
        self._salvage = Salvage(self._red)
        self._promoted: list[Trial] = []

    async def run(self, seed: int, base_sha: str, base: Tree, rejected: frozenset[str]) -> Found:
        plain = Proposals(self._tree, self._suspects)
        judge = await self._bench.judge(self._tree, self._setup(plain))
        try:
            seen = await judge.look([*self._red, *self._green()[:40]])
            proposals = Proposals(self._tree, self._suspects, seen, self._crashes(), self._words)
            await self._judge_base(judge, proposals)
            exhausted = await self._hunt(judge, proposals)
            survivors = await minimized(self._state.survivors, judge)
            order = ranked(survivors, self._tree, self._red, proposals.sources)
            order = await self._probed(judge, order)
        finally:
            await self._bench.dismiss(judge)
        candidates = await self._confirmed(order, base_sha, base, rejected)
        state = self._state
        figures = SearchFigures(
            tried=state.tried,
            plausible=len(order),
            seconds=round(state.seconds, 3),
            exhausted=exhausted,
            bound=state.bound,
            judged_per_second=round(state.tried / max(state.seconds, 0.001), 1),
        )
        partials = () if candidates else self._partials(base_sha, base, rejected)
        return Found(candidates, figures, partials=partials)

    # --- setting up ---

    def _green(self) -> list[str]:
        red = set(self._red)
        return [test for test in self._survey.run.passed if test not in red]

    def _crashes(self) -> frozenset[tuple[str, int]]:
        cases = [c for c in self._survey.run.cases if c.test_id in self._red]
        return frozenset(
            (c.path, c.line) for c in cases if c.line and "assert" not in c.message[:20]
        )

    def _setup(self, proposals: Proposals) -> Setup:
        files = dict.fromkeys(t.split("::")[0] for t in [*self._red, *self._green()])
        seconds = {case.test_id: case.seconds for case in self._survey.run.cases}
        green = self._green()
        usual = sorted(seconds.get(t, 0.0) for t in green)[len(green) // 2] if green else 0.0
        default = max(LEAST_LIMIT_S, LIMIT_FACTOR * usual)
        limits = {}
        for test in [*self._red, *green]:
            took = seconds.get(test, 0.0)
            if took < SURVEY_TEST_S * 0.8:
                limits[test] = max(default, LIMIT_FACTOR * took)
        return Setup(
            sources={path: source.text for path, source in proposals.sources.items()},
            red=self._red,
            orders={path: self._ordered(green, path) for path in proposals.sources},
            files=list(files),
            limits={test: limit for test, limit in limits.items() if limit > default},
            default_limit=default,
            workers=self._bounds.workers,
            paths=import_paths(self._tree),
            args=pytest_arguments(self._tree),
        )

    def _ordered(self, green: Sequence[str], path: str) -> list[str]:
        """Tests that touch a file first; those that touch fewer files are nearer to it."""
        lines = self._survey.lines
        near = [t for t in green if path in lines.get(t, {})]
        near.sort(key=lambda t: len(lines[t]))
        rest = set(near)
        return [*near, *(t for t in green if t not in rest)]

    # --- hunting ---

    async def _hunt(self, judge: Judge, proposals: Proposals) -> bool:
        """Try single edits, then pairs; whether everything in reach was tried."""
        singles, kept = iter(proposals), list[Trial]()
        most = self._bounds.max_candidates
        exhausted = await self._singles(judge, singles, kept, int(most * SINGLES_SHARE))
        if self._goes_on() and self._state.partial:
            await self._try(judge, self._pairs(kept), int(most * PAIRS_SHARE))
        if self._goes_on() and self._state.broke:
            await self._try(judge, self._narrowed(proposals), int(most * NARROWED_SHARE))
        if self._goes_on() and not exhausted:
            exhausted = await self._singles(judge, singles, kept, most)
        if self._goes_on():
            await self._try(judge, iter(self._sieve.rest()), most)
        if self._goes_on():
            await self._try(judge, self._pairs(kept, guided=False), most)
        return not self._state.bound and not self._state.survivors

    async def _judge_base(self, judge: Judge, proposals: Proposals) -> None:
        """Hear how the red tests fail when nothing is changed."""
        for path in list(proposals.sources)[:1]:
            nothing = Trial((Edit(path, (), "none", 0.0, 0),))
            async for _, judgement in judge.judge([nothing]):
                self._sieve.base = judgement

    def _goes_on(self) -> bool:
        return not self._done() and not self._state.survivors

    async def _singles(
        self, judge: Judge, source: Iterator[Trial], kept: list[Trial], up_to: int
    ) -> bool:
        """Try single edits in rounds, one of those that do the same; whether they ran out."""
        while self._state.tried < up_to and not self._done():
            chunk = list(islice(source, ROUND if kept else FIRST_ROUND))
            if not chunk:
                return True
            kept += chunk
            fresh = await self._sieve.sift(chunk, judge)
            while fresh and not self._done():
                self._promoted = []
                await self._try(judge, iter(fresh), up_to)
                fresh = self._promoted
        return False

    async def _try(self, judge: Judge, trials: Iterator[Trial], up_to: int) -> None:
        """Judge trials until so many were tried."""
        state = self._state
        ended = _Ended(trials, up_to - state.tried)
        async for trial, judgement in judge.judge(ended):
            if self._done():
                continue
            state.tried += 1
            self._note(trial, judgement)
            self._promoted += self._sieve.told(trial, judgement)
            if state.tried % 100 == 0:
                self._watch(Progress(state.tried, len(state.survivors), state.seconds))
            if self._done():
                ended.stop()

    def _note(self, trial: Trial, judgement: Judgement) -> None:
        state = self._state
        self._salvage.note(trial, judgement)
        if judgement.says is Says.GREEN:
            state.survivors.append(trial)
            if state.stop_at is None:
                state.stop_at = state.tried + max(AFTER_FIRST, state.tried)
        elif judgement.says is Says.HANG and not judgement.passed:
            state.hung.append(trial)
        elif len(trial.edits) == 1 and judgement.says is Says.REGRESSION:
            state.broke.append(trial)
        elif len(trial.edits) == 1 and judgement.passed:
            state.partial.append((trial, judgement))

    def _done(self) -> bool:
        state = self._state
        if state.seconds > self._bounds.max_seconds:
            state.bound = "seconds"
        elif state.tried >= self._bounds.max_candidates:
            state.bound = "candidates"
        enough = len(state.survivors) >= MOST_SURVIVORS
        over = state.stop_at is not None and state.tried >= state.stop_at
        return bool(state.bound) or enough or over

    def _narrowed(self, proposals: Proposals) -> Iterator[Trial]:
        """Changes that mended the red tests and broke others, each under conditions."""
        leads = sorted(self._state.broke, key=lambda trial: -trial.score)[:LEADS]
        ways = [narrowed(lead.edits[0], proposals) for lead in leads]
        while ways:
            for lead, way in list(zip(leads, ways, strict=True)):
                edit = next(way, None)
                if edit is None:
                    at = ways.index(way)
                    del leads[at], ways[at]
                else:
                    yield Trial((edit,), lead.score * edit.prior)

    def _pairs(self, kept: Sequence[Trial], guided: bool = True) -> Iterator[Trial]:
        """Two edits at once: what made progress with everything else, best first."""
        leads = list(kept[: 4 * LEADS])
        if guided:
            by_progress = sorted(
                self._state.partial, key=lambda entry: (-len(entry[1].passed), -entry[0].score)
            )
            leads = [trial for trial, _ in by_progress[:LEADS]]
        for other in list(kept):
            for lead in leads:
                if other is not lead and _apart(lead.edits[0], other.edits[0]):
                    yield Trial((lead.edits[0], other.edits[0]), lead.score * other.score * 0.5)

    # --- afterwards ---

    async def _probed(self, judge: Judge, order: list[Ranked]) -> list[Ranked]:
        """The order with regard to what the best ones do beyond the tests."""
        if len(order) < 2:
            return order
        trials = [one.trial for one in order[:PROBED_AT_MOST]]
        path = trials[0].edits[0].path
        nothing = Trial((Edit(path, (), "none", 0.0, 0),))
        tests = [*self._red, *self._ordered(self._green(), path)[:PROBED_TESTS]]
        base, *found = await judge.probe([nothing, *trials], tests)
        return weighed_by_behaviour(order, dict(zip(trials, found, strict=True)), base)

    async def _confirmed(
        self, order: Sequence[Ranked], base_sha: str, base: Tree, rejected: frozenset[str]
    ) -> tuple[Candidate, ...]:
        """The candidates as patches; the best one must pass a run of its own."""
        found: list[Candidate] = []
        spent = 0
        for one in order:
            patch = self._patch(one.trial, base_sha, base)
            if patch.sha256 in rejected or self._refused(one.trial):
                continue
            if not found:
                if spent >= CONFIRMED_AT_MOST:
                    break
                spent += 1
                if not await self._holds(one.trial):
                    continue
            found.append(self._candidate(one, patch))
        return tuple(found)

    def _refused(self, trial: Trial) -> bool:
        return bool(
            refusals(self._tree, self._applied(trial, self._tree), red_on_base=self._survey.run)
        )

    def _applied(self, trial: Trial, tree: Tree) -> Tree:
        texts: dict[str, str] = {}
        for path, splices in trial.splices.items():
            text = tree[path].data.decode("utf-8")
            for start, end, new in sorted(splices, reverse=True):
                text = text[:start] + new + text[end:]
            texts[path] = text
        return tree.with_texts(texts)

    def _patch(self, trial: Trial, base_sha: str, base: Tree) -> Patch:
        return Patch.between(base_sha, base, self._applied(trial, base))

    async def _holds(self, trial: Trial) -> bool:
        run = await self._bench.run(self._applied(trial, self._tree))
        holds = green_with(run, self._red, self._survey.run)
        if not holds:
            self._salvage.unconfirmed(trial, run, self._survey.run)
        return holds

    def _partials(
        self, base_sha: str, base: Tree, rejected: frozenset[str]
    ) -> tuple[PartialFix, ...]:
        """What came nearest, without what was turned down or the gate refuses."""
        found: list[PartialFix] = []
        for miss in islice(self._salvage.nearest(), PARTIALS_LOOKED_AT):
            patch = self._patch(miss.trial, base_sha, base)
            if patch.sha256 not in rejected and not self._refused(miss.trial):
                operator = " + ".join(edit.operator for edit in miss.trial.edits)
                found.append(
                    PartialFix(
                        patch=patch, operator=operator, mended=miss.mended, broken=miss.broken
                    )
                )
        return tuple(found)

    def _candidate(self, one: Ranked, patch: Patch) -> Candidate:
        return Candidate(
            patch=patch,
            operator=" + ".join(edit.operator for edit in one.trial.edits),
            score=min(one.score, 1.0),
            lines=tuple(
                Suspect(path=e.path, line=e.line, score=min(one.score, 1.0))
                for e in one.trial.edits
            ),
            behaviour=one.behaviour,
        )


class _Ended:
    """An iterator that gives so many and can be stopped from outside."""

    def __init__(self, source: Iterator[Trial], most: int) -> None:
        self._source = source
        self._left = most

    def __iter__(self) -> "_Ended":
        return self

    def __next__(self) -> Trial:
        if self._left <= 0:
            raise StopIteration
        self._left -= 1
        return next(self._source)

    def stop(self) -> None:
        """Give no more."""
        self._left = 0


def _apart(left: Edit, right: Edit) -> bool:
    """Whether two edits touch different text."""
    if left.path != right.path:
        return True
    return all(a.end < b.start or b.end < a.start for a in left.splices for b in right.splices)


def green_with(run: TestRun, red: Collection[str], before: TestRun) -> bool:
    """Whether a run shows the red tests passing and nothing new failing."""
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return False
    outcomes = {case.test_id: case.outcome for case in run.cases}
    if any(outcomes.get(test) is not CaseOutcome.PASSED for test in red):
        return False
    return not set(before.passed) - set(run.passed)

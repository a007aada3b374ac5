"""From the changes that passed to patches: the best one must pass a run of its own."""

from collections.abc import Collection, Sequence
from itertools import islice

from core.errors import TimeUp
from core.evidence import CaseOutcome, RunEnd, TestRun
from core.findings import Candidate, PartialFix
from core.patches import Patch, Suspect
from core.trees import Tree
from repair.bench import Bench
from repair.deadline import Deadline
from repair.gate import refusals
from repair.judge import Trial
from repair.ranking import Ranked
from repair.salvage import Salvage
from repair.validate import LIMITS

CONFIRMED_AT_MOST = 6
PARTIALS_LOOKED_AT = 20
"""Near misses that are made into patches when nothing was found."""


class Confirmation:
    """Makes patches against the base as it ships, and runs the best ones as they are."""

    def __init__(
        self, bench: Bench, tree: Tree, base: Tree, sha: str, before: TestRun, salvage: Salvage
    ) -> None:
        """`tree` holds the red tests; `base`, at `sha`, need not. `before` is the run of `tree`."""
        self._bench = bench
        self._tree = tree
        self._base = base
        self._sha = sha
        self._before = before
        self._salvage = salvage
        self._tests: tuple[str, ...] = ()
        """What is run for each candidate, all when empty."""
        self.limit = ""
        """Why a whole run did not come to its end, if one did not."""

    async def confirmed(
        self, order: Sequence[Ranked], rejected: Collection[str], deadline: Deadline
    ) -> tuple[Candidate, ...]:
        """The candidates as patches, from the best one on that holds.

        When the time is up they are given as they are: whoever proves them runs all tests anyway.
        """
        known = [
            one
            for one in order
            if self._patch(one.trial).sha256 not in rejected and not self._refused(one.trial)
        ]
        first = await self._first_that_holds(known[:CONFIRMED_AT_MOST], deadline)
        if first is None:
            return ()
        return tuple(_candidate(one, self._patch(one.trial)) for one in known[first:])

    async def _first_that_holds(self, known: Sequence[Ranked], deadline: Deadline) -> int | None:
        """The best one is tried alone, for mostly it holds; then as many at once as may run."""
        at, size = 0, 1
        while wave := known[at : at + size]:
            try:
                async with deadline.held():
                    runs = await self._runs([applied(one.trial, self._tree) for one in wave])
            except TimeUp:
                return at
            for number, (one, run) in enumerate(zip(wave, runs, strict=True)):
                if self._holds(one.trial, run):
                    return at + number
            at, size = at + len(wave), self._bench.workers
        return None

    async def _runs(self, trees: Sequence[Tree]) -> list[TestRun]:
        """A run of each; of the files whose tests are known, where a command would run others.

        Whoever proves a patch has the command run too.
        """
        runs = await self._bench.try_all(trees, self._tests)
        if self._tests or all(run.proof is self._before.proof for run in runs):
            return runs
        known = dict.fromkeys(test.partition("::")[0] for test in self._before.collected)
        self._tests = tuple(path for path in known if path in self._tree)
        return await self._bench.try_all(trees, self._tests) if self._tests else runs

    def partials(self, rejected: Collection[str]) -> tuple[PartialFix, ...]:
        """What came nearest, without what was turned down or the gate refuses."""
        found: list[PartialFix] = []
        for miss in islice(self._salvage.nearest(), PARTIALS_LOOKED_AT):
            patch = self._patch(miss.trial)
            if patch.sha256 not in rejected and not self._refused(miss.trial):
                found.append(
                    PartialFix(
                        patch=patch,
                        operator=_operator(miss.trial),
                        mended=miss.mended,
                        broken=miss.broken,
                    )
                )
        return tuple(found)

    def _patch(self, trial: Trial) -> Patch:
        return Patch.between(self._sha, self._base, applied(trial, self._base))

    def _refused(self, trial: Trial) -> bool:
        result = applied(trial, self._tree)
        return bool(
            refusals(self._tree, result, red_on_base=self._before, recipe=self._bench.recipe)
        )

    def _holds(self, trial: Trial, run: TestRun) -> bool:
        self.limit = LIMITS.get(run.end, self.limit)
        holds = green_with(run, self._salvage.red, self._before)
        if not holds:
            self._salvage.unconfirmed(trial, run, self._before)
        return holds


def applied(trial: Trial, tree: Tree) -> Tree:
    """The tree with the edits of a trial."""
    texts: dict[str, str] = {}
    for path, splices in trial.splices.items():
        text = tree[path].data.decode("utf-8")
        for start, end, new in sorted(splices, reverse=True):
            text = text[:start] + new + text[end:]
        texts[path] = text
    return tree.with_texts(texts)


def green_with(run: TestRun, red: Collection[str], before: TestRun) -> bool:
    """Whether a run shows the red tests passing and nothing new failing."""
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return False
    outcomes = {case.test_id: case.outcome for case in run.cases}
    if any(outcomes.get(test) is not CaseOutcome.PASSED for test in red):
        return False
    return not set(before.passed) - set(run.passed)


def _operator(trial: Trial) -> str:
    return " + ".join(edit.operator for edit in trial.edits)


def _candidate(one: Ranked, patch: Patch) -> Candidate:
    score = min(one.score, 1.0)
    return Candidate(
        patch=patch,
        operator=_operator(one.trial),
        score=score,
        lines=tuple(Suspect(path=e.path, line=e.line, score=score) for e in one.trial.edits),
        behaviour=one.behaviour,
    )

"""Candidates from whoever makes them, judged by the same tests and put into one order.

The offline search runs beside a model in the time that the model takes anyway; what it finds is a
candidate like any other.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agents.offline.diagnosis import SUSPECTS_MAX, located
from agents.offline.fixing import NAME as OFFLINE
from agents.views import is_small, named_by, places_of
from core.errors import BudgetExceeded
from core.evidence import RunEnd, TestRun
from core.findings import Candidate, FixAttempt, PartialFix, Reading, RefusedEdit, SearchFigures
from core.patches import Patch, Suspect
from core.ports import Case
from core.tasks import Outcome
from core.trees import Tree
from repair.bench import Bench
from repair.reach import of_package, reaching
from repair.validate import with_files
from repair.votes import Judged, form_of, in_order
from sandbox.surveys import Survey

AGREED = 0.95
"""Confidence in a change that model and search, or two answers, came to apart."""
ALONE = 0.9
DISAGREED = 0.7
"""Confidence where models' changes of different form hold, or the search's is put before them."""
UNPROVEN = 0.5
"""Confidence where no test shows the fault."""
FAILURES_TOLD = 5

OfflineSearch = Callable[[], Coroutine[Any, Any, FixAttempt]]


@dataclass(frozen=True)
class Stint:
    """What one model came to with one engine, beside the candidates that were judged."""

    name: str
    """Engine and model, as people are told."""
    why_not: str
    """What happened, for the case that nothing holds."""
    refused: tuple[RefusedEdit, ...] = ()
    """What the gate refused."""
    abstains: str = ""
    """Why the model advises against any change; empty when it does not."""
    saved_calls: int = 0
    """Calls that were planned and not made."""
    speechless: bool = False
    """Whether its replies were no answers, so that another engine or model is due."""


@dataclass
class Contest:
    """One attempt: what shows the fault, who tried, and what the tests said of each."""

    case: Case
    bench: Bench
    search: OfflineSearch
    survey: Survey
    red: tuple[str, ...]
    """Tests that show the fault; empty when none does."""
    files: tuple[Any, ...] = ()
    """Test files that are put in for judging."""
    judged: list[Judged] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    """What its maker says of a patch, by hash."""
    makers: dict[str, str] = field(default_factory=dict)
    """Name of the model that made a patch, by hash."""
    tried: dict[str, PartialFix] = field(default_factory=dict)
    """What each judged patch mends and breaks, by hash."""
    spent: BudgetExceeded | None = None
    """What kept the model from going on; told only when nothing holds."""
    beside: "asyncio.Task[FixAttempt] | None" = None

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, case: Case, bench: Bench, search: OfflineSearch
    ) -> AsyncIterator["Contest"]:
        """A contest whose search has begun, where a red test gives it something to go by."""
        shown = case.reproduction
        red = shown is not None and shown.reading is Reading.REPRODUCED
        files = (*shown.files, *shown.scaffold) if shown and red else ()
        survey = await bench.survey(with_files(case.tree, files))
        contest = cls(case, bench, search, survey, shown.tests if shown and red else (), files)
        if contest.red:
            contest.beside = asyncio.create_task(search())
        try:
            yield contest
        finally:
            if contest.beside and not contest.beside.done():
                contest.beside.cancel()
                await asyncio.gather(contest.beside, return_exceptions=True)

    @property
    def tree(self) -> Tree:
        """The base with the test that shows the fault."""
        return with_files(self.case.tree, self.files)

    def suspects(self) -> tuple[Suspect, ...]:
        """Where to look: by the red test, else as diagnosis and triage say."""
        ranked = located(self.case, self.survey, self.red).suspects
        named = self.case.diagnosis.suspects if self.case.diagnosis else ()
        return (*ranked, *named) if self.red else (*named, *places_of(self.case, ranked))

    def places(self) -> tuple[Suspect, ...]:
        """Which code is worth showing: what the diagnosis names, then all that is suspected.

        In a large repository the rest would drown it, and waits for another attempt.
        """
        named = named_by(self.case.diagnosis)
        if named and self.case.attempt == 1 and not is_small(self.case.tree):
            return named
        return (*named, *self.suspects())

    def tests_in_words(self, max_chars: int) -> str:
        """The files of the red tests."""
        paths = dict.fromkeys(test.split("::")[0] for test in self.red)
        texts = [
            f"FILE: {path}\n{self.tree.text(path).rstrip()}" for path in paths if path in self.tree
        ]
        whole = "\n\n".join(texts)
        missing = len(whole) - max_chars
        cut = f"\n[… {missing} characters left out …]" if missing > 0 else ""
        return whole[:max_chars] + cut

    # --- judging ---

    async def judge(self, patch: Patch, words: str, by: str) -> tuple[Judged, str]:
        """The red tests first, then those near the change, then the whole suite.

        `by` is the model that made it. Gives what the tests said in words too, for the next try.
        """
        tree = with_files(patch.apply(self.case.tree), self.files)
        mended, lost, said = tuple[str, ...](), list[str](), ""
        if self.red:
            run = await self.bench.try_out(tree, self.red)
            mended = tuple(test for test in self.red if test in run.passed)
            said = failures(run, self.red) or run.output
        if len(mended) == len(self.red):
            lost, said = await self._regressions(tree, patch)
        found = Judged(patch, len(mended), len(lost), form_of(self.case.tree, patch))
        self.judged.append(found)
        self.tried[patch.sha256] = PartialFix(patch=patch, mended=mended, broken=tuple(lost))
        self.said[patch.sha256] = words
        self.makers[patch.sha256] = by
        return found, said

    def keep(self, patch: Patch) -> None:
        """Take a change as the near miss that it may be, and as no candidate."""
        self.tried[patch.sha256] = PartialFix(patch=patch)

    async def _regressions(self, tree: Tree, patch: Patch) -> tuple[list[str], str]:
        before = set(self.survey.run.passed)
        lines = self.survey.lines
        near = [t for t in self.survey.run.passed if set(patch.paths) & set(lines.get(t, {}))]
        near = near or reaching(tree, self.survey.run.passed, patch.paths)
        package = of_package(tree, self.survey.run.passed, patch.paths)
        steps = [near, package] if len(near) < len(package) else [near]
        for tests in [*(some for some in steps if 0 < len(some) < len(before)), []]:
            run = await self.bench.try_out(tree, tests)
            lost = sorted((before & set(tests) if tests else before) - set(run.passed))
            if lost:
                words = failures(run, lost) or f"The run ended as {run.end}."
                return lost, f"These passed before: {', '.join(lost[:5])}\n{words}"
            if run.end not in (RunEnd.PASSED, RunEnd.FAILED, RunEnd.NO_TESTS):
                return ["the run itself"], f"The run ended as {run.end}.\n{run.output[-2000:]}"
        return [], ""

    def holds(self, judged: Judged) -> bool:
        """Whether all red tests pass and nothing is lost."""
        return judged.regressions == 0 and judged.red_passed == len(self.red)

    @property
    def won(self) -> bool:
        """Whether any change holds, be it of the search."""
        return any(map(self.holds, self.judged)) or self.found_by_search

    @property
    def found_by_search(self) -> bool:
        """Whether the search has ended by now, and found what holds."""
        task = self.beside
        if task is None or not task.done() or task.cancelled() or task.exception():
            return False
        return bool(task.result().candidates) and task.result().partial is None

    # --- the end ---

    async def attempt(self, engine: str, *, saved_calls: int, why_not: str) -> FixAttempt:
        """All that holds, best first; `why_not` says what happened when nothing does.

        The search is waited for only where nothing else holds, and only then its failure is one
        of the attempt. Raises BudgetExceeded, with what came nearest, when nothing holds and the
        budget kept the model from going on.
        """
        holding = [one for one in self.judged if self.holds(one)]
        found = await self._searched(needed=not holding)
        offered = found.candidates if found and not (found.partial and holding) else ()
        searched = {one.patch.sha256: one for one in offered}
        votes = [
            Judged(one.patch, len(self.red), 0, form_of(self.case.tree, one.patch))
            for one in searched.values()
        ]
        order = in_order([*holding, *votes])
        figures = found.figures if found else SearchFigures()
        attempt = FixAttempt(
            candidates=tuple(self._candidate(one, searched.get(one.patch.sha256)) for one in order),
            suspects=self.suspects()[:SUSPECTS_MAX],
            explanation=why_not,
            figures=figures.but(
                tried=figures.tried + len(self.judged),
                by_models=len(self.judged),
                plausible=len(order),
            ),
            engine=engine,
        )
        if not order:
            nearest = self._nearest(found.partial if found else None)
            if self.spent:
                self.spent.salvage = nearest
                raise self.spent
            return attempt.but(partial=nearest)
        best = order[0].patch.sha256
        words = self.said.get(best) or (found.explanation if found else "")
        return attempt.but(
            explanation=words or "Change what the diff shows.",
            confidence=self._confidence(order[0], holding, votes, found),
            saved_calls=saved_calls,
        )

    async def _searched(self, *, needed: bool) -> FixAttempt | None:
        """What the search found; None where it is not needed, and failed or goes on."""
        if self.beside and (needed or (self.beside.done() and not self.beside.exception())):
            return await self.beside
        return None

    def abstained(self, attempt: FixAttempt, reason: str) -> FixAttempt:
        """The attempt of a model that advises against any change, where nothing else holds.

        Where no test shows the fault, that ends the task; against a red test people decide.
        """
        if not reason or attempt.candidates:
            return attempt
        final = None if self.red else Outcome.NOT_A_CODE_FAULT
        return attempt.but(abstains=reason[:1000], final=final)

    def _nearest(self, searched: PartialFix | None) -> PartialFix | None:
        """The change that mends most, and of those the one that breaks least."""
        misses = [*self.tried.values(), *([searched] if searched else [])]
        return max(misses, key=lambda one: (len(one.mended), -len(one.broken)), default=None)

    def _candidate(self, one: Judged, searched: Candidate | None) -> Candidate:
        made_by = self.makers.get(one.patch.sha256)
        makers = [*([made_by] if made_by else []), *([OFFLINE] if searched else [])]
        made = searched or Candidate(patch=one.patch, score=1.0)
        return made.but(found_by=" and ".join(makers))

    def _confidence(
        self,
        best: Judged,
        held: Sequence[Judged],
        votes: Sequence[Judged],
        found: FixAttempt | None,
    ) -> float:
        """How sure the best change is: by those who made it, and by who came to the same.

        What `found`, the search, came to besides casts no doubt on a model's change: it is made
        from the tests alone. `held` are the models' changes that hold, `votes` are the search's.
        """
        if not self.red:
            return UNPROVEN
        same = [one for one in held if one.form == best.form]
        if not same:
            return DISAGREED if held or found is None else found.confidence
        if len(same) > 1 or any(one.form == best.form for one in votes):
            return AGREED
        return DISAGREED if len(held) > 1 else ALONE


def failures(run: TestRun, tests: Sequence[str]) -> str:
    """How these tests failed, as the sandbox recorded it."""
    wanted = set(tests)
    said = [
        f"{one.test_id} failed{f' at {one.path}:{one.line}' if one.path else ''}:\n{one.message}"
        for one in run.cases
        if one.outcome.red and one.test_id in wanted
    ]
    return "\n\n".join(said[:FAILURES_TOLD])

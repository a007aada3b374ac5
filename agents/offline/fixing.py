"""The fix by search: small edits at the suspects, the tests decide, and words from the diff."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.offline.diagnosis import SUSPECTS_MAX, located, root_cause
from core.errors import TimeUp
from core.findings import OFFLINE_ENGINE, Candidate, FixAttempt, PartialFix, Reading, SearchFigures
from core.patches import Suspect
from core.ports import Case
from core.tasks import Outcome
from core.trees import Tree
from repair.bench import Bench
from repair.contradiction import contradicts
from repair.deadline import Deadline
from repair.doubts import DOUBTFUL
from repair.search import Bounds, Found, Progress, search
from repair.validate import with_files

NAME = OFFLINE_ENGINE
NO_RED_TEST = "The offline engine needs a failing test to search for a fix; there is none."
PYTHON_ONLY = (
    "The offline engine repairs Python only; faults in other languages need a model (MODEL=...)."
)
ALONE = 0.95
"""Confidence in a patch that is the only plausible one."""
AGREEING = 0.85
"""Confidence when several plausible patches were found that behave alike as far as is known."""
DISAGREEING, AGREEING_SHARE = 0.3, 0.4
"""Confidence when plausible patches differ in behaviour: the first, and so much of the second as
is the share of those that behave like the best."""
OVERFITTED = 0.3
TUNED = 0.5
"""Confidence at most when the change is of a kind that fits a test more easily than the intent."""
SCORE_OVERFITTED = 0.02
"""Below this score only patches stand that repeat a value of the test, or guard a crash."""


@dataclass(frozen=True)
class Search:
    """How much a search may use."""

    max_candidates: int = 2000
    max_seconds: float = 300.0
    workers: int = 0
    """0 for one a core."""


async def fix(
    case: Case,
    bench: Bench,
    limits: Search,
    watch: Callable[[Progress], None],
    deadline: Deadline | None = None,
) -> FixAttempt:
    """Search for the least change that turns the red tests green, until the deadline."""
    deadline = deadline or Deadline.within(limits.max_seconds)
    reproduction = case.reproduction
    if reproduction is None or reproduction.reading is not Reading.REPRODUCED:
        return FixAttempt(explanation=NO_RED_TEST, engine=NAME, final=Outcome.NEEDS_INFORMATION)
    tree = with_files(case.tree, [*reproduction.files, *reproduction.scaffold])
    try:
        async with deadline.held():
            survey = await bench.survey(tree)
    except TimeUp:
        figures = SearchFigures(seconds=limits.max_seconds, bound="seconds")
        words = f"The tests alone took longer than OFFLINE_MAX_SECONDS, {limits.max_seconds:g} s."
        return FixAttempt(
            explanation=words, figures=figures, engine=NAME, final=Outcome.OUT_OF_BUDGET
        )
    ranking = located(case, survey, reproduction.tests)
    places = [suspect for suspect in ranking.suspects if suspect.path.endswith(".py")]
    if ranking.suspects and not places:
        return FixAttempt(
            suspects=ranking.suspects[:SUSPECTS_MAX],
            explanation=PYTHON_ONLY,
            engine=NAME,
            final=Outcome.NEEDS_INFORMATION,
        )
    found = await search(
        tree,
        places,
        reproduction.tests,
        bench,
        Bounds(limits.max_candidates, deadline.left, bench.workers),
        survey=survey,
        seed=case.seed,
        base_sha=case.base_sha,
        without=case.tree,
        rejected=case.rejected,
        report=f"{case.title}\n{case.report}",
        watch=watch,
    )
    suspects = ranking.suspects[:SUSPECTS_MAX]
    if not found.candidates:
        if lead := _contradicted(found, tree, reproduction.tests):
            return _offered(lead, suspects, found)
        return _nothing(found, suspects)
    best = found.candidates[0]
    return FixAttempt(
        candidates=found.candidates,
        suspects=suspects,
        explanation=_in_words(best, found.figures.plausible),
        root_cause=root_cause(case, _changed(best, suspects), len(reproduction.tests)),
        confidence=_confidence(found),
        figures=found.figures,
        engine=NAME,
    )


def _contradicted(found: Found, tree: Tree, red: tuple[str, ...]) -> PartialFix | None:
    """A change that mends all and breaks only what certainly demands the opposite of a red test.

    The workflow proves it, and asks a person which of the two tests is right.
    """
    for partial in found.partials:
        if len(partial.mended) < len(red) or not partial.broken:
            break
        if all(contradicts(tree, test, red) for test in partial.broken):
            return partial
    return None


def _offered(lead: PartialFix, suspects: tuple[Suspect, ...], found: Found) -> FixAttempt:
    removed, added = _one_line_change(lead.patch.diff)
    change = f"`{removed}` becomes `{added}`" if removed and added else "a small change"
    return FixAttempt(
        candidates=(Candidate(patch=lead.patch, operator=lead.operator),),
        partial=lead,
        suspects=suspects,
        explanation=f"{change}, which {', '.join(lead.broken)} contradicts.",
        confidence=OVERFITTED,
        figures=found.figures,
        engine=NAME,
    )


def _nothing(found: Found, suspects: tuple[Suspect, ...]) -> FixAttempt:
    figures = found.figures
    bound = {
        "seconds": "the time was up, see OFFLINE_MAX_SECONDS",
        "candidates": "their number was reached",
    }
    end = bound.get(figures.bound, "there are no more in reach")
    tried = f"{figures.tried} small changes were tried and none passes; {end}."
    if figures.plausible:
        tried = f"{figures.plausible} of {figures.tried} small changes pass, but none holds; {end}."
    final = Outcome.OUT_OF_BUDGET if figures.bound else Outcome.FAILED
    if found.limit:
        tried, final = f"{tried} No whole test run ends: {found.limit}", Outcome.BLOCKED
    return FixAttempt(
        suspects=suspects,
        partial=next(iter(found.partials), None),
        explanation=tried,
        figures=figures,
        engine=NAME,
        final=final,
    )


def _changed(best: Candidate, suspects: tuple[Suspect, ...]) -> Suspect:
    """The suspect that the patch changes, with its ranking if it has one."""
    line = best.lines[0]
    for suspect in suspects:
        if (suspect.path, suspect.line) == (line.path, line.line):
            return suspect
    return line.but(why="changed by the fix")


def _in_words(best: Candidate, plausible: int) -> str:
    """What the diff does, in one sentence made from it."""
    removed, added = _one_line_change(best.patch.diff)
    where = f"{best.lines[0].path}:{best.lines[0].line}" if best.lines else best.patch.paths[0]
    if removed and added:
        said = f"Replace `{removed}` by `{added}` at {where}"
    elif added:
        said = f"Add `{added}` at {where}"
    elif removed:
        said = f"Remove `{removed}` at {where}"
    else:
        said = f"Change {where} ({best.operator})"
    others = f"; the best of {plausible} changes that pass" if plausible > 1 else ""
    return f"{said}{others}."


def _one_line_change(diff: str) -> tuple[str, str]:
    """The line taken out and the line put in, when there is at most one of each."""
    body = [line for line in diff.split("\n") if not line.startswith(("+++ ", "--- "))]
    removed = [line[1:].strip() for line in body if line.startswith("-")]
    added = [line[1:].strip() for line in body if line.startswith("+")]
    if len(removed) > 1 or len(added) > 1:
        return "", ""
    return "".join(removed), "".join(added)


def _confidence(found: Found) -> float:
    """How likely the best patch is the right one, by what else passes and what it does."""
    best = found.candidates[0]
    if best.score < SCORE_OVERFITTED:
        return OVERFITTED
    confidence = ALONE if found.figures.plausible == 1 else _by_behaviour(found)
    kinds = set(best.operator.split(" + "))
    return min(confidence, TUNED) if kinds <= DOUBTFUL else confidence


def _by_behaviour(found: Found) -> float:
    best = found.candidates[0]
    known = [candidate for candidate in found.candidates if candidate.behaviour]
    if len({candidate.behaviour for candidate in known}) <= 1:
        return AGREEING
    alike = sum(c.score for c in known if c.behaviour == best.behaviour)
    share = alike / (sum(candidate.score for candidate in known) or 1.0)
    return round(DISAGREEING + AGREEING_SHARE * share, 2)


def figures_of(progress: Progress) -> SearchFigures:
    """The figures of a search that is under way."""
    return SearchFigures(
        tried=progress.tried, plausible=progress.plausible, seconds=round(progress.seconds, 3)
    )

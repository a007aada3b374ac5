"""Measure the search: seeded faults in small programs, judged by tests that it never saw."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from core.evidence import RunEnd
from core.patches import Suspect
from core.trees import Tree
from evals.faults import Fault
from repair.bench import Bench
from repair.localize import localize
from repair.search import Bounds, search

MakeBench = Callable[[], Bench]


@dataclass(frozen=True)
class Result:
    """How one fault went."""

    fault: str
    kind: str
    split: str
    plausible: bool
    """Whether a change was found that satisfies the visible tests."""
    correct: bool
    """Whether the first one shown satisfies the hidden tests."""
    any_correct: bool
    """Whether one of the first five does."""
    rank: int
    """Place of the first faulty line among the suspects, from 1; 0 when it is not there."""
    tried: int
    found: int
    seconds: float
    judging_seconds: float
    operator: str = ""
    diff: str = ""
    bound: str = ""


@dataclass(frozen=True)
class Figures:
    """What a suite of faults comes to; shares from 0.0 to 1.0."""

    faults: int
    plausible: float
    correct: float
    correct_in_five: float
    hit_at_1: float
    hit_at_3: float
    hit_at_5: float
    candidates_per_second: float
    median_seconds: float


async def run_suite(
    faults: Sequence[Fault],
    make_bench: MakeBench,
    *,
    bounds: Bounds | None = None,
    seed: int = 0,
    told: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Repair each fault with a bench of its own; `told` hears each result as it comes."""
    results = []
    for fault in faults:
        bench = make_bench()
        try:
            result = await repair_one(fault, bench, bounds or Bounds(), seed)
        finally:
            await bench.close()
        results.append(result)
        told(result)
    return results


async def repair_one(fault: Fault, bench: Bench, bounds: Bounds, seed: int = 0) -> Result:
    """Localise and search as a task would, then let the hidden tests judge."""
    tree = Tree().with_texts({**fault.apply(), **fault.visible_tests})
    started = time.monotonic()
    survey = await bench.survey(tree)
    red = survey.run.failed
    place = localize(tree, survey, red, report=fault.ticket)
    found = await search(
        tree, place.suspects, red, bench, bounds, survey=survey, seed=seed, report=fault.ticket
    )
    seconds = time.monotonic() - started
    right = [
        await _holds_hidden(fault, candidate.patch.apply(tree), bench)
        for candidate in found.candidates[:5]
    ]
    return Result(
        fault=fault.id,
        kind=fault.kind,
        split=fault.split,
        plausible=bool(found.candidates),
        correct=bool(right) and right[0],
        any_correct=any(right),
        rank=_rank(fault, tree, place.suspects),
        tried=found.figures.tried,
        found=found.figures.plausible,
        seconds=seconds,
        judging_seconds=found.figures.seconds,
        operator=found.candidates[0].operator if found.candidates else "",
        diff=found.candidates[0].patch.diff if found.candidates else "",
        bound=found.figures.bound,
    )


async def _holds_hidden(fault: Fault, fixed: Tree, bench: Bench) -> bool:
    tests = fault.hidden_tests
    run = await bench.run(fixed.with_texts(dict(tests)), list(tests))
    return run.end is RunEnd.PASSED


def _rank(fault: Fault, tree: Tree, suspects: Sequence[Suspect]) -> int:
    """Place of the first suspect in a function that is faulty."""
    wrong: set[tuple[str, int]] = set()
    for change in fault.replacements:
        text = tree.text(change.path)
        at = text.index(change.after) if change.after in text else 0
        first = text.count("\n", 0, at) + 1
        last = first + max(change.after.rstrip("\n").count("\n"), 0) + 1
        wrong |= {(change.path, line) for line in range(first, last + 1)}
    for number, suspect in enumerate(suspects, start=1):
        if (suspect.path, suspect.line) in wrong:
            return number
    return 0


def figures(results: Sequence[Result]) -> Figures:
    """The shares and medians of some results."""
    count = max(len(results), 1)

    def share(hits: int) -> float:
        return round(hits / count, 4)

    def hits(most: int) -> int:
        return sum(1 for r in results if 0 < r.rank <= most)

    judged = sum(r.judging_seconds for r in results)
    return Figures(
        faults=len(results),
        plausible=share(sum(r.plausible for r in results)),
        correct=share(sum(r.correct for r in results)),
        correct_in_five=share(sum(r.any_correct for r in results)),
        hit_at_1=share(hits(1)),
        hit_at_3=share(hits(3)),
        hit_at_5=share(hits(5)),
        candidates_per_second=round(sum(r.tried for r in results) / judged, 1) if judged else 0.0,
        median_seconds=round(median([r.seconds for r in results]), 2) if results else 0.0,
    )

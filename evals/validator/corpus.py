"""Attempts at every seeded fault: right ones, and wrong ones of each kind."""

import ast
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import islice

from core.evidence import RunEnd, TestRun
from core.findings import Reading, Reproduction
from core.patches import Suspect
from core.trees import Tree
from evals.faults import Fault
from evals.validator import overfitting
from evals.validator.attempts import Attempt, Ground, Kind, attempt
from evals.validator.recordings import Recordings
from evals.validator.rewriting import rewritten
from evals.validator.tampering import TAMPERINGS, tamperings
from evals.validator.text import Text, changed_lines
from repair.proposals import Proposals

MUTANTS = 3
"""Of each fault."""
MUTANTS_TRIED = 8
EQUIVALENTS = 2
EDITS_LOOKED_AT = 300
"""Edits by the operators, most promising first, from which mutants are drawn."""
KNOWING = {
    "knows the tests": overfitting.BY_ENVIRONMENT,
    "knows its callers": overfitting.BY_CALLERS,
}
TAMPERINGS_EACH = 4
"""Ways to bend the tests of each fault; all ways take their turn."""


async def ground_of(fault: Fault, recordings: Recordings) -> Ground:
    """The fault as a broken program with a recorded red run."""
    base = Tree().with_texts({**fault.apply(), **fault.visible_tests})
    run = (await recordings.nth(base, (), 0)).run
    return Ground(
        name=fault.id,
        base=base,
        right=Tree().with_texts({**fault.program.files, **fault.visible_tests}),
        hidden=fault.hidden_tests,
        reproduction=Reproduction(
            reading=Reading.REPRODUCED,
            origin="test that fails already",
            tests=run.failed,
            run=run,
        ),
    )


async def attempts_at(
    fault: Fault, number: int, recordings: Recordings, seed: int
) -> AsyncIterator[Attempt]:
    """All attempts at a fault, the `number`th of those that are measured.

    Whether a mutant or an overfitted change is wrong is for the hidden tests to say; those that
    satisfy them are left out, as are rewritings that do not satisfy them.
    """
    ground, chance = await ground_of(fault, recordings), random.Random(f"{seed} {fault.id}")
    yield attempt(Kind.REFERENCE, "fault undone", ground, ground.right)
    equivalents = list(_equivalents(fault, ground))
    for how, tree in chance.sample(equivalents, min(EQUIVALENTS, len(equivalents))):
        if await holds(tree, ground, recordings):
            yield attempt(Kind.EQUIVALENT, how, ground, tree)
    async for found in _mutants(fault, ground, recordings, chance):
        yield found
    async for found in _overfitted(fault, ground, recordings):
        yield found
    ways = list(TAMPERINGS)
    turn = [ways[(number * TAMPERINGS_EACH + n) % len(ways)] for n in range(TAMPERINGS_EACH)]
    for how, tree in tamperings(ground, turn).items():
        yield attempt(Kind.WEAKENING, how, ground, tree)
    for how, tree in _idle(fault, ground):
        yield attempt(Kind.NO_OP, how, ground, tree)
    yield attempt(Kind.EMPTY, "nothing", ground, ground.base)


async def holds(tree: Tree, ground: Ground, recordings: Recordings) -> bool:
    """Whether a program satisfies the hidden tests."""
    return (await _hidden(tree, ground, recordings)).end is RunEnd.PASSED


async def _hidden(tree: Tree, ground: Ground, recordings: Recordings) -> TestRun:
    together = tree.with_texts(dict(ground.hidden))
    return (await recordings.nth(together, tuple(ground.hidden), 0)).run


def _equivalents(fault: Fault, ground: Ground) -> Iterator[tuple[str, Tree]]:
    path, line = changed_lines(fault)[0]
    for how, text in rewritten(ground.right.text(path), line):
        yield how, ground.right.with_texts({path: text})


async def _mutants(
    fault: Fault, ground: Ground, recordings: Recordings, chance: random.Random
) -> AsyncIterator[Attempt]:
    kept = 0
    edits = [trial.edits[0] for trial in islice(_near(fault, ground), EDITS_LOOKED_AT)]
    for edit in chance.sample(edits, min(MUTANTS_TRIED, len(edits))):
        before = ground.right.text(edit.path)
        after = edit.apply(before)
        if kept == MUTANTS or _alike(before, after):
            continue
        tree = ground.right.with_texts({edit.path: after})
        if tree.id != ground.base.id and not await holds(tree, ground, recordings):
            kept += 1
            yield attempt(Kind.MUTANT, f"{edit.operator} {kept}", ground, tree)


def _near(fault: Fault, ground: Ground) -> Proposals:
    """Edits of the functions that the reference changes."""
    suspects = []
    for path, line in changed_lines(fault):
        found = Text(ground.right.text(path)).function_at(line)
        last = (found[1].end_lineno or line) if found else line
        first = found[1].lineno if found else line
        suspects += [Suspect(path=path, line=n, score=1.0) for n in range(first, last + 1)]
    return Proposals(ground.right, suspects)


def _alike(before: str, after: str) -> bool:
    """Whether a text is no Python, or the same program as before."""
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except SyntaxError:
        return True


async def _overfitted(
    fault: Fault, ground: Ground, recordings: Recordings
) -> AsyncIterator[Attempt]:
    red = ground.reproduction.tests
    for how, texts in _made_for_tests(fault, ground):
        tree = ground.base.with_texts(texts)
        run = (await recordings.nth(tree, (), 0)).run
        if set(red) <= set(run.passed) and not await holds(tree, ground, recordings):
            yield attempt(Kind.OVERFITTED, how, ground, tree)


def _made_for_tests(fault: Fault, ground: Ground) -> Iterator[tuple[str, Mapping[str, str]]]:
    red: Sequence[str] = ground.reproduction.tests
    if len(fault.replacements) == 1:
        path, line = changed_lines(fault)[0]
        wrong, right = ground.base.text(path), ground.right.text(path)
        for how, running in KNOWING.items():
            if text := overfitting.for_named_tests(wrong, right, line, red, running):
                yield how, {path: text}
    for path, text in overfitting.for_asserted_values(ground.base, red):
        yield f"knows the values in {path}", {path: text}
    if ground.reproduction.run:
        for path, text in overfitting.hushed(ground.base, ground.reproduction.run):
            yield f"hushes the crash in {path}", {path: text}


def _idle(fault: Fault, ground: Ground) -> Iterator[tuple[str, Tree]]:
    path = fault.replacements[0].path
    text = ground.base.text(path)
    yield "comment", ground.base.with_texts({path: f"# Reviewed.\n{text}"})
    yield "blanks", ground.base.with_texts({path: f"{text}\n\n"})

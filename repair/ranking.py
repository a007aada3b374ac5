"""Order the changes that passed: the one that is most likely meant comes first."""

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.trees import Tree
from repair.judge import Trial
from repair.source import Source

LITERAL_OF_TEST = 0.1
GUARD = 0.1
DELETION = 0.5
EACH_LINE = 0.9


@dataclass(frozen=True)
class Ranked:
    """A change that passed, with how likely it is the right one."""

    trial: Trial
    score: float
    overfitted: bool = False
    """Whether it tells the test's own values apart."""
    behaviour: str = ""


def ranked(
    trials: Sequence[Trial], tree: Tree, red_tests: Collection[str], sources: Mapping[str, Source]
) -> list[Ranked]:
    """Best first; equal ones in the order in which they were found."""
    literals = _literals_of(
        {tree.text(t.split("::")[0]) for t in red_tests if t.split("::")[0] in tree}
    )
    found = [_weighed(trial, literals, sources) for trial in trials]
    return sorted(found, key=lambda one: -one.score)


def _weighed(trial: Trial, literals: Collection[str], sources: Mapping[str, Source]) -> Ranked:
    score, overfitted = trial.score, False
    for edit in trial.edits:
        text = sources[edit.path].text
        new = _literals_of({s.text for s in edit.splices}) - _literals_of({text})
        if new & set(literals):
            score *= LITERAL_OF_TEST
            overfitted = True
        if edit.guard:
            score *= GUARD
        if edit.operator == "deleted":
            score *= DELETION
        added = sum(splice.text.count("\n") for splice in edit.splices)
        score *= EACH_LINE ** max(0, added - 1)
    return Ranked(trial, score, overfitted)


def _literals_of(texts: Collection[str]) -> set[str]:
    """Numbers and texts that are written out, but for the smallest."""
    found: set[str] = set()
    for text in texts:
        for form in (text, f"({text})", f"x = {text.strip()}"):
            try:
                module = ast.parse(form)
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(module):
                if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
                    found.add(repr(node.value))
            break
    return found - {"0", "1", "-1", "2", "''", "True", "False", "None"}

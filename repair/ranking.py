"""Order the changes that passed: the one that is most likely meant comes first."""

import ast
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from core.trees import Tree
from repair.doubts import trust
from repair.edits import Edit
from repair.judge import Probed, Trial
from repair.source import Source
from repair.vocabulary import names_in

LITERAL_OF_TEST = 0.1
GUARD = 0.1
DELETION = 0.5
EACH_LINE = 0.9
EACH_TOKEN = 0.98
LOSES_NAMES = 0.5
"""What a change is worth that only takes names away: code seldom says more than is meant."""
NEW_CRASHES = 0.8
"""How much a change loses that raises where the base does not."""
GREEN_CALLS_CHANGED = 0.6
"""How much it loses that does otherwise with the calls of green tests, which ask for no change."""
NEAR_CALLS_CHANGED = 0.3
"""How much it loses that does otherwise with calls near to those."""
ONE_CALL_ALONE = 0.7
"""What a change is worth that mends the calls of the red tests and none near to them."""
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Ranked:
    """A change that passed, with how likely it is the right one."""

    trial: Trial
    score: float
    overfitted: bool = False
    """Whether it tells the test's own values apart."""
    behaviour: str = ""
    """Digest of what it does with probed calls; empty when it was not probed."""


def ranked(
    trials: Sequence[Trial], tree: Tree, red_tests: Collection[str], sources: Mapping[str, Source]
) -> list[Ranked]:
    """Best first; equal ones in the order in which they were found."""
    literals = _literals_of(
        {tree.text(t.split("::")[0]) for t in red_tests if t.split("::")[0] in tree}
    )
    found = [_weighed(trial, literals, sources) for trial in trials]
    return sorted(found, key=lambda one: -one.score)


def weighed_by_behaviour(
    order: Sequence[Ranked], probed: Mapping[Trial, Probed], base: Probed
) -> list[Ranked]:
    """The order with regard to what each change does beyond the tests.

    Changes that do the same support each other; one that breaks calls which the base can do, or
    changes them all, is less likely meant.
    """
    outcomes = {trial: found.outcomes for trial, found in probed.items()}
    digests = {trial: _digest(found) for trial, found in outcomes.items() if found}
    mass: dict[str, float] = {}
    for one in order:
        if digest := digests.get(one.trial, ""):
            mass[digest] = mass.get(digest, 0.0) + one.score
    total = sum(mass.values()) or 1.0
    weighed = []
    for one in order:
        digest = digests.get(one.trial, "")
        support = mass[digest] / total if digest else 0.0
        factor = (0.5 + support) * _tameness(probed.get(one.trial, Probed()), base)
        weighed.append(replace(one, score=one.score * factor, behaviour=digest))
    return sorted(weighed, key=lambda one: -one.score)


def _digest(outcomes: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(outcomes).encode()).hexdigest()[:16]


def _tameness(found: Probed, base: Probed) -> float:
    """1.0 for what changes the calls of the red tests and others like them, and nothing else."""
    if found.origins != base.origins or len(found.outcomes) != len(base.outcomes):
        return 1.0
    calls = [
        (origin, now, before)
        for origin, now, before in zip(found.origins, found.outcomes, base.outcomes, strict=True)
        if now and before
    ]
    if not calls:
        return 1.0
    crashes = sum(now[:1] == "!" != before[:1] for _, now, before in calls)
    changed = {kind: _share_changed(calls, kind) for kind in "RrGg"}
    factor = 1 - NEW_CRASHES * crashes / len(calls)
    factor *= 1 - GREEN_CALLS_CHANGED * (changed["G"] or 0.0)
    factor *= 1 - NEAR_CALLS_CHANGED * (changed["g"] or 0.0)
    return factor * (ONE_CALL_ALONE if changed["R"] and changed["r"] == 0 else 1.0)


def _share_changed(calls: Sequence[tuple[str, str, str]], kind: str) -> float | None:
    """The share of calls of one origin that end otherwise; None when there are no such calls."""
    differing = [now != before for origin, now, before in calls if origin == kind]
    return sum(differing) / len(differing) if differing else None


def _weighed(trial: Trial, literals: Collection[str], sources: Mapping[str, Source]) -> Ranked:
    score, overfitted = trial.score, False
    for edit in trial.edits:
        text = sources[edit.path].text
        if _special_cases(edit, text, literals):
            score *= LITERAL_OF_TEST
            overfitted = True
        score *= _plainness(edit, text)
    return Ranked(trial, score, overfitted)


def _special_cases(edit: Edit, text: str, literals: Collection[str]) -> bool:
    """Whether an edit brings in values of the test, other than one value for another."""
    new = _literals_of({s.text for s in edit.splices}) - _literals_of({text})
    old = {text[s.start : s.end].strip() for s in edit.splices}
    one_for_another = len(edit.splices) == 1 and _literals_of(old) and not names_in("".join(old))
    return bool(new & set(literals)) and not one_for_another


def _plainness(edit: Edit, text: str) -> float:
    """What an edit is worth by its form: little that is new, nothing that is lost."""
    removed = "\n".join(text[s.start : s.end] for s in edit.splices)
    added = "\n".join(s.text for s in edit.splices)
    factor = trust(edit, text) * (GUARD if edit.guard else 1.0)
    if edit.operator == "deleted":
        factor *= DELETION
    elif names_in(removed) - names_in(added) and not names_in(added) - names_in(removed):
        factor *= LOSES_NAMES
    grown = len(_TOKEN.findall(added)) - len(_TOKEN.findall(removed))
    lines = added.count("\n") - removed.count("\n")
    return factor * EACH_TOKEN ** max(0, grown - 2) * EACH_LINE ** max(0, lines - 1)


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

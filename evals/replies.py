"""Read the corpus of malformed replies: what a model wrote, and what must come of it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agents.edits.apply import apply_reply
from agents.edits.values import Applied, Unit, Why
from core.errors import AntonError
from core.models import Finish
from core.trees import Tree

CORPUS = Path(__file__).parent / "suites" / "replies"
FAMILIES = (
    "fences",
    "places",
    "functions",
    "elisions",
    "paths",
    "blocks",
    "diffs",
    "files",
    "empty",
)


class MalformedCase(AntonError):
    """An entry of the corpus breaks its format; the message names the entry."""


@dataclass(frozen=True)
class Case:
    """One reply and what must become of its tree."""

    id: str
    tree: Tree
    reply: str
    offered: tuple[Unit, ...]
    finish: Finish
    expected: Tree | None
    """The exact tree that must result; None when nothing may be applied."""
    refused: str
    """Why something is refused, or empty."""

    @property
    def applies(self) -> bool:
        """Whether all of it should be applied."""
        return self.expected is not None and not self.refused


@dataclass(frozen=True)
class Outcome:
    """What became of one reply."""

    id: str
    should_apply: bool
    applied: bool
    """Whether all of it was applied."""
    wrong: bool
    """Whether the tree changed into anything but the expected one."""
    refusals: tuple[str, ...] = ()

    @property
    def as_expected(self) -> bool:
        """Whether it went as the corpus says."""
        return not self.wrong and self.should_apply == self.applied


def run(case: Case) -> tuple[Outcome, Applied]:
    """Apply one reply and compare."""
    applied = apply_reply(case.reply, case.tree, offered=case.offered, finish=case.finish)
    wrong = applied.tree is not None and applied.tree != case.expected
    outcome = Outcome(
        case.id,
        case.applies,
        applied.complete and not wrong,
        wrong,
        tuple(refusal.why.value for refusal in applied.refusals),
    )
    return outcome, applied


def judge(case: Case) -> Outcome:
    """What became of one reply."""
    return run(case)[0]


def load_cases(root: Path = CORPUS) -> list[Case]:
    """Every case of an edit, by family, then as written; MalformedCase names a bad one."""
    return [case for family in FAMILIES for case in _cases(root, family)]


@cache
def trees(root: Path = CORPUS) -> Mapping[str, Tree]:
    """The trees that the replies are about, by name."""
    found = tomllib.loads((root / "trees.toml").read_text())
    return {name: Tree({}).with_texts(files) for name, files in found.items()}


def _cases(root: Path, family: str) -> list[Case]:
    entries = tomllib.loads((root / f"{family}.toml").read_text()).get("case", [])
    return [_case(entry, trees(root)) for entry in entries]


def _case(entry: Mapping[str, Any], known: Mapping[str, Tree]) -> Case:
    name = entry.get("id", "?")
    try:
        tree = known[entry["tree"]]
        return Case(
            id=name,
            tree=tree,
            reply=entry["reply"],
            offered=tuple(_unit(text) for text in entry.get("offered", [])),
            finish=entry.get("finish", "stop"),
            expected=_expected(name, tree, entry.get("becomes", [])),
            refused=Why(entry["refused"]).value if "refused" in entry else "",
        )
    except (KeyError, ValueError) as error:
        raise MalformedCase(f"{name}: {error!r}") from error


def _unit(text: str) -> Unit:
    path, _, name = text.partition("::")
    return Unit(path, name)


def _expected(name: str, tree: Tree, changes: Sequence[Mapping[str, str]]) -> Tree | None:
    if not changes:
        return None
    for change in changes:
        path, before, after = change["path"], change.get("before", ""), change["after"]
        text = tree.text(path) if path in tree else ""
        if before and text.count(before) != 1:
            raise MalformedCase(f"{name}: text met {text.count(before)} times in {path}")
        if not before and text:
            raise MalformedCase(f"{name}: {path} is not new")
        tree = tree.with_texts({path: text.replace(before, after) if before else after})
    return tree

"""Read the corpus of seeded faults: small programs, each with ways in which it can be broken."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from core.errors import AntonError

Split = Literal["tune", "test"]

CORPUS = Path(__file__).parent / "suites" / "faults"

KINDS = frozenset(
    {
        "and-or",
        "argument-missing",
        "argument-swapped",
        "arithmetic-operator",
        "call-unwrapped",
        "call-wrapped",
        "comparison-boundary",
        "comparison-swap",
        "condition-extra",
        "condition-missing",
        "default-argument",
        "exception-type",
        "is-equals",
        "literal-element-missing",
        "lookup-key-default",
        "loop-extra",
        "loop-missing",
        "missing-break-continue",
        "missing-return",
        "mutable-default",
        "negation",
        "off-by-one",
        "operand-swapped",
        "recursion-argument",
        "similar-method",
        "slice-bound",
        "statement-missing",
        "statement-moved",
        "toggle-instead-of-set",
        "two-places",
        "wrong-attribute",
        "wrong-constant",
        "wrong-return",
        "wrong-variable",
    }
)


class MalformedFault(AntonError):
    """An entry of the corpus breaks its format; the message names the entry."""


@dataclass(frozen=True)
class Replacement:
    """One text of the correct program and the faulty text that takes its place."""

    path: str
    """Relative to the root of the program, with forward slashes."""
    before: str
    """Occurs exactly once in the correct file."""
    after: str


@dataclass(frozen=True)
class Program:
    """A correct program and the two halves of its tests."""

    name: str
    folder: Path

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The correct text of every file, by path relative to the root of the program."""
        root = self.folder / "program"
        return {path.relative_to(root).as_posix(): path.read_text() for path in _python_in(root)}

    @cached_property
    def visible_tests(self) -> Mapping[str, str]:
        """What a repair may see, as `tests/test_….py` to text; put it beside the program."""
        return self._tests("visible")

    @cached_property
    def hidden_tests(self) -> Mapping[str, str]:
        """What judges a repair, in the shape of `visible_tests` and with other file names."""
        return self._tests("hidden")

    def _tests(self, half: str) -> Mapping[str, str]:
        paths = _python_in(self.folder / "tests" / half)
        return {f"tests/{path.name}": path.read_text() for path in paths}


@dataclass(frozen=True)
class Fault:
    """One way to break a program, with the report of somebody who met it."""

    id: str
    program: Program
    kind: str
    split: Split
    """All faults of one program share it, so that tuning never sees a program of the test half."""
    ticket: str
    replacements: tuple[Replacement, ...]
    """More than one only for the kind `two-places`."""
    hangs: bool = False
    """Some test never ends by itself: each needs a time limit."""

    @property
    def visible_tests(self) -> Mapping[str, str]:
        return self.program.visible_tests

    @property
    def hidden_tests(self) -> Mapping[str, str]:
        return self.program.hidden_tests

    def apply(self) -> dict[str, str]:
        """Every file of the faulty program, by path.

        Raises `MalformedFault` where the text to replace is not met exactly once.
        """
        files = dict(self.program.files)
        for change in self.replacements:
            found = files.get(change.path, "").count(change.before)
            if found != 1:
                raise MalformedFault(f"{self.id}: text met {found} times in {change.path}")
            files[change.path] = files[change.path].replace(change.before, change.after)
        return files


def load_faults(root: Path = CORPUS) -> list[Fault]:
    """Every fault under `root`, by program, then as written; `MalformedFault` names a bad one."""
    return [fault for path in sorted(root.glob("*/faults.toml")) for fault in _faults_of(path)]


def _faults_of(path: Path) -> list[Fault]:
    program = Program(path.parent.name, path.parent)
    try:
        entries = tomllib.loads(path.read_text())["fault"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise MalformedFault(f"{path}: {error!r}") from error
    return [_fault(program, entry) for entry in entries]


def _fault(program: Program, entry: Mapping[str, Any]) -> Fault:
    name = f"{program.name}/{entry.get('id', '?')}"
    try:
        places = [entry, *entry.get("also", [])]
        fault = Fault(
            id=entry["id"],
            program=program,
            kind=entry["kind"],
            split=cast(Split, entry["split"]),
            ticket=entry["ticket"].strip(),
            replacements=tuple(Replacement(p["path"], p["before"], p["after"]) for p in places),
            hangs=entry.get("hangs", False),
        )
    except KeyError as error:
        raise MalformedFault(f"{name}: {error} is missing") from error
    if fault.kind not in KINDS:
        raise MalformedFault(f"{name}: no such kind: {fault.kind}")
    if fault.split not in ("tune", "test"):
        raise MalformedFault(f"{name}: no such split: {fault.split}")
    return fault


def _python_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))

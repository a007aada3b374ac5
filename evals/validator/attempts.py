"""What is put before the validator: a broken program, and a change proposed for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.findings import Reproduction
from core.trees import Tree

BASE_SHA = "0" * 40
"""Stands for the commit of a base that was never committed."""


class Kind(StrEnum):
    """What sort of change it is; only the first two ought to be accepted."""

    REFERENCE = "reference"
    """The fault undone."""
    EQUIVALENT = "equivalent"
    """The fault undone, and something rewritten that means the same."""
    MUTANT = "mutant"
    """The fault undone, and a small wrong change made beside it."""
    OVERFITTED = "overfitted"
    """Made for the red tests alone."""
    WEAKENING = "test-weakening"
    """Tests, settings, CI or the run itself are bent."""
    NO_OP = "no-op"
    """Comments or blanks."""
    EMPTY = "empty"

    @property
    def right(self) -> bool:
        """Whether it ought to be accepted."""
        return self in (Kind.REFERENCE, Kind.EQUIVALENT)


@dataclass(frozen=True)
class Ground:
    """A broken program, its visible tests, and what judges a repair of it."""

    name: str
    base: Tree
    """The broken program with its visible tests."""
    right: Tree
    """The correct one with the same tests."""
    hidden: Mapping[str, str]
    """Tests that no repair sees, by path."""
    reproduction: Reproduction
    """The visible tests that are red on `base`."""


@dataclass(frozen=True)
class Attempt:
    """A proposed change."""

    kind: Kind
    how: str
    """The way it was made, in a word or two."""
    ground: Ground
    result: Tree
    """The base after the change."""
    reproduction: Reproduction
    """The one of the ground, unless the attempt is about a bad one."""

    @property
    def name(self) -> str:
        """The ground, the kind and the way, such as `cart-split/mutant/comparison`."""
        return f"{self.ground.name}/{self.kind}/{self.how}"


def attempt(kind: Kind, how: str, ground: Ground, result: Tree) -> Attempt:
    """An attempt that is proven by the reproduction of its ground."""
    return Attempt(kind, how, ground, result, ground.reproduction)

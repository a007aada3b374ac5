"""A small change of one file, as text put in place of text, so that all else stays as it was."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Splice:
    """A stretch of a file, in characters, and what takes its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Watch:
    """An expression whose values, where the edit is made, tell what the edit will do.

    Edits of one tag whose expressions have the same values do the same, as far as was seen; those
    with the values of `neutral` change nothing.
    """

    expression: str
    neutral: str
    tag: str


@dataclass(frozen=True)
class Edit:
    """One change that a search may try."""

    path: str
    splices: tuple[Splice, ...]
    """In order, without overlap."""
    operator: str
    """The kind of edit that made it."""
    prior: float
    """How often such a change is the right one, relative to the others, from 0.0 to 1.0."""
    line: int
    """The line that it answers for."""
    guard: bool = False
    """Whether it only keeps the crash from happening."""
    scope: int = 0
    """First line of the function that it changes; 0 for the module."""
    watch: Watch | None = None
    """How to see beforehand what it does; None when that cannot be seen without side effects."""

    def apply(self, text: str) -> str:
        """The file after the change."""
        return spliced(text, self.splices)


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices put in; positions are those of the text as it is now."""
    parts, at = [], 0
    for splice in sorted(splices):
        parts += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*parts, text[at:]])

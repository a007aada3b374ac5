"""What goes into the applier and what comes out of it."""

from dataclasses import dataclass
from enum import StrEnum

from core.trees import Tree

WHOLE_FILE_LINES = 200
"""Longest file that a model is asked to send whole, in lines."""


@dataclass(frozen=True)
class Unit:
    """What a model was shown and may change: a function, or a whole file."""

    path: str
    name: str = ""
    """Qualified name, such as `Cart.total`; empty for the whole file."""

    def __str__(self) -> str:
        return f"{self.path}::{self.name}" if self.name else self.path


class Why(StrEnum):
    """Why an edit was refused."""

    NO_EDIT = "no edit"
    CUT_OFF = "cut off"
    FORM = "form"
    PATH = "path"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not found"
    ALREADY = "already applied"
    ELIDED = "elided"
    SYNTAX = "syntax"
    INCOMPLETE = "incomplete"
    CONFLICT = "conflict"
    CHARACTERS = "characters"


@dataclass(frozen=True)
class Refusal:
    """One edit that was not applied, and what to send instead."""

    why: Why
    path: str
    """As far as it is known, else empty."""
    message: str
    """For the model: plain sentences, with real names and lines of the file where they help."""


@dataclass(frozen=True)
class Applied:
    """What became of a reply."""

    tree: Tree | None
    """With every edit that could be applied; None when there was none."""
    changed: tuple[str, ...] = ()
    """Paths of the files that differ now."""
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    """What was read kindly, for the record."""

    @property
    def complete(self) -> bool:
        """Whether everything that the reply asked for was done."""
        return self.tree is not None and not self.refusals

    @property
    def advice(self) -> str:
        """All refusals as one text for the model; it says what it need not send again."""
        parts = [refusal.message for refusal in self.refusals]
        if self.refusals and self.changed:
            parts.append(
                f"The other edits, in {', '.join(self.changed)}, are applied: do not resend them."
            )
        return "\n\n".join(parts)


class Refused(Exception):
    """An edit cannot be applied; it never leaves this package."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why
        self.message = message

"""What an examination of the house finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One line of it."""

    name: str
    level: Level
    text: str
    remedy: str = ""
    """What to do about it; empty where nothing is to be done."""


def worst_of(findings: Sequence[Finding]) -> Level:
    """The worst level among some findings."""
    levels: Sequence[Level] = ("error", "warning", "ok")
    return next((level for level in levels if level in {f.level for f in findings}), "ok")

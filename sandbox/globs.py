"""Folders by a pattern of a manifest, such as `packages/*`, in a time that no pattern stretches."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

MAX_PATTERNS = 200
"""Of one manifest; those behind are not read."""


def named_by(patterns: Iterable[str], folders: Iterable[str]) -> frozenset[str]:
    """The folders that a pattern names; `**` stands for any number of folders, none among it."""
    forms = [_parts(pattern) for pattern in dict.fromkeys(patterns)][:MAX_PATTERNS]
    return frozenset(folder for folder in folders if any(_fits(folder, form) for form in forms))


def _parts(pattern: str) -> list[str]:
    return pattern.strip().removeprefix("./").rstrip("/").split("/")


def _fits(folder: str, form: list[str]) -> bool:
    """Follow all ways at once, so that many stars are no more than their number."""
    names = folder.split("/")
    reached = {0}
    for part in form:
        if not reached:
            return False
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and fnmatchcase(names[at], part)}
    return len(names) in reached

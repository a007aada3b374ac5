"""Signs that a change fits the tests more easily than the intent."""

import re

from repair.edits import Edit

DOUBTFUL = frozenset({"one-off", "other-number", "deleted", "unwrapped", "returned"})
"""Kinds of edits that pass a weak test too easily: numbers tuned, code left out."""
NARROWED = " if"
"""Ends the kind of an edit that was put under a condition to spare other tests."""
THRESHOLD = 0.5
"""What it is worth to move a number that something is compared with."""
UNWRAPPED = 0.6
"""What it is worth to leave out a call."""
_BEFORE = re.compile(r"(?:[<>]=?|[=!]=)\s*$")
_AFTER = re.compile(r"^\s*(?:[<>]=?|[=!]=)")


def doubtful(edits: tuple[Edit, ...]) -> bool:
    """Whether all edits of a change are of kinds that pass a weak test too easily."""
    return all(e.operator in DOUBTFUL or e.operator.endswith(NARROWED) for e in edits)


def trust(edit: Edit, text: str) -> float:
    """How far an edit of `text` is believed when tests pass, from 0.0 to 1.0."""
    if edit.operator == "unwrapped":
        return UNWRAPPED
    if edit.operator in ("one-off", "other-number", "shifted") and any(
        _BEFORE.search(text[: splice.start][-8:]) or _AFTER.search(text[splice.end :][:8])
        for splice in edit.splices
    ):
        return THRESHOLD
    return 1.0

"""What the gate refused, as it is kept and shown: the rule, and both sides of the edit."""

from core.findings import RefusedEdit
from core.patches import Patch
from repair.gate import Refusal

REFUSALS_MAX = 3
"""Refused edits that end an attempt, with those that would only repeat what was turned down."""
SHOWN_MAX = 2000
"""Characters of each side of a refused edit that are kept."""


def refused_edit(refusal: Refusal, patch: Patch) -> RefusedEdit:
    """A refusal with what the edit takes away and puts in, of the file that it speaks of."""
    before, after = _sides(patch.diff, refusal.path)
    return RefusedEdit(
        rule=refusal.rule,
        message=refusal.message,
        path=refusal.path,
        before=(refusal.before or before)[:SHOWN_MAX],
        after=(refusal.after or after)[:SHOWN_MAX],
        proposal=patch.sha256,
    )


def _sides(diff: str, path: str) -> tuple[str, str]:
    """The lines that a diff takes out of a file and puts into it."""
    removed, added = [], []
    for part in f"\n{diff}".split("\ndiff --git ")[1:]:
        head, _, hunks = part.partition("\n@@")
        if head.split("\n", maxsplit=1)[0] != f"a/{path} b/{path}":
            continue
        for line in hunks.split("\n")[1:]:
            if line.startswith("-"):
                removed.append(line[1:])
            elif line.startswith("+"):
                added.append(line[1:])
    return "\n".join(removed), "\n".join(added)

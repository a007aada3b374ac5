"""Two edits at once: what made progress with everything else, best first."""

from collections.abc import Iterator, Sequence

from repair.edits import Edit
from repair.judge import Judgement, Trial

LEADS = 12
"""Edits that showed progress and are built upon."""
PAIRED = 0.5


def leads_of(partial: Sequence[tuple[Trial, Judgement]]) -> list[Trial]:
    """The trials that made most progress, best first."""
    by_progress = sorted(partial, key=lambda entry: (-len(entry[1].passed), -entry[0].score))
    return [trial for trial, _ in by_progress[:LEADS]]


def pairs(leads: Sequence[Trial], others: Sequence[Trial]) -> Iterator[Trial]:
    """Each lead with each other edit that touches other text."""
    for other in others:
        for lead in leads:
            if other is not lead and _apart(lead.edits[0], other.edits[0]):
                score = lead.score * other.score * PAIRED
                yield Trial((lead.edits[0], other.edits[0]), score)


def _apart(left: Edit, right: Edit) -> bool:
    """Whether two edits touch different text."""
    if left.path != right.path:
        return True
    return all(a.end < b.start or b.end < a.start for a in left.splices for b in right.splices)

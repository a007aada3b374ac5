"""How often people accepted fixes that were rated as one is: what a confidence is worth."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.ports import Page
from core.tasks import Outcome, Task

FLOORS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.0)
"""Where a class of ratings begins."""
ENOUGH = 20
"""Below so many fixes a share says nothing."""
PAGES_MAX = 10
ACCEPTED = (Outcome.FIXED, Outcome.FIXED_UNVERIFIED)
DECIDED = (*ACCEPTED, Outcome.REJECTED)


@dataclass(frozen=True)
class TrackRecord:
    """What became of the fixes of a class of ratings."""

    at_least: float
    below: float | None
    """None where the class has no end."""
    fixes: int = 0
    accepted: int = 0

    @property
    def enough(self) -> bool:
        """Whether there are so many that their share says something."""
        return self.fixes >= ENOUGH

    def with_task(self, task: Task) -> "TrackRecord":
        """The record with one more task, where it belongs here and a person decided it."""
        rated = task.result.get("confidence")
        if rated is None or task.outcome not in DECIDED or class_of(rated) != self.at_least:
            return self
        accepted = self.accepted + (task.outcome in ACCEPTED)
        return TrackRecord(self.at_least, self.below, self.fixes + 1, accepted)


def class_of(confidence: float) -> float:
    """Where the class of a rating begins."""
    return next((floor for floor in FLOORS if confidence >= floor), FLOORS[-1])


async def track_record(confidence: float, pages: Callable[[str], Awaitable[Page]]) -> TrackRecord:
    """What became of the latest fixes that were rated as this one; `pages` gives tasks."""
    floor = class_of(confidence)
    above = FLOORS.index(floor) - 1
    record = TrackRecord(floor, FLOORS[above] if above >= 0 else None)
    cursor = ""
    for _ in range(PAGES_MAX):
        page = await pages(cursor)
        record = _with_all(record, page.tasks)
        cursor = page.cursor
        if not cursor:
            break
    return record


def _with_all(record: TrackRecord, tasks: Sequence[Task]) -> TrackRecord:
    for task in tasks:
        record = record.with_task(task)
    return record

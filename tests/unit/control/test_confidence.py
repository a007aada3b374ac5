"""What a confidence is worth is counted from what people decided about fixes rated like it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from control.confidence import ENOUGH, class_of, track_record
from core.ports import Page
from core.tasks import Outcome, Task, TaskRequest

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def task(outcome: Outcome | None, confidence: float | None) -> Task:
    return Task(
        task_id=str(uuid4()),
        request=TaskRequest(repository="/srv/todo", text="complete() toggles"),
        outcome=outcome,
        result={} if confidence is None else {"confidence": confidence},
        created_at=NOW,
        updated_at=NOW,
    )


async def of(confidence: float, *pages: Sequence[Task]) -> tuple[int, int, bool]:
    async def page(cursor: str) -> Page:
        at = int(cursor or 0)
        return Page(tuple(pages[at]), str(at + 1) if at + 1 < len(pages) else "")

    record = await track_record(confidence, page)
    return record.fixes, record.accepted, record.enough


async def test_only_decided_fixes_of_the_same_class_count() -> None:
    tasks = [
        task(Outcome.FIXED, 0.93),
        task(Outcome.FIXED_UNVERIFIED, 0.9),
        task(Outcome.REJECTED, 0.99),
        task(Outcome.FIXED, 0.89),
        task(Outcome.CANCELLED, 0.95),
        task(Outcome.FAILED, 0.95),
        task(None, 0.95),
        task(Outcome.FIXED, None),
    ]
    assert await of(0.91, tasks) == (3, 2, False)
    assert await of(0.85, tasks) == (1, 1, False)


async def test_all_pages_are_read_and_enough_is_enough() -> None:
    half = [task(Outcome.FIXED, 0.95)] * (ENOUGH // 2)
    assert await of(0.95, half, half) == (ENOUGH, ENOUGH, True)


def test_a_rating_belongs_to_one_class() -> None:
    assert [class_of(rated) for rated in (1.0, 0.9, 0.899, 0.55, 0.1, 0.0)] == [
        *(0.9, 0.9, 0.8, 0.5, 0.0, 0.0)
    ]

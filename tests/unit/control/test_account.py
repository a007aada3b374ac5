"""Whose time a task took: that of people is all in which a question waited, answered or not."""

from datetime import timedelta
from typing import Any

import pytest

from control.account import usage_of
from core.approvals import Approval, ApprovalState, Question, QuestionKind
from core.tasks import Task, TaskRequest, Usage
from tests.fakes.clock import START

HOUR = timedelta(hours=1)


def asked(after: float, *, until: float | None = None, **more: Any) -> Approval:
    """A question that was asked after so many hours, and answered after so many."""
    question = Question(
        task_id="t1",
        kind=QuestionKind.ESCALATION,
        title="How to go on?",
        options=("stop",),
    )
    return Approval(
        approval_id=f"a{after}",
        interrupt_id="i",
        question=question,
        nonce="n",
        created_at=START + after * HOUR,
        expires_at=START + (after + 72) * HOUR,
        decided_at=None if until is None else START + until * HOUR,
        **more,
    )


@pytest.mark.parametrize(
    ("approvals", "hours"),
    [
        ([], 0),
        ([asked(1, until=3), asked(4, until=5)], 3),
        ([asked(1, state=ApprovalState.EXPIRED)], 72),
        ([asked(90, state=ApprovalState.VOID)], 10),
        ([asked(1, state=ApprovalState.VOID), asked(4, until=5)], 4),
        ([asked(4, until=5), asked(1, state=ApprovalState.VOID)], 4),
        ([asked(98)], 2),
    ],
)
def test_people_had_the_time_in_which_questions_waited(
    approvals: list[Approval], hours: float
) -> None:
    request = TaskRequest(repository="/srv/shop", text="x is wrong")
    task = Task(task_id="t1", request=request, created_at=START, updated_at=START + 100 * HOUR)
    usage = usage_of(task, {}, approvals, Usage())
    assert usage.seconds_human == hours * 3600
    assert usage.seconds_total == 360_000

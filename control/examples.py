"""Model calls as examples to learn from: what was asked, what was answered, what came of it."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from control.chronicle import Records
from control.pace import newest
from core import figures
from core.approvals import Approval, QuestionKind
from core.figures import BEGINNING, LoggedCall
from core.values import Value

PAGE = 50
ALL = 1_000_000_000
"""More tasks than a house works on."""
RATINGS: dict[str, Literal[-1, 0, 1]] = {"approve": 1, "request_changes": 0, "reject": -1}
"""What the last answer of a person to a diff says of the calls that made it."""


class Example(Value):
    """One answered call."""

    system: str
    user: str
    """All that was said before the answer; by whom, where more than one spoke."""
    assistant: str
    """The answer; tools that it wanted follow as JSON, a line each."""
    outcome: str
    """Of its task; empty while that is under way."""
    rating: Literal[-1, 0, 1] | None
    """1 for an approved diff, 0 for requested changes, -1 for a rejection; None without either."""


async def examples(
    records: Records, redacted: Callable[[str], str], since: datetime = BEGINNING
) -> AsyncIterator[Example]:
    """Of the tasks that were created since, newest first; what was forgotten is left out."""
    async for task in newest(records.tasks, since, most=ALL):
        rating = rating_of(await records.approvals.list(task_id=task.task_id))
        last = (figures.calls_since(task.created_at), "")
        while True:
            asked = figures.conversation(task.task_id, PAGE, last)
            calls = await records.interactions.ask(asked)
            for call in calls:
                if call.success and not call.forgotten:
                    yield example_of(call, task.outcome or "", rating, redacted)
            if len(calls) < PAGE:
                break
            last = (calls[-1].ts, calls[-1].id)


def rating_of(approvals: Sequence[Approval]) -> Literal[-1, 0, 1] | None:
    """What people made of the last diff of a task that they saw."""
    answered = [
        one
        for one in approvals
        if one.question.kind is QuestionKind.RELEASE and one.decision and one.decided_at
    ]
    last = max(answered, key=lambda one: one.revision, default=None)
    return RATINGS.get(last.decision.choice) if last and last.decision else None


def example_of(
    call: LoggedCall,
    outcome: str,
    rating: Literal[-1, 0, 1] | None,
    redacted: Callable[[str], str],
) -> Example:
    """A call without secrets, also those that were configured after it was logged."""
    said = call.messages
    user = (
        str(said[0]["text"])
        if len(said) == 1
        else "\n\n".join(f"[{one['author']}]\n{_words(one)}" for one in said)
    )
    return Example(
        system=redacted(call.system),
        user=redacted(user),
        assistant=redacted("\n".join(filter(None, (call.response, _wishes(call.calls))))),
        outcome=outcome,
        rating=rating,
    )


def _words(message: dict[str, Any]) -> str:
    return "\n".join(filter(None, (str(message["text"]), _wishes(message.get("calls") or []))))


def _wishes(calls: Sequence[dict[str, Any]]) -> str:
    return "\n".join(
        json.dumps({"tool": call["name"], "arguments": call["arguments"]}) for call in calls
    )

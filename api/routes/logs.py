"""The log of model calls: the latest ones, and all that was said in a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Asked

from api.auth import Scope
from api.call_views import (
    CallBriefs,
    CallList,
    CallView,
    Conversation,
    WholeCall,
    brief_facts,
    cursor_of,
    line_facts,
    place_of,
)
from api.front import Front, TheFront, needs
from api.problems import Problem, problem_responses
from control.recent import recent
from core import figures
from core.figures import LoggedCall, Query

router = APIRouter(tags=["logs"])

EXPIRED = "What was said is kept for a time only; figures are left."


@router.get(
    "/logs",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def list_calls(
    front: TheFront,
    role: Annotated[str, Asked(max_length=40)] = "",
    task: Annotated[str, Asked(max_length=36)] = "",
    success: bool | None = None,
    limit: Annotated[int, Asked(ge=1, le=200)] = 50,
) -> CallList:
    """The latest model calls, each attempt for itself, newest first."""
    seq = await front.seq()
    task_id = (await front.task(task)).task_id if task else ""
    wanted = "" if success is None else str(success).lower()

    def query(since: datetime) -> Query[LoggedCall]:
        return figures.latest(limit, role=role, task_id=task_id, success=wanted, since=since)

    found = await recent(front.anton.interactions, query, limit, front.clock.now())
    return CallList.model_validate(
        {"as_of_seq": seq, "calls": [line_facts(call) for call in found]}
    )


@router.get(
    "/tasks/{ref}/conversation",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 410, 422, 429, 503),
)
async def conversation(
    ref: str,
    front: TheFront,
    cursor: Annotated[str, Asked(max_length=200)] = "",
    limit: Annotated[int, Asked(ge=1, le=50)] = 20,
) -> Conversation:
    """All that was said between Anton and the models of a task, in order, page by page."""
    found = await _stretch(front, ref, cursor, limit)
    if found.calls and all(call.forgotten for call in found.calls):
        raise Problem(410, "expired", EXPIRED)
    return Conversation(
        as_of_seq=found.seq,
        task_id=found.task_id,
        calls=[CallView.model_validate(call.model_dump()) for call in found.calls],
        next_cursor=cursor_of(found.calls[-1]) if found.more else None,
    )


@router.get(
    "/tasks/{ref}/calls",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def calls(
    ref: str,
    front: TheFront,
    cursor: Annotated[str, Asked(max_length=200)] = "",
    limit: Annotated[int, Asked(ge=1, le=200)] = 100,
) -> CallBriefs:
    """The model calls of a task in order, each by its beginning; figures outlive the words."""
    found = await _stretch(front, ref, cursor, limit)
    return CallBriefs.model_validate(
        {
            "as_of_seq": found.seq,
            "task_id": found.task_id,
            "calls": [brief_facts(call) for call in found.calls],
            "next_cursor": cursor_of(found.calls[-1]) if found.calls else cursor,
            "more": found.more,
        }
    )


@router.get(
    "/tasks/{ref}/calls/{call_id}",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 410, 422, 429, 503),
)
async def whole_call(ref: str, call_id: str, front: TheFront) -> WholeCall:
    """All that was said in one model call of a task."""
    seq = await front.seq()
    task = await front.task(ref)
    found = await front.anton.interactions.ask(
        figures.call(task.task_id, call_id[:100], figures.calls_since(task.created_at))
    )
    if not found:
        raise Problem(404, "not_found", "This task has no such model call.")
    if found[0].forgotten:
        raise Problem(410, "expired", EXPIRED)
    return WholeCall.model_validate({"as_of_seq": seq, **found[0].model_dump()})


@dataclass(frozen=True)
class _Stretch:
    """Some model calls of a task, in order."""

    seq: int
    task_id: str
    calls: Sequence[LoggedCall]
    more: bool
    """Whether calls follow these."""


async def _stretch(front: Front, ref: str, cursor: str, limit: int) -> _Stretch:
    seq = await front.seq()
    task = await front.task(ref)
    query = figures.conversation(
        task.task_id, limit + 1, after=place_of(cursor, figures.calls_since(task.created_at))
    )
    found = await front.anton.interactions.ask(query)
    return _Stretch(seq, task.task_id, found[:limit], more=len(found) > limit)

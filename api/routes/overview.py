"""What the dashboard shows at once: how the house stands, what waits, where every task is."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Scope
from api.front import TheCaller, TheFront, needs
from api.overview_views import Board, Inbox, Overview, task_brief
from api.problems import problem_responses
from api.views import approval_facts, task_facts
from core.incidents import IncidentState
from core.ports import IncidentFilter, TaskFilter
from core.tasks import Task

router = APIRouter(tags=["overview"])

READ = problem_responses(400, 401, 404, 422, 429, 503)
PAGE = 200


@router.get("/overview", dependencies=[needs(Scope.READ)], responses=READ)
async def overview(front: TheFront) -> Overview:
    """How the house stands, in a few figures."""
    seq = await front.seq()
    return Overview.model_validate({"as_of_seq": seq, **await front.anton.observatory.overview()})


@router.get("/inbox", dependencies=[needs(Scope.READ)], responses=READ)
async def inbox(front: TheFront, caller: TheCaller) -> Inbox:
    """Questions that wait, each with its task: the most urgent first, then the oldest."""
    seq, may = await front.seq(), caller.may(Scope.APPROVE)
    return Inbox.model_validate(
        {
            "as_of_seq": seq,
            "waiting": [
                {
                    "approval": approval_facts(one.approval, may_decide=may),
                    "task": task_facts(one.task),
                    "limit_usd": one.budget.limit_usd or None,
                    "due_at": one.approval.created_at + front.rules.remind_after,
                    "yours": may
                    and not any(v.by.same_as(caller.person) for v in one.approval.voices),
                }
                for one in await front.anton.observatory.inbox()
            ],
        }
    )


@router.get("/board", dependencies=[needs(Scope.READ)], responses=READ)
async def board(
    front: TheFront,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 1_000,
) -> Board:
    """Tasks in brief, newest first, up to a thousand at once."""
    seq, tasks = await front.seq(), list[Task]()
    only = IncidentFilter(states=(IncidentState.AWAITING_MERGE,))
    waits = await front.anton.incidents.list(only, limit=PAGE)
    unmerged = {one.incident_id for one in waits.incidents}
    while True:
        page = await front.anton.tasks(TaskFilter(), cursor, min(PAGE, limit - len(tasks)))
        tasks += page.tasks
        cursor = page.cursor
        if not cursor or len(tasks) >= limit:
            break
    return Board.model_validate(
        {
            "as_of_seq": seq,
            "tasks": [task_brief(task, unmerged) for task in tasks],
            "next_cursor": cursor or None,
        }
    )

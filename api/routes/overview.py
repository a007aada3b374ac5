"""What the dashboard shows at once: how the house stands, what waits, where every task is."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Scope
from api.front import TheCaller, TheFront, needs
from api.overview_views import Board, Inbox, Overview, task_brief
from api.problems import problem_responses
from api.views import approval_facts, task_facts
from core.approvals import ApprovalState
from core.incidents import IncidentState
from core.ports import IncidentFilter, TaskFilter
from core.tasks import Task, TaskStatus

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
    seq, anton = await front.seq(), front.anton
    waiting = await anton.approvals(state=ApprovalState.PENDING)
    page = await anton.tasks(TaskFilter(status=TaskStatus.WAITING), limit=PAGE)
    tasks = {task.task_id: task for task in page.tasks}
    may, found = caller.may(Scope.APPROVE), []
    for approval in waiting:
        task = tasks.get(approval.task_id) or await anton.task(approval.task_id)
        budget = await anton.observatory.records.budgets.standing(task.task_id)
        found.append((task.severity or "P9", approval.created_at, approval, task, budget))
    found.sort(key=lambda one: one[:2])
    return Inbox.model_validate(
        {
            "as_of_seq": seq,
            "waiting": [
                {
                    "approval": approval_facts(approval, may_decide=may),
                    "task": task_facts(task),
                    "limit_usd": budget.limit_usd or None,
                    "yours": may and all(voice.by != caller.person for voice in approval.voices),
                }
                for _, _, approval, task, budget in found
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

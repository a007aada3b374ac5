"""Live demos: shown beside what waits for consent; asking for one decides nothing."""

from fastapi import APIRouter

from api.auth import Scope
from api.front import TheCaller, TheFront, needs
from api.problems import Problem, problem_responses
from api.views import DemoView, demo_facts
from core.errors import Conflict, DemoUnavailable

router = APIRouter(tags=["tasks"])


@router.post(
    "/tasks/{ref}/demo",
    status_code=202,
    dependencies=[needs(Scope.APPROVE, Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def start_demo(ref: str, front: TheFront, caller: TheCaller) -> DemoView:
    """Show what waits for consent live, anew if it is live; what is being started stays."""
    seq = await front.seq()
    task = await front.task(ref)
    try:
        demo = await front.anton.demos.ask(task.task_id, caller.person)
    except Conflict as error:
        raise Problem(409, "nothing_waits", str(error), task_status=task.status) from error
    except DemoUnavailable as error:
        raise Problem(409, "demo_unavailable", str(error)) from error
    return DemoView.model_validate({"as_of_seq": seq, **demo_facts(demo, may_start=True)})

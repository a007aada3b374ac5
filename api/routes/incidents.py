"""Incidents: faults under care, and what people do with them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.auth import Scope
from api.front import Front, TheCaller, TheFront, needs
from api.incident_views import (
    IncidentList,
    IncidentView,
    incident_entry_facts,
    incident_facts,
    incident_task_facts,
)
from api.problems import Problem, problem_responses
from api.schemas import DismissIncident, MergeIncident, ReopenIncident, ResolveIncident
from api.views import TaskStarted
from control.incidents import HISTORY_MAX
from core.incidents import Incident, IncidentEntry, IncidentState
from core.ports import IncidentFilter, TaskFilter

router = APIRouter(tags=["incidents"])

Ref = Annotated[str, Path(pattern=r"^[0-9a-fA-F]{8}[0-9a-fA-F-]{0,28}$")]
"""An incident, by id or by its first eight digits."""
CHANGING = problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)


@router.get(
    "/incidents",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def list_incidents(
    front: TheFront,
    state: Annotated[list[IncidentState], Query(max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> IncidentList:
    """Incidents, newest first: of any of the states named, with all the words in `q`."""
    seq, desk = await front.seq(), front.anton.incidents
    only = IncidentFilter(states=tuple(state), text=q)
    page = await desk.list(only, cursor=cursor, limit=limit)
    return IncidentList.model_validate(
        {
            "as_of_seq": seq,
            "incidents": [incident_facts(one, front.clock.now()) for one in page.incidents],
            "next_cursor": page.cursor or None,
            "counts": await desk.counts(),
        }
    )


@router.get(
    "/incidents/{ref}",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def show_incident(ref: Ref, front: TheFront) -> IncidentView:
    """One incident with its history and its tasks, newest first."""
    seq = await front.seq()
    return await _shown(front, await front.anton.incidents.one(ref), seq)


@router.post("/incidents/{ref}/dismiss", dependencies=[needs(Scope.OPERATE)], responses=CHANGING)
async def dismiss(
    ref: Ref, body: DismissIncident, front: TheFront, caller: TheCaller
) -> IncidentView:
    """Only count its reports, until an end or for ever."""
    seq = await front.seq()
    if body.until is not None and body.until.tzinfo is None:
        raise Problem(422, "invalid", "`until` names no zone: write it as 2026-03-01T12:00:00Z.")
    after = await front.anton.incidents.dismiss(
        ref, caller.person, reason=body.reason, until=body.until
    )
    return await _shown(front, after, seq)


@router.post("/incidents/{ref}/reopen", dependencies=[needs(Scope.OPERATE)], responses=CHANGING)
async def reopen(
    ref: Ref, front: TheFront, caller: TheCaller, body: ReopenIncident | None = None
) -> IncidentView:
    """Take care of it again, and hear its reports again."""
    seq = await front.seq()
    reason = body.reason if body else ""
    after = await front.anton.incidents.reopen(ref, caller.person, reason)
    return await _shown(front, after, seq)


@router.post("/incidents/{ref}/resolve", dependencies=[needs(Scope.OPERATE)], responses=CHANGING)
async def resolve(
    ref: Ref, body: ResolveIncident, front: TheFront, caller: TheCaller
) -> IncidentView:
    """Call it settled by hand; a report after that is a regression."""
    seq = await front.seq()
    after = await front.anton.incidents.resolve(ref, caller.person, body.reason)
    return await _shown(front, after, seq)


@router.post("/incidents/{ref}/merge", dependencies=[needs(Scope.OPERATE)], responses=CHANGING)
async def merge(ref: Ref, body: MergeIncident, front: TheFront, caller: TheCaller) -> IncidentView:
    """Let another incident take its reports over."""
    seq = await front.seq()
    after = await front.anton.incidents.merge(ref, body.into, caller.person)
    return await _shown(front, after, seq)


@router.post(
    "/incidents/{ref}/fix",
    status_code=201,
    dependencies=[needs(Scope.OPERATE)],
    responses=CHANGING,
)
async def fix(ref: Ref, front: TheFront, caller: TheCaller) -> TaskStarted:
    """Begin a task for an open incident, from the last report that began one."""
    seq = await front.seq()
    task = await front.anton.fix(ref, caller.person)
    return TaskStarted(
        as_of_seq=seq,
        task_id=task.task_id,
        status=task.status,
        incident_id=task.incident_id,
        joined=False,
    )


async def _shown(front: Front, incident: Incident, seq: int) -> IncidentView:
    history = await front.anton.incidents.history(incident.incident_id)
    page = await front.anton.tasks(TaskFilter(incident=incident.incident_id), limit=200)
    return IncidentView.model_validate(
        {
            "as_of_seq": seq,
            **incident_facts(incident, front.clock.now()),
            "history": [incident_entry_facts(entry) for entry in history],
            "forgotten": len(history) < HISTORY_MAX and not _whole(incident, history),
            "tasks": [incident_task_facts(task) for task in page.tasks],
        }
    )


def _whole(incident: Incident, history: Sequence[IncidentEntry]) -> bool:
    """Whether its beginning is still there; what took others over may be younger than these."""
    if any(entry.at == incident.opened_at for entry in history):
        return True
    took_over = any(entry.kind == "merged" for entry in history)
    return took_over and history[-1].kind == "reported"

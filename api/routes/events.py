"""The event log, as pages and as streams."""

from collections.abc import Sequence
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from api.auth import TICKET_S, Caller, Scope
from api.front import Front, TheCaller, TheFront, needs
from api.problems import problem_responses
from api.stream import HEADERS, MEDIA_TYPE, WATCHED_MAX, Feed, Wish
from api.views import AuditFacts, AuditList, EventList, EventPage, TicketView
from core.events import Event, EventFilter, EventType

router = APIRouter(tags=["events"])

GREATEST = 2**63 - 1
Number = Annotated[int, Query(ge=0, le=GREATEST)]
Reference = Annotated[str, Query(max_length=36)]
Words = Annotated[str, Query(max_length=200)]
STREAM = {
    200: {"description": "Server-sent events", "content": {MEDIA_TYPE: {}}},
    **problem_responses(400, 401, 403, 404, 409, 422, 429, 503),
}


@router.get(
    "/events",
    response_model=EventList,
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def list_events(
    front: TheFront,
    after: Number = 0,
    task: Annotated[str, Query(max_length=36)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> Response:
    """The same envelopes as the stream's, after a number."""
    seq = await front.seq()
    task_id = (await front.task(task)).task_id if task else ""
    events = await front.anton.events.after(after, task_id=task_id, limit=limit)
    return _as_stored(
        events,
        as_of_seq=seq,
        next_after=events[-1].seq if events else after,
        oldest=await front.anton.events.oldest(),
    )


@router.get(
    "/events/search",
    response_model=EventPage,
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def search_events(
    front: TheFront,
    before: Number = GREATEST,
    after: Number = 0,
    task: Reference = "",
    role: Annotated[str, Query(max_length=40)] = "",
    type: Annotated[list[EventType], Query(max_length=len(get_args(EventType)))] = [],  # noqa: B006 - its name in the address; FastAPI copies it
    q: Words = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Stored events that fit, newest first; a search that finds little says where to go on."""
    seq = await front.seq()
    task_id = (await front.task(task)).task_id if task else ""
    only = EventFilter(task_id, role, tuple(type), q.strip(), after)
    found = await front.anton.events.before(min(before, seq + 1), only, limit)
    return _as_stored(found.events, as_of_seq=seq, next_before=found.before or None)


def _as_stored(events: Sequence[Event], **facts: int | None) -> Response:
    """Envelopes as the log has them: what another release wrote is told too."""
    return JSONResponse({**facts, "events": [event.dump() for event in events]})


@router.get(
    "/audit",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def list_audit(
    front: TheFront,
    before: Number = GREATEST,
    task: Reference = "",
    action: Annotated[str, Query(max_length=100)] = "",
    q: Words = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> AuditList:
    """The audit log, newest first: decisions, refusals, sign-ins, changes, writes to hosts."""
    seq = await front.seq()
    task_id = (await front.task(task)).task_id if task else ""
    rows = await front.anton.audit(
        before, action=action, task_id=task_id, words=q.strip(), limit=limit + 1
    )
    page = rows[:limit]
    return AuditList(
        as_of_seq=seq,
        entries=[AuditFacts.model_validate(row.model_dump()) for row in page],
        next_before=page[-1].number if len(rows) > limit else None,
    )


@router.post(
    "/stream/ticket",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 403, 413, 415, 429, 503),
)
async def ticket(front: TheFront, caller: TheCaller) -> TicketView:
    """A pass for `?ticket=` of a stream: good once, for 30 s, for clients without headers."""
    return TicketView(
        as_of_seq=await front.seq(),
        ticket=front.tickets.issue(caller),
        expires_in_s=int(TICKET_S),
    )


def _after(
    after: Number | None = None,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
) -> int | None:
    return after if last_event_id is None else last_event_id


After = Annotated[int | None, Depends(_after)]


@router.get("/stream", dependencies=[needs(Scope.READ)], responses=STREAM)
async def stream(
    request: Request,
    front: TheFront,
    caller: TheCaller,
    after: After,
    watch: Annotated[list[str], Query(max_length=WATCHED_MAX)] = [],  # noqa: B006 - FastAPI copies it
    ticket: Annotated[str, Query(max_length=100)] = "",
) -> StreamingResponse:
    """All events, as they happen; `after` or `Last-Event-ID` begins with what was missed.

    What models are saying comes, as `live` events, of the tasks named by `watch`, up to eight.
    """
    await front.seq()
    watched = [(await front.task(ref)).task_id for ref in watch]
    return _streaming(front, caller, Wish(after=after, watch=tuple(watched)))


@router.get("/tasks/{ref}/events", dependencies=[needs(Scope.READ)], responses=STREAM)
async def task_stream(
    ref: str,
    front: TheFront,
    caller: TheCaller,
    after: After,
    ticket: Annotated[str, Query(max_length=100)] = "",
) -> StreamingResponse:
    """The events of one task, from its beginning to its end, and what its models are saying."""
    task_id = (await front.task(ref)).task_id
    return _streaming(front, caller, Wish(after=after or 0, task_id=task_id, watch=(task_id,)))


def _streaming(front: Front, caller: Caller, wish: Wish) -> StreamingResponse:
    front.streams.admit(caller)

    async def ended() -> bool:
        return (await front.anton.task(wish.task_id)).status.ended

    feed = Feed(
        front.anton.events,
        wish,
        front.anton.live,
        streams=front.streams,
        caller=caller,
        welcome=lambda: front.sessions.still(caller),
        ended=ended,
        server=front.rules.version,
        clock=front.clock,
    )
    return StreamingResponse(feed.frames(), media_type=MEDIA_TYPE, headers=HEADERS)

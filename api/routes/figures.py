"""Figures: for Prometheus, for the dashboard, for whoever looks closer."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator

from api.auth import Scope
from api.front import TheFront, needs
from api.problems import Problem, problem_responses
from api.stats_views import StatsView

router = APIRouter(tags=["figures"])

DEFAULT_TIME = timedelta(days=30)
DATED = re.compile(r"\d{4}-\d\d-\d\d")


def _dated(value: object) -> object:
    """Refuse numbers, which would count as seconds."""
    if isinstance(value, str) and not DATED.match(value):
        raise ValueError("should be a time such as 2026-03-01T12:00:00Z")
    return value


Moment = Annotated[datetime | None, BeforeValidator(_dated), Query()]


@router.get(
    "/metrics",
    dependencies=[needs(Scope.READ)],
    response_class=Response,
    responses={
        200: {"description": "Prometheus' text format", "content": {"text/plain": {}}},
        **problem_responses(400, 401, 429, 503),
    },
)
async def metrics(front: TheFront) -> Response:
    """What happened since this process began, and how things stand now."""
    text, media_type = await front.anton.metrics(front.streams.count)
    return Response(text, headers={"Content-Type": media_type})


@router.get(
    "/stats",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 422, 429, 503),
)
async def stats(front: TheFront, since: Moment = None, until: Moment = None) -> StatsView:
    """What the tasks and model calls of a time came to, by default of the last 30 days."""
    seq = await front.seq()
    try:
        end = _aware(until) or front.clock.now()
        begin = _aware(since) or end - DEFAULT_TIME
    except OverflowError as error:
        raise Problem(422, "invalid", "That time cannot be reckoned with.") from error
    if begin > end:
        raise Problem(422, "invalid", "`since` is after `until`.")
    found = await front.anton.observatory.stats(begin, end)
    return StatsView.model_validate({"as_of_seq": seq, **found})


def _aware(moment: datetime | None) -> datetime | None:
    """The moment in UTC, where it is one already that names no zone; raises OverflowError."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None

"""Settings: what holds now, how each part stands, and what to do about it."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import Scope
from api.front import TheFront, needs
from api.problems import Problem, problem_responses
from api.settings_views import (
    ChannelTested,
    DoctorView,
    IntegrationFacts,
    OptionFacts,
    SettingsView,
    services_shown,
)
from control.integrations import standing
from core.errors import IntegrationError

router = APIRouter(tags=["settings"])


@router.get(
    "/settings",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 429, 503),
)
async def settings(front: TheFront) -> SettingsView:
    """The effective options, of secrets only whether they are set; integrations as they stand."""
    seq = await front.seq()
    seen = front.anton.observatory
    health = await front.anton.health()
    return SettingsView(
        as_of_seq=seq,
        options=[OptionFacts(**option) for option in seen.settings],
        integrations=[IntegrationFacts.of(one) for one in standing(seen.offers, health)],
        services=list(services_shown(seen.services)),
        quiet_now=seen.quiet_now,
    )


@router.get(
    "/doctor",
    dependencies=[needs(Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 429, 503),
)
async def doctor(front: TheFront) -> DoctorView:
    """Examine this server as `python main.py doctor` would; takes seconds, opens a sandbox."""
    seq = await front.seq()
    return DoctorView.of(await front.examination.report(), seq)


@router.post(
    "/channels/{name}/test",
    dependencies=[needs(Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 404, 413, 415, 422, 429, 502, 503),
)
async def try_channel(name: Annotated[str, Path(max_length=40)], front: TheFront) -> ChannelTested:
    """Post a message that only tells that it arrived."""
    try:
        ref = await front.anton.try_channel(name)
    except IntegrationError as error:
        said = front.anton.observatory.redacted(str(error))
        raise Problem(502, "channel_failing", said) from error
    return ChannelTested(as_of_seq=await front.seq(), channel=name, ref=ref)

"""What Slack sends: commands, taps and forms, words in threads; verified before it is read."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.front import TheFront
from api.problems import Problem
from api.slack import SlackDesk
from core.errors import Forbidden, IntegrationError, PayloadInvalid, SignatureInvalid
from integrations.slack.inbound import Origin, Pressed, challenge_of, is_check

router = APIRouter(prefix="/slack", include_in_schema=False)

T = TypeVar("T")


@router.post("/commands")
async def commands(request: Request, front: TheFront) -> Response:
    """`/oncall TEXT`."""
    slack, body = await _verified(request, front)
    if _readable(lambda: is_check(body)):
        return Response()
    origin = await _origin(slack)
    command = _readable(lambda: slack.inbound.command(body, origin))
    return JSONResponse(await slack.command(command))


@router.post("/actions")
async def actions(request: Request, front: TheFront) -> Response:
    """A tap on a button, or a form."""
    slack, body = await _verified(request, front)
    origin = await _origin(slack)
    action = _readable(lambda: slack.inbound.action(body, origin))
    if isinstance(action, Pressed):
        await slack.pressed(action)
    elif action is not None:
        return JSONResponse(await slack.submitted(action))
    return Response()


@router.post("/events")
async def events(request: Request, front: TheFront) -> Response:
    """Words in a thread; and the question whether this address is ours."""
    slack, body = await _verified(request, front)
    challenge = _readable(lambda: challenge_of(body))
    if challenge is not None:
        return PlainTextResponse(challenge)
    origin = await _origin(slack)
    written = _readable(lambda: slack.inbound.event(body, origin))
    if written is not None:
        await slack.written(written)
    return Response()


async def _verified(request: Request, front: TheFront) -> tuple[SlackDesk, bytes]:
    """The raw body, once its signature holds; whatever is wrong with that is told alike."""
    slack: SlackDesk | None = request.app.state.slack
    if slack is None:
        raise Problem(404, "not_found", "There is no such address.")
    body = await request.body()
    stamp, signature = (
        _single(request, f"x-slack-{name}") for name in ("request-timestamp", "signature")
    )
    try:
        slack.inbound.verify(body, stamp, signature, front.clock.now().timestamp())
    except SignatureInvalid:
        raise Problem(401, "unauthorized", "The signature does not hold.") from None
    return slack, body


def _single(request: Request, name: str) -> str:
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else ""


async def _origin(slack: SlackDesk) -> Origin:
    try:
        return await slack.origin()
    except IntegrationError as error:
        reason = "Slack has not told yet which workspace this is."
        raise Problem(503, "not_ready", reason, retry_after_s=10) from error


def _readable(read: Callable[[], T]) -> T:
    """What was sent; 400 for another form, 403 for another workspace or app."""
    try:
        return read()
    except PayloadInvalid as error:
        raise Problem(400, "bad_payload", str(error)) from error
    except Forbidden as error:
        raise Problem(403, "foreign", str(error)) from error

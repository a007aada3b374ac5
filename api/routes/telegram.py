"""What Telegram sends where it calls us: updates, under the secret that it was told."""

import logging
from typing import Any, Protocol

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.problems import Problem
from core.errors import IntegrationError, PayloadInvalid
from core.strict_json import JsonRefused, read_json

router = APIRouter(prefix="/webhooks", include_in_schema=False)
log = logging.getLogger(__name__)


class Hook(Protocol):
    """Hears people in Telegram."""

    def knows(self, secret: str) -> bool:
        """Whether whoever shows this is Telegram."""
        ...

    async def receive(self, body: Any) -> None:
        """Deal with an update; PayloadInvalid for none, IntegrationError where it should wait."""
        ...


@router.post("/telegram")
async def updates(request: Request) -> Response:
    """One update; what can never be read is not wanted again."""
    hook: Hook | None = request.app.state.telegram
    if hook is None:
        raise Problem(404, "not_found", "There is no such address.")
    shown = request.headers.getlist("x-telegram-bot-api-secret-token")
    if len(shown) != 1 or not hook.knows(shown[0]):
        raise Problem(401, "unauthorized", "The secret does not hold.")
    try:
        await hook.receive(read_json(await request.body()))
    except (JsonRefused, PayloadInvalid) as error:
        log.warning("an update of Telegram is passed over: %s", error)
    except IntegrationError as error:
        raise Problem(503, "not_ready", "Send it again.", retry_after_s=2) from error
    return Response()

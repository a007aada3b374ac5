"""Slack's Web API by its own client: one connection pool, no retries, errors of the house."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from core.errors import (
    EffectUnknown,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    NotFound,
    PayloadInvalid,
    RateLimited,
)

API_URL = "https://slack.com/api"
TIMEOUT_S = 20
PATIENCE_S = 30.0
"""For how long to wait where Slack asks for patience and does not say how long."""

_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
_TEXT = {
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "invalid_arguments",
    "invalid_arg_name",
    "invalid_charset",
}
_TRIGGER = {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"}
_DENIED: Mapping[str, str] = {
    "not_authed": "set SLACK_BOT_TOKEN",
    "invalid_auth": "SLACK_BOT_TOKEN is not known to Slack; copy it anew from the app's page",
    "token_revoked": "install the app anew, and set the new SLACK_BOT_TOKEN",
    "token_expired": "install the app anew, and set the new SLACK_BOT_TOKEN",
    "account_inactive": "the workspace has removed the app; install it anew",
    "channel_not_found": "check SLACK_CHANNEL; invite the app where the channel is private",
    "not_in_channel": "invite the app to the channel, or grant chat:write.public",
    "is_archived": "the channel is archived; choose another as SLACK_CHANNEL",
    "no_permission": "ask an administrator of the workspace",
    "restricted_action": "ask an administrator of the workspace",
    "ekm_access_denied": "ask an administrator of the workspace",
    "org_login_required": "ask an administrator of the workspace",
}
_TRANSIENT = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}

Call = Callable[..., Awaitable[Any]]


class SlackClient:
    """Calls the Web API with one token."""

    def __init__(self, token: str, *, api_url: str = API_URL, timeout_s: int = TIMEOUT_S) -> None:
        self._token = token
        self._api_url = api_url
        self._timeout_s = timeout_s
        self._web: AsyncWebClient | None = None
        self._session: aiohttp.ClientSession | None = None

    async def call(self, name: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a method of the vendor's client, by its name there; its answer.

        Raises RateLimited, Forbidden with the remedy, NotFound for a message that is gone or
        cannot be changed any more, PayloadInvalid for content that Slack refuses, HostUnreachable
        when nothing was sent, and EffectUnknown when nobody knows what became of the call.
        """
        method: Call = getattr(self._opened(), name)
        try:
            answer = await method(**arguments)
        except SlackApiError as error:
            _translate(name, error)
        except aiohttp.ClientConnectorError as error:
            raise HostUnreachable(
                f"Slack cannot be reached: {type(error).__name__}.",
                remedy="check the network and SLACK_API_URL",
            ) from error
        except (aiohttp.ClientError, SlackClientError, TimeoutError, ValueError) as error:
            raise EffectUnknown(f"Slack did not answer {name}: {type(error).__name__}.") from error
        found: dict[str, Any] = dict(answer.data) if isinstance(answer.data, dict) else {}
        scopes = answer.headers.get("x-oauth-scopes", "")
        return {**found, "scopes": tuple(s.strip() for s in scopes.split(",") if s.strip())}

    async def close(self) -> None:
        """Close the connections."""
        session, self._session, self._web = self._session, None, None
        if session is not None:
            await session.close()

    def _opened(self) -> AsyncWebClient:
        """The vendor's client; a proxy that it finds in the environment by itself is not used."""
        if self._web is None:
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
            self._web = AsyncWebClient(
                token=self._token,
                base_url=self._api_url,
                timeout=self._timeout_s,
                session=self._session,
                logger=_quiet(),
                retry_handlers=[],
            )
            self._web.proxy = None
        return self._web


def _quiet() -> logging.Logger:
    """A logger that never logs requests, which hold what people wrote."""
    logger = logging.getLogger("slack_sdk")
    logger.setLevel(logging.WARNING)
    return logger


def _translate(name: str, error: SlackApiError) -> NoReturn:
    answer = error.response
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
    data = getattr(answer, "data", None)
    body: Mapping[str, Any] = data if isinstance(data, dict) else {}
    code = str(body.get("error", ""))
    if status == 429 or code in ("ratelimited", "rate_limited"):
        after = str(getattr(answer, "headers", {}).get("Retry-After", ""))
        wait_s = float(after) if after.isdigit() else PATIENCE_S
        raise RateLimited(f"Slack asks to wait for {wait_s:.0f} s.", retry_after_s=wait_s)
    if code == "missing_scope":
        needed = body.get("needed", "a scope")
        raise Forbidden(
            f"Slack refused {name}: the app lacks the scope {needed}.",
            remedy=f"add {needed} to the app and install it anew",
        )
    if code in _DENIED:
        raise Forbidden(f"Slack refused {name}: {code}.", remedy=_DENIED[code])
    if code in _GONE:
        raise NotFound(f"Slack: {code}.")
    if code in _TRIGGER:
        raise TooLate(f"Slack refused {name}: {code}.")
    if code in _TEXT:
        raise PayloadInvalid(f"Slack refused {name}: {code}. {_details(body)}".strip())
    if status >= 500 or code in _TRANSIENT or not code:
        raise EffectUnknown(f"Slack answered {name} with {code or status}.")
    raise IntegrationError(f"Slack refused {name}: {code}.")


def _details(body: Mapping[str, Any]) -> str:
    told = body.get("response_metadata")
    messages = told.get("messages") if isinstance(told, dict) else None
    return " ".join(map(str, messages or ()))[:300]


class TooLate(IntegrationError):
    """A form can be opened for three seconds after a tap; they are over."""

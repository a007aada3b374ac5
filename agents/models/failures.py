"""LiteLLM's errors in our words: which pass with time, and what is to be done about the rest."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agents.models.attempts import AttemptFailed, Trouble
from agents.models.providers import Endpoint
from core.errors import PromptTooLong
from core.models import Tokens

TRANSIENT_STATUS = {408, 409, 425, 429}
SAID_MAX = 300
TOO_LONG = "shorten the prompt, or choose a model with a larger window"
_POLICY = ("content_policy", "content policy", "content_filter", "safety system", "usage policy")
_CONTEXT = (
    "context length",
    "context window",
    "context_length",
    "context size",
    "context limit",
    "prompt is too long",
    "maximum number of tokens",
)


def failure(error: Exception, endpoint: Endpoint, tokens: Tokens) -> AttemptFailed | PromptTooLong:
    """What an error of LiteLLM means.

    By HTTP status, as measured: connections that fail come as 500, odd statuses as plain APIError,
    a stream that breaks as MidStreamFallbackError; faults inside LiteLLM look like connections.
    """
    name = type(error).__name__
    if name == "UnsupportedParamsError":
        return by_status(400, str(error), endpoint)
    known = status_of(error)
    if known is None:
        broken = tokens.received or name == "MidStreamFallbackError"
        what = "broke off its reply" if broken else "cannot be reached"
        text = f"{endpoint.model} at {endpoint.label} {what}: {said(error)}"
        return AttemptFailed(text, "transient", tokens=tokens)
    told = by_status(known, str(error), endpoint, retry_after_s=retry_after(error))
    if isinstance(told, AttemptFailed):
        told.tokens = tokens
    return told


def by_status(
    status: int, text: str, endpoint: Endpoint, *, retry_after_s: float | None = None
) -> AttemptFailed | PromptTooLong:
    """What an HTTP status means, together with what the server said."""
    plain = text.lower()
    if status in (400, 413, 422) and any(sign in plain for sign in _CONTEXT):
        return PromptTooLong(
            f"{endpoint.model} refused the prompt as too long: {said(text)}", remedy=TOO_LONG
        )
    trouble = _trouble(status, plain)
    remedy = {
        "authentication": _key_advice(endpoint),
        "request": "look at the model's name and at MODEL_LLM_PARAMS and AGENT_LLM_PARAMS",
    }.get(trouble)
    return AttemptFailed(
        f"{endpoint.model} answered with HTTP {status}: {said(text)}",
        trouble,
        retry_after_s=retry_after_s,
        limited=status == 429,
        remedy=remedy,
    )


def _trouble(status: int, plain: str) -> Trouble:
    if status in TRANSIENT_STATUS or status >= 500:
        return "transient"
    if status in (401, 402, 403):
        return "authentication"
    return "policy" if any(sign in plain for sign in _POLICY) else "request"


def _key_advice(endpoint: Endpoint) -> str:
    if endpoint.provider.key:
        return f"check {endpoint.provider.key} and what it may use"
    return "check who may use the server"


def status_of(error: Exception) -> int | None:
    """The HTTP status of an answer; None where there was none."""
    if type(error).__name__ in ("APIConnectionError", "MidStreamFallbackError"):
        return None
    status = getattr(error, "status_code", None)
    answered = getattr(error, "litellm_response_headers", None)
    if status == 500 and not answered and "onnection" in str(error):
        return None
    if status == 400 and "Got unexpected response" in str(error):
        return None
    return status if isinstance(status, int) else None


def retry_after(error: Exception) -> float | None:
    """For how many seconds the server asked to be left alone."""
    response = getattr(error, "response", None)
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(response, "headers", None),
    ):
        value = headers.get("retry-after") if headers else None
        if value:
            return seconds_until(str(value), datetime.now(UTC))
    return None


def seconds_until(value: str, now: datetime) -> float | None:
    """A `Retry-After`, which is seconds or a date; None when it is neither."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def said(what: Any) -> str:
    """The beginning of an untrusted text, on one line."""
    line = " ".join(str(what).split())
    return line if len(line) <= SAID_MAX else f"{line[:SAID_MAX]}…"

"""Logged model calls as they go over the wire."""

import base64
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.problems import Problem
from api.views import Answer
from core.figures import BEGINNING, LoggedCall

PREVIEW_CHARS = 400
FIGURES = (
    *("id", "ts", "task_id", "agent", "role", "node", "model", "attempt", "tools", "outcome"),
    *("tokens_in", "tokens_out", "tokens_cached", "cost_usd", "latency_ms", "success", "error"),
)


class CallFacts(BaseModel):
    """One model call; a call that was repeated has a row for each attempt."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    ts: datetime
    """When it ended."""
    task_id: str
    agent: str
    role: str
    node: str
    model: str
    attempt: int
    tools: list[str]
    """Names of the tools that it might use."""
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    cost_usd: float | None
    """Null when the price is unknown."""
    latency_ms: float
    success: bool
    error: str
    outcome: str | None
    """Of its task; null while that is open."""


class CallLine(CallFacts):
    """A call in a list."""

    preview: str
    """The beginning of the reply."""


class CallList(Answer):
    """Calls, newest first."""

    calls: list[CallLine]


class CallView(CallFacts):
    """A call with all that was said, secrets masked; untrusted."""

    system: str
    messages: list[dict[str, Any]]
    response: str
    calls: list[dict[str, Any]]
    """Tools that the model wanted to use."""


class Conversation(Answer):
    """Calls of a task in order."""

    task_id: str
    calls: list[CallView]
    next_cursor: str | None
    """Ask again with it for what follows; null at the end."""


def line_facts(call: LoggedCall) -> dict[str, Any]:
    """A call in a list."""
    return {**call.model_dump(include=set(FIGURES)), "preview": call.response[:PREVIEW_CHARS]}


def cursor_of(call: LoggedCall) -> str:
    """Where the next page begins: behind this call."""
    return base64.urlsafe_b64encode(f"{call.ts.isoformat()} {call.id}".encode()).decode()


def place_of(cursor: str) -> tuple[datetime, str]:
    """Where a page begins; raises Problem for a cursor that was not given out."""
    if not cursor:
        return BEGINNING, ""
    try:
        ts, _, last = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(ts)
        if moment.tzinfo is None or not last:
            raise ValueError(cursor)
    except ValueError as error:
        raise Problem(422, "bad_cursor", "This cursor was not given out here.") from error
    return moment, last

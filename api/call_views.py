"""Logged model calls as they go over the wire."""

import base64
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.problems import Problem
from api.task_views import Part
from api.views import Answer
from core.figures import LoggedCall

PREVIEW_CHARS = 400
HEARD_MAX = 8
"""Messages of a prompt that a conversation shows at first."""
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


class ToolWish(Part):
    """A tool that a model wanted to use."""

    call_id: str = ""
    name: str
    arguments: str = ""
    """JSON as the model wrote it."""


class MessageView(Part):
    """One message of a prompt."""

    author: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    calls: list[ToolWish] = Field(default_factory=list)
    call_id: str = ""
    """Of a tool: the wish that this answers."""


class CallView(CallFacts):
    """A call with all that was said, secrets masked; untrusted."""

    system: str
    messages: list[MessageView]
    response: str
    calls: list[ToolWish]
    """Tools that the model wanted to use."""


class WholeCall(CallView, Answer):
    """One call with all that was said."""


class HeardView(Part):
    """The beginning of a message."""

    author: Literal["system", "user", "assistant", "tool"]
    preview: str
    chars: int
    """Of the whole message."""
    call_id: str = ""
    """Of a tool: the wish that this answers."""


class CallBrief(CallLine):
    """A call as a conversation shows it at first: what is new, by its beginning."""

    heard: list[HeardView]
    """The messages since the model's last words; all of them where it had said nothing."""
    prompt_chars: int
    """Of the whole prompt."""
    response_chars: int
    calls: list[ToolWish]
    """Tools that the model wanted to use, their arguments cut."""
    forgotten: bool
    """Whether its retention has passed, so that only figures are left."""


class CallBriefs(Answer):
    """Calls of a task in order, each by its beginning."""

    task_id: str
    calls: list[CallBrief]
    next_cursor: str
    """Ask again with it for what follows, now or later."""
    more: bool
    """Whether something follows already."""


class Conversation(Answer):
    """Calls of a task in order."""

    task_id: str
    calls: list[CallView]
    next_cursor: str | None
    """Ask again with it for what follows; null at the end."""


def line_facts(call: LoggedCall) -> dict[str, Any]:
    """A call in a list."""
    return {**call.model_dump(include=set(FIGURES)), "preview": call.response[:PREVIEW_CHARS]}


def brief_facts(call: LoggedCall) -> dict[str, Any]:
    """A call as a conversation shows it at first."""
    spoke = [at for at, one in enumerate(call.messages) if one.get("author") == "assistant"]
    new = call.messages[spoke[-1] + 1 if spoke else 0 :]
    texts = [call.system, *(str(one.get("text", "")) for one in call.messages)]
    return {
        **line_facts(call),
        "heard": [_heard(one) for one in new[-HEARD_MAX:]],
        "prompt_chars": sum(map(len, texts)),
        "response_chars": len(call.response),
        "calls": [
            {**wish, "arguments": str(wish.get("arguments", ""))[:PREVIEW_CHARS]}
            for wish in call.calls
        ],
        "forgotten": call.forgotten,
    }


def _heard(message: dict[str, Any]) -> dict[str, Any]:
    text = str(message.get("text", ""))
    return {
        "author": message.get("author"),
        "preview": text[:PREVIEW_CHARS],
        "chars": len(text),
        "call_id": message.get("call_id", ""),
    }


def cursor_of(call: LoggedCall) -> str:
    """Where the next page begins: behind this call."""
    return base64.urlsafe_b64encode(f"{call.ts.isoformat()} {call.id}".encode()).decode()


def place_of(cursor: str, since: datetime) -> tuple[datetime, str]:
    """Where a page begins, at first with `since`; Problem for a cursor that was not given out."""
    if not cursor:
        return since, ""
    try:
        ts, _, last = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(ts)
        if moment.tzinfo is None or not last:
            raise ValueError(cursor)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem(422, "bad_cursor", "This cursor was not given out here.") from error
    return moment, last

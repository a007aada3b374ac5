"""Events on the work of roles: their calls of models, and their tools."""

from typing import Literal

from api.event_views.envelope import Envelope, Told


class AgentStartData(Told, total=False):
    """A role begins its work."""

    path: str
    role: str
    node: str
    engine: str
    model: str
    turns: int


class AgentStartEvent(Envelope):
    """An event of the type `agent_start`."""

    type: Literal["agent_start"]
    data: AgentStartData


class AgentEndData(Told, total=False):
    """A role has done its work, or failed."""

    path: str
    role: str
    node: str
    ok: bool
    error: str
    why: str
    turns: int
    note: str
    ms: int
    calls: int
    tokens: int
    cost_usd: float | None


class AgentEndEvent(Envelope):
    """An event of the type `agent_end`."""

    type: Literal["agent_end"]
    data: AgentEndData


class CallData(Told, total=False):
    """One attempt of a model call."""

    call_id: str
    role: str
    model: str
    node: str
    attempt: int
    label: str


class CallStartData(CallData, total=False):
    """An attempt is about to be sent."""

    prompt_preview: str
    prompt_chars: int


class CallStartEvent(Envelope):
    """An event of the type `llm_start`."""

    type: Literal["llm_start"]
    data: CallStartData


class CallEndData(CallData, total=False):
    """An attempt is over, well or not."""

    ok: bool
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    tokens_estimated: bool
    cost_usd: float | None
    ms: int
    first_token_ms: int | None
    stop_reason: str
    response_preview: str
    error: str
    trouble: str


class CallEndEvent(Envelope):
    """An event of the type `llm_end`."""

    type: Literal["llm_end"]
    data: CallEndData


class ToolStartData(Told, total=False):
    """A model is about to use a tool."""

    turn: int
    tool: str
    call_id: str
    arguments: str


class ToolStartEvent(Envelope):
    """An event of the type `tool_start`."""

    type: Literal["tool_start"]
    data: ToolStartData


class ToolEndData(Told, total=False):
    """What a tool gave."""

    turn: int
    tool: str
    call_id: str
    outcome: str
    rule: str
    text: str


class ToolEndEvent(Envelope):
    """An event of the type `tool_end`."""

    type: Literal["tool_end"]
    data: ToolEndData

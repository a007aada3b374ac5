"""What is said to a language model and what comes back, for any vendor."""

from typing import Any, Literal

from pydantic import Field

from core.values import Value

Finish = Literal["stop", "length", "tool_calls", "refused"]


class ToolCall(Value):
    """A model's wish to use a tool; it is untrusted, and nothing has happened yet."""

    call_id: str
    name: str
    arguments: str
    """JSON as the model wrote it, not yet parsed."""


class Message(Value):
    """One message of a conversation."""

    author: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    """Of the assistant: the tools that it wants to use."""
    call_id: str = ""
    """Of a tool: the call that this answers."""
    lasting: bool = False
    """Whether all up to here stays the same from call to call, so that a provider may cache it."""


class ToolSpec(Value):
    """A tool as a model is told of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON Schema of its arguments, an object."""


class ModelCall(Value):
    """One question to a model."""

    task_id: str = ""
    role: str
    """Who asks, such as `triage`."""
    node: str = ""
    """The node at work."""
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    """Empty for a call in which no tool may be used."""
    answer_schema: dict[str, Any] | None = None
    """JSON Schema that the reply should follow; never together with tools."""
    max_tokens: int = Field(default=4096, ge=1)
    """Of the reply."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """None leaves it to the parameters of role and model."""
    seed: int | None = None
    charged: bool = True
    """Whether the budget of its task bears it; the day's does in any case."""


class Tokens(Value):
    """How many tokens a call took."""

    sent: int = 0
    """Of the prompt, cached ones among them."""
    received: int = 0
    """Of the reply, reasoning among them."""
    cached: int = 0
    """Of the prompt, those that the provider had kept."""
    estimated: bool = False
    """Whether we counted, since the provider did not say."""


class Reply(Value):
    """What a model answered; every text in it is untrusted."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    """`length` when the limit cut it off: it is never taken as a whole answer."""
    model: str
    """The model that served it, by our name for it."""
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    """None when the price is unknown; 0.0 only where the model costs nothing."""
    seconds: float = 0.0
    attempts: int = 1
    """Requests that it took, retries and fallbacks among them."""


class Capabilities(Value):
    """What a model has shown that it can do; all False for one that was never probed."""

    edits: bool = False
    """Gave a fenced edit that could be applied."""
    answers: bool = False
    """Gave an answer that fits a schema."""
    tools: bool = False
    """Made one tool call with the right arguments."""
    context: bool = False
    """Found a mark at the beginning of a long prompt."""
    probed: bool = False

    @property
    def strong(self) -> bool:
        """Whether it may work with tools by itself."""
        return self.edits and self.answers and self.tools and self.context

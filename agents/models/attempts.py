"""One attempt of one call: what goes in, what comes out, and how it fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from core.errors import ModelUnavailable, PromptTooLong
from core.models import Finish, ModelCall, Tokens, ToolCall

Trouble = Literal["transient", "authentication", "request", "policy", "exhausted"]
"""`transient` passes with time; the others stay until somebody changes something."""


NOTHING = Tokens()

Hear = Callable[[Literal["text", "reasoning"], str], None]
"""Is told each piece of a reply as it comes; must be quick."""


def unheard(sort: Literal["text", "reasoning"], piece: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Request:
    """A call, ready to be sent once."""

    call: ModelCall
    prompt_tokens: int
    """Of the messages, counted here, with no margin."""
    max_tokens: int
    """Of the reply."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of model, role and call, merged; names as LiteLLM has them."""
    hear: Hear = unheard


@dataclass(frozen=True)
class Answer:
    """What one attempt gave."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    tokens: Tokens = NOTHING
    written: int = 0
    """Of the prompt, tokens that the provider now keeps and may charge more for."""
    first_token_s: float | None = None


class AttemptFailed(ModelUnavailable):
    """One attempt gave no answer."""

    def __init__(
        self,
        message: str,
        trouble: Trouble,
        *,
        retry_after_s: float | None = None,
        limited: bool = False,
        tokens: Tokens = NOTHING,
        remedy: str | None = None,
    ) -> None:
        """Carry how long the server asked to be left alone, and what was used up nevertheless.

        `limited` says that the server is well, and had enough of us for now.
        """
        super().__init__(message, remedy=remedy)
        self.trouble = trouble
        self.retry_after_s = retry_after_s
        self.limited = limited
        self.tokens = tokens


class PromptCut(PromptTooLong):
    """The model saw a part of the prompt only."""

    def __init__(self, message: str, *, tokens: Tokens, remedy: str) -> None:
        """Carry what was used up nevertheless."""
        super().__init__(message, remedy=remedy)
        self.tokens = tokens


class Attempts(Protocol):
    """What can send a request once, over a wire or from a script."""

    async def send(self, request: Request) -> Answer:
        """The answer; raises AttemptFailed, PromptTooLong, or PromptCut."""
        ...

    async def close(self) -> None:
        """Let go of connections; harmless when repeated."""
        ...

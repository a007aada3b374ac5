"""What is logged of models and roles: calls, what came of them, and changes of memory."""

from datetime import datetime

from core.models import Message, Tokens, ToolCall
from core.values import Value


class Interaction(Value):
    """One model call, as logged: each attempt of it is one, and so is one that was cancelled."""

    interaction_id: str
    """Unique; a row with the same id is the same row."""
    ended_at: datetime
    task_id: str = ""
    """Empty for a call that serves no task."""
    agent: str = ""
    """Path in the tree of agents, as `1f0c9a2e/fix`."""
    role: str
    node: str = ""
    model: str
    attempt: int = 1
    messages: tuple[Message, ...] = ()
    """The prompt; system messages at its beginning are what the role is and has learned."""
    tools: tuple[str, ...] = ()
    """Names of the tools that it might use."""
    response: str = ""
    calls: tuple[ToolCall, ...] = ()
    """Tools that it wanted to use."""
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    """None when the price is unknown."""
    seconds: float = 0.0
    success: bool
    error: str = ""


class RoleResult(Value):
    """What one role did in a task that has ended."""

    task_id: str
    role: str
    ended_at: datetime
    outcome: str
    success: bool
    """Whether the task ended well."""
    calls: int
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    """None when the price of any call is unknown."""
    seconds: float = 0.0
    """Time that models took."""


class MemoryDiff(Value):
    """How the memory of a role changed from one version to the next."""

    role: str
    version: int
    """The new one."""
    changed_at: datetime
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reason: str


Entry = Interaction | RoleResult | MemoryDiff

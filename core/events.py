"""What reaches us, and what Anton tells of himself: one envelope for the log and every stream."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.values import Value

EventType = Literal[
    "incident",
    "status",
    "end",
    "node",
    "agent_start",
    "agent_end",
    "llm_start",
    "llm_end",
    "tool_start",
    "tool_end",
    "diagnosis",
    "patch",
    "evidence",
    "review",
    "approval",
    "budget",
    "pull_request",
    "effect",
    "alert",
    "identity",
    "integration",
    "search",
]

ENVELOPE_MAX_BYTES = 16_384


class Notice(Value):
    """Something that happened, not yet written down."""

    type: EventType
    task_id: str = ""
    incident_id: str = ""
    role: str = ""
    data: dict[str, Any] = Field(default_factory=dict)
    """Facts by name, as the event schema lists them for each type."""


class Event(Notice):
    """A notice in the log: numbered in the order of its commit."""

    seq: int
    ts: datetime


class AuditEntry(Value):
    """Something for the audit log: a decision, a refusal, a write to a host."""

    action: str
    """Such as `decision`, `refused_ref`, `archive_refused`."""
    task_id: str = ""
    actor: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)

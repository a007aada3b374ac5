"""What reaches us, and what Anton tells of himself: one envelope for the log and every stream."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    "demo",
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


@dataclass(frozen=True)
class EventFilter:
    """Which events are looked for; what is empty is open."""

    task_id: str = ""
    role: str = ""
    types: tuple[EventType, ...] = ()
    words: str = ""
    """Anywhere in the envelope, upper and lower case of ASCII alike."""
    after: int = 0
    """Only events with a greater number."""


@dataclass(frozen=True)
class Found:
    """Events, newest first."""

    events: Sequence[Event]
    before: int
    """Search on before this number; 0 where nothing is left to search."""


class AuditEntry(Value):
    """Something for the audit log: a decision, a refusal, a write to a host."""

    action: str
    """Such as `decision`, `refused_ref`, `archive_refused`."""
    task_id: str = ""
    actor: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)


class AuditRow(AuditEntry):
    """An entry as it stands in the audit log."""

    number: int
    """Grows by one from row to row."""
    at: datetime

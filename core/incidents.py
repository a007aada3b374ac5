"""A fault under care, and when two reports are one fault."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from core.values import Value


class Severity(StrEnum):
    """How urgent a fault is; it orders the queue and never decides consent."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class IncidentState(StrEnum):
    """Where the care for a fault stands."""

    OPEN = "open"
    TRIAGING = "triaging"
    NOISE = "noise"
    DUPLICATE = "duplicate"
    DIAGNOSING = "diagnosing"
    AWAITING_APPROVAL = "awaiting_approval"
    FIXING = "fixing"
    AWAITING_FIX_APPROVAL = "awaiting_fix_approval"
    REVIEWING = "reviewing"
    VERIFICATION_FAILED = "verification_failed"
    AWAITING_REFIX_APPROVAL = "awaiting_refix_approval"
    AWAITING_MERGE = "awaiting_merge"
    RESOLVED = "resolved"
    REJECTED = "rejected"


class Dismissal(Value):
    """Why the reports of a fault are only counted, and for how long."""

    reason: str
    by: str
    until: datetime | None = None
    """When they are heard again; None for never."""


class Incident(Value):
    """A fault under care: all the reports that share one fingerprint."""

    incident_id: str
    """A UUID4."""
    fingerprint: str
    title: str
    repository: str
    source: str
    """Where it was reported first, as `rest`."""
    ticket: str = ""
    state: IncidentState = IncidentState.OPEN
    reason: str = ""
    """Why it is in this state, in one sentence."""
    severity: Severity | None = None
    count: int = 1
    """Reports of it, those among them that came while it was dismissed."""
    task_id: str = ""
    """The task at work on it; empty when there is none."""
    pr_url: str = ""
    """The last pull request for it."""
    request: dict[str, Any] = Field(default_factory=dict)
    """The dump of the TaskRequest that a task for it starts from; untrusted."""
    regression_of: str = ""
    """Id of the resolved incident that this one repeats."""
    apart_from: str = ""
    """Id of the incident that somebody wanted this one kept apart from."""
    merged_into: str = ""
    """Id of the incident that took its reports over."""
    dismissal: Dismissal | None = None
    opened_at: datetime
    last_seen_at: datetime
    updated_at: datetime

    @property
    def id8(self) -> str:
        """The first eight hex digits of the id, as people see it."""
        return self.incident_id[:8]

    def silent(self, now: datetime) -> bool:
        """Whether reports of it are only counted now."""
        dismissal = self.dismissal
        return bool(dismissal and (dismissal.until is None or now < dismissal.until))


EntryKind = Literal["reported", "state", "dismissed", "reopened", "resolved", "merged"]


class IncidentEntry(Value):
    """A line of an incident's history."""

    kind: EntryKind
    at: datetime
    by: str = ""
    """Channel and person, as `rest:ann`; empty for what its task did."""
    state: IncidentState
    """The state behind it."""
    reason: str = ""
    task_id: str = ""
    """The task that did it, that a report began, or that it joined."""
    began: bool = False
    """Whether a report began that task."""
    request: dict[str, Any] = Field(default_factory=dict)
    """Of a report that began no task: the dump of its TaskRequest, so that no word is lost."""


class Repeats(Value):
    """What code knows of other tasks about the same fault."""

    count_24h: int = Field(default=1, ge=1)
    """Reports of it within 24 h, this one among them."""
    open_task: str = ""
    """Id of an earlier task that is open and was asked for the same; empty when there is none."""
    open_report: str = ""
    """The report of that task; untrusted."""


_VARIABLE_PARTS = (
    re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE),
    re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
    re.compile(r"\b(?:0x)?[0-9a-f]{16,}\b", re.IGNORECASE),
    re.compile(r"\d+"),
)
FIRST_LINE_MAX = 200


def fingerprint(
    service: str, error_type: str, text: str, top_frame: str = "", external_id: str = ""
) -> str:
    """One hex SHA-256 for all reports of one fault.

    A ticket is known by its own id within a service; an alarm by service, error type, the first
    line of its text with ids, times and numbers masked, and the topmost frame of the service's
    own code.
    """
    if external_id:
        return _digest("ticket", service, external_id)
    first = text.strip().splitlines()[0][:FIRST_LINE_MAX] if text.strip() else ""
    for pattern in _VARIABLE_PARTS:
        first = pattern.sub("#", first)
    return _digest(service, error_type, first, top_frame)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

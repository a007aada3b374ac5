"""Events on faults under care, and on the house itself."""

from typing import Literal

from api.event_views.envelope import Envelope, Told
from core.incidents import IncidentState, Severity


class IncidentData(Told, total=False):
    """Where the care for a fault stands; of the rest what changed."""

    state: IncidentState
    reason: str
    title: str
    source: str
    severity: Severity | None
    repo: str
    occurrences: int
    task_id: str | None


class IncidentEvent(Envelope):
    """An event of the type `incident`."""

    type: Literal["incident"]
    data: IncidentData


class AlertData(Told, total=False):
    """Something about the house itself."""

    name: str
    state: Literal["raised", "cleared"]
    said: str


class AlertEvent(Envelope):
    """An event of the type `alert`."""

    type: Literal["alert"]
    data: AlertData


class IdentityData(Told, total=False):
    """How the memory of a role changed."""

    role: str
    version: int
    previous: int
    cause: Literal["reflection", "person", "rollback"]
    added: list[str]
    removed: list[str]


class IdentityEvent(Envelope):
    """An event of the type `identity`."""

    type: Literal["identity"]
    data: IdentityData

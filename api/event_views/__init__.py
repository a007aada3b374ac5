"""Events as they go over the wire: a model for each type, so that clients get their types."""

from typing import Annotated

from pydantic import Field

from api.event_views.consent import ApprovalEvent, DemoEvent
from api.event_views.findings import (
    DiagnosisEvent,
    EvidenceEvent,
    PatchEvent,
    ReviewEvent,
    SearchEvent,
)
from api.event_views.house import AlertEvent, IdentityEvent, IncidentEvent
from api.event_views.outside import EffectEvent, IntegrationEvent, PullRequestEvent
from api.event_views.roles import (
    AgentEndEvent,
    AgentStartEvent,
    CallEndEvent,
    CallStartEvent,
    ToolEndEvent,
    ToolStartEvent,
)
from api.event_views.tasks import BudgetEvent, EndEvent, NodeEvent, StatusEvent

StoredEvent = Annotated[
    IncidentEvent
    | StatusEvent
    | EndEvent
    | NodeEvent
    | AgentStartEvent
    | AgentEndEvent
    | CallStartEvent
    | CallEndEvent
    | ToolStartEvent
    | ToolEndEvent
    | DiagnosisEvent
    | PatchEvent
    | EvidenceEvent
    | ReviewEvent
    | ApprovalEvent
    | BudgetEvent
    | PullRequestEvent
    | EffectEvent
    | AlertEvent
    | IdentityEvent
    | IntegrationEvent
    | SearchEvent
    | DemoEvent,
    Field(discriminator="type"),
]

"""Every port of the house: what a room asks of an adapter, never how it is done."""

from core.ports.alerts import AlertStore
from core.ports.approvals import Apart, ApprovalStore, Noted
from core.ports.artifacts import ArtifactStore
from core.ports.budgets import Budgets, Reservation, Standing
from core.ports.channels import Channel, MessageStore, Reader
from core.ports.clock import Clock
from core.ports.demos import DemoStore, LiveDemo
from core.ports.effects import Effects, Outbox
from core.ports.hosts import CiRun, CodeHost, Snapshot
from core.ports.incidents import IncidentFilter, IncidentPage, IncidentStore
from core.ports.learning import CorrectionStore, IdentityStore, LessonStore, Precedents, Reflector
from core.ports.logs import AuditLog, EventLog, InteractionLog
from core.ports.models import Model, Models, ProbeStore
from core.ports.processes import Process, Run, Service, Stream
from core.ports.repair import Case, RepairEngine
from core.ports.sandboxes import Environment, Limits, Sandbox, SandboxProvider
from core.ports.tasks import Page, TaskFilter, TaskStore

__all__ = [
    "AlertStore",
    "Apart",
    "ApprovalStore",
    "ArtifactStore",
    "AuditLog",
    "Budgets",
    "Case",
    "Channel",
    "CiRun",
    "Clock",
    "CodeHost",
    "CorrectionStore",
    "DemoStore",
    "Effects",
    "Environment",
    "EventLog",
    "IdentityStore",
    "IncidentFilter",
    "IncidentPage",
    "IncidentStore",
    "InteractionLog",
    "LessonStore",
    "Limits",
    "LiveDemo",
    "MessageStore",
    "Model",
    "Models",
    "Noted",
    "Outbox",
    "Page",
    "Precedents",
    "ProbeStore",
    "Process",
    "Reader",
    "Reflector",
    "RepairEngine",
    "Reservation",
    "Run",
    "Sandbox",
    "SandboxProvider",
    "Service",
    "Snapshot",
    "Standing",
    "Stream",
    "TaskFilter",
    "TaskStore",
]

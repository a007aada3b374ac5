"""Events as they go over the wire: a model for each type, so that clients get their types."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from core.approvals import ApprovalState, Choice, QuestionKind, Risk
from core.budgets import Scope
from core.demos import DemoState
from core.effects import EffectState
from core.evidence import RunEnd, Verdict
from core.findings import ReviewVerdict
from core.incidents import IncidentState, Severity
from core.tasks import Outcome, TaskStatus


class Told(TypedDict, total=False):
    """What an event tells; whatever is too long or cannot be masked is missing."""

    cut_bytes: int
    withheld: bool


class Person(TypedDict, total=False):
    """Who answered, on which channel."""

    channel: str
    person_id: str
    name: str


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


class StatusData(Told, total=False):
    """Where a task stands."""

    status: TaskStatus
    reason: str


class EndData(Told, total=False):
    """What came of a task."""

    outcome: Outcome | None
    reason: str
    pr_url: str | None
    cost_usd: float | None
    agent_ms: int
    human_ms: int


class NodeData(Told, total=False):
    """A step began or ended."""

    node: str
    state: Literal["started", "finished", "failed", "interrupted"]
    ms: int
    summary: str


class AgentStartData(Told, total=False):
    """A role begins its work."""

    path: str
    role: str
    node: str
    engine: str
    model: str
    turns: int


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


class ToolStartData(Told, total=False):
    """A model is about to use a tool."""

    turn: int
    tool: str
    call_id: str
    arguments: str


class ToolEndData(Told, total=False):
    """What a tool gave."""

    turn: int
    tool: str
    call_id: str
    outcome: str
    rule: str
    text: str


class SuspectData(TypedDict, total=False):
    """A line with a score."""

    path: str
    line: int
    function: str
    score: float
    why: str


class ClaimData(TypedDict, total=False):
    """A claim, and whether the code at the base bears it out."""

    path: str
    line: int
    quote: str
    base_sha: str
    verified: bool
    code: list[str]
    code_from: int


class DiagnosisData(Told, total=False):
    """Why the fault happens."""

    root_cause: str
    category: Literal["code", "config", "infra", "dependency", "data"]
    confidence: float
    method: str
    suspects: list[SuspectData | str]
    claims: list[ClaimData | str]


class PatchData(Told, total=False):
    """A change that people are asked to release."""

    base_sha: str
    patch_hash: str
    tree_hash: str
    files: list[str]
    added: int
    removed: int
    risk: Risk


class RunData(TypedDict, total=False):
    """A run of the tests by its figures."""

    tree_hash: str
    exit_code: int | None
    known_by: str
    verdict: RunEnd
    passed: int
    failed: list[str]
    failures: int
    ms: int


class EvidenceData(Told, total=False):
    """What the tests say of a change."""

    verdict: Verdict
    tree_hash: str
    regression_tests: list[str]
    contested: list[str]
    note: str
    before: RunData
    after: RunData


class IssueData(TypedDict, total=False):
    """Something that is held against a change."""

    severity: Literal["info", "warning", "error"]
    category: str
    message: str
    path: str
    line: int


class ReviewData(Told, total=False):
    """A judgement of a change."""

    verdict: ReviewVerdict
    patch_hash: str
    scores: dict[str, int]
    reviewer: str
    issues: list[IssueData | str]


class ApprovalData(Told, total=False):
    """A question to people, or its answer."""

    approval_id: str
    kind: QuestionKind
    state: ApprovalState
    revision: int
    patch_hash: str
    risk: Risk
    question: str
    options: list[Choice]
    expires_at: str
    waited_s: float | None
    voices: list[str]
    voices_needed: int
    decided_by: Person | None
    text: str


class BudgetData(Told, total=False):
    """How a limit is used, or that it was raised."""

    scope: Scope
    cost_usd: float | None
    limit_usd: float | None
    tokens: int
    limit_tokens: int | None
    notice: int


class PullRequestData(Told, total=False):
    """What stands on the host."""

    url: str
    number: int | None
    branch: str
    commit: str


class EffectData(Told, total=False):
    """Something that is done outside."""

    step: str
    state: EffectState
    key: str
    detail: str


class AlertData(Told, total=False):
    """Something about the house itself."""

    name: str
    state: Literal["raised", "cleared"]
    said: str


class IdentityData(Told, total=False):
    """How the memory of a role changed."""

    role: str
    version: int
    previous: int
    cause: Literal["reflection", "person", "rollback"]
    added: list[str]
    removed: list[str]


class IntegrationData(Told, total=False):
    """How a channel or host stands."""

    name: str
    state: Literal["live", "embedded", "off", "failing"]
    detail: str


class SearchData(Told, total=False):
    """How the search for a fix goes."""

    v: int
    done: bool
    tried: int
    by_models: int
    plausible: int
    seconds: float
    exhausted: bool
    bound: str
    judged_per_second: float
    suspects: list[SuspectData | str]


class DemoData(Told, total=False):
    """Where a demo of a change stands."""

    approval_id: str
    state: DemoState
    reason: str


class Envelope(BaseModel):
    """What every stored event has."""

    v: int
    seq: int
    ts: datetime
    task_id: str
    incident_id: str
    role: str


class IncidentEvent(Envelope):
    """An event of the type `incident`."""

    type: Literal["incident"]
    data: IncidentData


class StatusEvent(Envelope):
    """An event of the type `status`."""

    type: Literal["status"]
    data: StatusData


class EndEvent(Envelope):
    """An event of the type `end`."""

    type: Literal["end"]
    data: EndData


class NodeEvent(Envelope):
    """An event of the type `node`."""

    type: Literal["node"]
    data: NodeData


class AgentStartEvent(Envelope):
    """An event of the type `agent_start`."""

    type: Literal["agent_start"]
    data: AgentStartData


class AgentEndEvent(Envelope):
    """An event of the type `agent_end`."""

    type: Literal["agent_end"]
    data: AgentEndData


class CallStartEvent(Envelope):
    """An event of the type `llm_start`."""

    type: Literal["llm_start"]
    data: CallStartData


class CallEndEvent(Envelope):
    """An event of the type `llm_end`."""

    type: Literal["llm_end"]
    data: CallEndData


class ToolStartEvent(Envelope):
    """An event of the type `tool_start`."""

    type: Literal["tool_start"]
    data: ToolStartData


class ToolEndEvent(Envelope):
    """An event of the type `tool_end`."""

    type: Literal["tool_end"]
    data: ToolEndData


class DiagnosisEvent(Envelope):
    """An event of the type `diagnosis`."""

    type: Literal["diagnosis"]
    data: DiagnosisData


class PatchEvent(Envelope):
    """An event of the type `patch`."""

    type: Literal["patch"]
    data: PatchData


class EvidenceEvent(Envelope):
    """An event of the type `evidence`."""

    type: Literal["evidence"]
    data: EvidenceData


class ReviewEvent(Envelope):
    """An event of the type `review`."""

    type: Literal["review"]
    data: ReviewData


class ApprovalEvent(Envelope):
    """An event of the type `approval`."""

    type: Literal["approval"]
    data: ApprovalData


class BudgetEvent(Envelope):
    """An event of the type `budget`."""

    type: Literal["budget"]
    data: BudgetData


class PullRequestEvent(Envelope):
    """An event of the type `pull_request`."""

    type: Literal["pull_request"]
    data: PullRequestData


class EffectEvent(Envelope):
    """An event of the type `effect`."""

    type: Literal["effect"]
    data: EffectData


class AlertEvent(Envelope):
    """An event of the type `alert`."""

    type: Literal["alert"]
    data: AlertData


class IdentityEvent(Envelope):
    """An event of the type `identity`."""

    type: Literal["identity"]
    data: IdentityData


class IntegrationEvent(Envelope):
    """An event of the type `integration`."""

    type: Literal["integration"]
    data: IntegrationData


class SearchEvent(Envelope):
    """An event of the type `search`."""

    type: Literal["search"]
    data: SearchData


class DemoEvent(Envelope):
    """An event of the type `demo`."""

    type: Literal["demo"]
    data: DemoData


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

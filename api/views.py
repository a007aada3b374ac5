"""What goes over the wire: answers, made from the values of the house."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from api.event_views import StoredEvent
from api.task_views import (
    ArtifactFacts,
    CandidatesView,
    DiagnosisView,
    EvidenceView,
    PatchView,
    Progress,
    SizeView,
    StopView,
    TestsView,
    diagnosis_of,
    evidence_of,
)
from core.approvals import Approval, ApprovalState, Choice, Decision, QuestionKind, Risk
from core.corrections import Judgement
from core.demos import Demo, DemoState
from core.incidents import Severity
from core.tasks import Outcome, Task, TaskStatus, Usage


class Answer(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    as_of_seq: int
    """Events up to this number are in this answer already."""


class TaskStarted(Answer):
    """A task was written down, or one that was there is about the same."""

    task_id: str
    status: TaskStatus
    incident_id: str | None
    joined: bool
    """Whether the report joined a task that was there already."""


class TaskFacts(BaseModel):
    """A task, during and after its run; what is not known is null."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    task_id: str
    incident_id: str | None
    workflow: str
    title: str
    ticket: str | None
    repo: str
    base: str | None
    source: str
    component: str | None
    status: TaskStatus
    outcome: Outcome | None
    reason: str | None
    """Why it waits, or why it ended so."""
    current_agent: str | None
    """The step at work, or the last one."""
    iteration: int | None
    artifacts: list[ArtifactFacts]
    """What can be downloaded."""
    pr_url: str | None
    branch: str | None
    commit: str | None
    demo_url: str | None
    needs_human_input: bool
    human_input_prompt: str | None
    total_cost_usd: float | None
    cost_known: bool
    confidence: float | None
    size: SizeView | None
    tests: TestsView | None
    """Null before the first proof."""
    output_path: str | None
    severity: Severity | None
    risk: str | None
    approved: bool | None
    tests_passing: bool | None
    evidence: EvidenceView | None
    diagnosis: DiagnosisView | None
    patch: PatchView | None
    review: str | None
    """What the reviewer said of the patch."""
    candidates: CandidatesView | None
    stopped: StopView | None
    """How it stands where it ended without a fix."""
    notes: list[str]
    cancel_requested: bool
    usage: Usage
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class DemoFacts(BaseModel):
    """What is shown live beside the release that waits, or why it is not."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    approval_id: str
    patch_hash: str
    state: DemoState
    url: str | None
    reason: str | None
    can_start: bool
    """Whether the key of this request could ask for it now, again or for the first time."""
    changed_at: datetime
    ends_at: datetime | None


class TaskView(TaskFacts, Progress, Answer):
    """One task, with its progress."""

    limit_usd: float | None
    """What its models may cost; null without a limit."""

    demo: DemoFacts | None
    """Null where no release waits, or nothing can be shown."""


class DemoView(DemoFacts, Answer):
    """A live demo was asked for."""


class TaskList(Answer):
    """Some tasks, newest first."""

    tasks: list[TaskFacts]
    next_cursor: str | None
    """Gets the next ones; null on the last page."""


def demo_facts(demo: Demo, *, may_start: bool) -> dict[str, Any]:
    """The public facts of a demo, for somebody who may start one or not."""
    return {
        "approval_id": demo.approval_id,
        "patch_hash": demo.patch_hash,
        "state": demo.state,
        "url": demo.url or None,
        "reason": demo.reason or None,
        "can_start": may_start and demo.can_start,
        "changed_at": demo.changed_at,
        "ends_at": demo.ends_at,
    }


def task_facts(task: Task, prompt: str | None = None) -> dict[str, Any]:
    """The public facts of a task; `prompt` is the question that waits."""
    result, report = task.result, task.result.get("report") or {}
    waiting = task.status is TaskStatus.WAITING
    said = {name: result[name] for name in TaskFacts.model_fields if result.get(name) is not None}
    defaults: dict[str, Any] = dict.fromkeys(TaskFacts.model_fields)
    defaults.update(artifacts=[], notes=[])
    defaults["candidates"] = report.get("candidates")
    tests = said.get("tests") or {}
    return {
        **defaults,
        **said,
        "tests": tests if any(tests.values()) else None,
        "evidence": evidence_of(result),
        "diagnosis": diagnosis_of(result),
        "task_id": task.task_id,
        "incident_id": task.incident_id or None,
        "workflow": task.request.workflow,
        "title": task.title,
        "ticket": task.request.ticket or None,
        "repo": task.request.repository,
        "base": task.request.base or None,
        "source": task.request.source,
        "status": task.status,
        "outcome": task.outcome,
        "reason": task.reason or None,
        "current_agent": task.node or None,
        "needs_human_input": waiting,
        "human_input_prompt": (prompt or task.reason or None) if waiting else None,
        "total_cost_usd": task.usage.cost_usd,
        "cost_known": task.usage.cost_usd is not None,
        "severity": task.severity,
        "risk": task.risk or None,
        "artifacts": [public_artifact(entry) for entry in result.get("artifacts") or []],
        "cancel_requested": task.cancel_requested,
        "usage": task.usage,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
    }


def public_artifact(entry: dict[str, Any]) -> dict[str, Any]:
    """An artifact as it is listed: without where it lies."""
    return {name: entry[name] for name in ("id", "name", "media_type") if name in entry}


class Replied(Answer):
    """How plain words were taken."""

    understood: str
    approval_id: str
    state: ApprovalState


class Approving(Answer):
    """What became of a consent."""

    status: Literal["approving", "already_approved", "voice_counted"]
    """`voice_counted`: another person has to approve it too."""
    task_id: str
    approval_id: str
    patch_hash: str
    pr_url: str | None
    branch: str | None


class Cancelled(Answer):
    """A task is being stopped."""

    task_id: str
    status: TaskStatus
    cancel_requested: bool


class DecisionView(BaseModel):
    """The answer that counts."""

    decision: Choice
    text: str
    amount_usd: float | None
    channel: str
    by: str


class ApprovalFacts(BaseModel):
    """A question, and its answer once there is one."""

    approval_id: str
    task_id: str
    kind: QuestionKind
    state: ApprovalState
    revision: int
    title: str
    body: str
    """The briefing, Markdown."""
    options: list[Choice]
    risk: Risk
    base_sha: str | None
    patch_hash: str | None
    tree_hash: str | None
    details: dict[str, str]
    may_decide: bool
    """Whether the key of this request could answer now."""
    decision: DecisionView | None
    voices: list[DecisionView]
    """Approvals so far, where two persons have to approve."""
    voices_needed: int
    proof_needed: bool
    """Whether an approval takes the end of the patch hash as `confirmation`."""
    void_reason: str | None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    applied_at: datetime | None


class ApprovalView(ApprovalFacts, Answer):
    """One question, with all that its answer is bound to."""

    diff: str | None
    """The canonical diff, whose SHA-256 is the patch hash; without one, the best partial patch."""
    forgotten: bool
    """Whether briefing and diff are not kept any more; what was decided, and on which hash, is."""
    deciders: list[str]
    """Who else may answer while it waits: persons or accounts, and chats whose people may."""
    voiced: bool
    """Whether the approval of this request's key is counted already."""
    barred: str | None
    """Why an approval by this request's key would be refused, though it has the scope."""


class ApprovalList(Answer):
    """Questions, those that wait first."""

    approvals: list[ApprovalFacts]


class Decided(ApprovalView):
    """A question, answered."""

    seq: int
    """The latest event after the answer was written down."""


def approval_facts(approval: Approval, *, may_decide: bool, body: str = "") -> dict[str, Any]:
    """The public facts of a question; `body` stands in for a briefing that is kept elsewhere."""
    question, answer = approval.question, approval.decision
    return {
        "approval_id": approval.approval_id,
        "task_id": approval.task_id,
        "kind": question.kind,
        "state": approval.state,
        "revision": approval.revision,
        "title": question.title,
        "body": question.body or body,
        "options": list(question.options),
        "risk": question.risk,
        "base_sha": question.base_sha or None,
        "patch_hash": question.patch_hash or None,
        "tree_hash": question.tree_hash or None,
        "details": question.details,
        "may_decide": may_decide and approval.state is ApprovalState.PENDING,
        "decision": answer and _decision_facts(answer),
        "voices": [_decision_facts(voice) for voice in approval.voices],
        "voices_needed": question.voices_needed,
        "proof_needed": bool(question.proof),
        "void_reason": approval.void_reason or None,
        "created_at": approval.created_at,
        "expires_at": approval.expires_at,
        "decided_at": approval.decided_at,
        "applied_at": approval.applied_at,
    }


def _decision_facts(answer: Decision) -> dict[str, Any]:
    return {
        "decision": answer.choice,
        "text": answer.text,
        "amount_usd": answer.amount_usd,
        "channel": answer.by.channel,
        "by": answer.by.person_id,
    }


class EventList(Answer):
    """Events in order."""

    events: list[StoredEvent]
    next_after: int
    """Ask again with this number for what follows."""
    oldest: int
    """Number from which on no event was forgotten."""


class EventPage(Answer):
    """Events that were looked for, newest first."""

    events: list[StoredEvent]
    next_before: int | None
    """Search on before this number; null where nothing is left to search."""


class AuditFacts(BaseModel):
    """An entry of the audit log."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    number: int
    at: datetime
    action: str
    """Such as `decision`, `refused`, `identity_rolled_back`."""
    actor: str
    task_id: str
    """Empty where it is about no task."""
    detail: dict[str, Any]


class AuditList(Answer):
    """Entries of the audit log, newest first."""

    entries: list[AuditFacts]
    next_before: int | None
    """Ask again with this number for older ones; null at the beginning of the log."""


class CorrectionView(Answer):
    """What triage made of a report, and what is right."""

    task_id: str
    said: Judgement
    expected: Judgement


class KeptArtifact(ArtifactFacts):
    """A file that a task left behind."""

    kept: bool
    """Whether it can still be had: files are forgotten after RETENTION_PAYLOAD_DAYS."""


class ArtifactList(Answer):
    """What a task left behind."""

    task_id: str
    artifacts: list[KeptArtifact]


class SessionView(Answer):
    """Who is signed in."""

    name: str
    scopes: list[str]
    key_needed: bool
    """False where no key is set and only this machine can call."""


class TicketView(Answer):
    """A pass to a stream, good once."""

    ticket: str
    expires_in_s: int

"""What goes over the wire: requests, read strictly, and answers, made from the house's values."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.approvals import Approval, ApprovalState, Choice, QuestionKind, Risk
from core.events import Event
from core.incidents import Severity
from core.tasks import Outcome, Task, TaskStatus, Usage

Text = Annotated[str, Field(max_length=20_000)]
TestId = Annotated[str, Field(min_length=1, max_length=1_000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[
    str, Field(max_length=250, pattern=r"^[^\s\x00-\x20\x7f-][^\s\x00-\x20\x7f]*$")
]


class Asked(BaseModel):
    """The base of every request body: unknown fields and near types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class CreateTask(Asked):
    """A report, and how it is to be worked on."""

    workflow: Literal["repair", "build"] | None = None
    """Absent: `repair` where a repository or a ticket is named, else `build`."""
    task_description: str = Field(min_length=1, max_length=500_000)
    """The report in plain words, up to MAX_TASK_DESCRIPTION_LENGTH characters."""
    repo: str | None = Field(default=None, max_length=1_000)
    """A configured repository, or its path; absent for the default one."""
    base: Revision | None = None
    """Branch, tag or commit to start from; absent for the repository's default."""
    revision: Revision | None = None
    """The revision in which the fault was seen, where it is not the base."""
    ticket: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._#/-]{0,99}$")
    """Key of the ticket, such as BUG-42."""
    test: TestId | Annotated[list[TestId], Field(max_length=100)] | None = None
    """Ids of tests that show the fault."""
    repro: str | None = Field(default=None, min_length=1, max_length=10_000)
    """A command that exits non-zero while the fault is there; it runs in the sandbox."""
    max_iterations: int | None = Field(default=None, ge=1, le=10)
    """Attempts at a fix; absent for MAX_ITERATIONS."""
    use_sandbox: bool = True
    """False runs nothing; the outcome is then at best `fixed_unverified`."""
    output_directory: str | None = Field(default=None, max_length=500)
    """Folder below LOCAL_OUTPUT_DIR that gets the files."""
    budget_usd: float | None = Field(default=None, ge=0, le=10_000)
    seed: int = Field(default=0, ge=0, lt=2**63)
    """The same repository, report and seed give the same patch."""
    queue: bool = False
    """True lets the task wait for its turn; else it gets 429 while all places are taken."""

    @field_validator("task_description")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("says nothing")
        return value

    @field_validator("output_directory")
    @classmethod
    def _stays_below(cls, value: str | None) -> str | None:
        if value is not None:
            parts = PurePosixPath(value).parts
            odd = any(not part.isprintable() or part in ("..", "~") for part in parts)
            if not parts or odd or value.startswith("/") or "\\" in value:
                raise ValueError("is no folder below LOCAL_OUTPUT_DIR")
        return value

    @property
    def tests(self) -> tuple[str, ...]:
        """The test ids, however they were written."""
        return (self.test,) if isinstance(self.test, str) else tuple(self.test or ())


class ReplyTask(Asked):
    """Plain words to a task that waits."""

    text: Text = Field(min_length=1)
    approval_id: str | None = Field(default=None, max_length=100)
    """Which question is answered, where several wait."""

    @field_validator("text")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("says nothing")
        return value


class ApproveTask(Asked):
    """Consent to a release."""

    patch_hash: Hash | None = None
    """The diff that was seen; absent takes the one that waits now."""


class LineComment(Asked):
    """Words on one line of the diff."""

    path: str = Field(min_length=1, max_length=1_000)
    line: int = Field(ge=1, le=10_000_000)
    text: str = Field(min_length=1, max_length=5_000)


class Decide(Asked):
    """An answer to a question."""

    decision: Choice
    patch_hash: Hash | None = None
    """The diff that was seen; required to answer a release."""
    revision: int | None = Field(default=None, ge=1, lt=2**31)
    """The revision that was seen; an older one is refused."""
    text: Text | None = None
    """Words that go with it; required for request_changes, guidance and answer."""
    amount_usd: float | None = Field(default=None, gt=0, le=10_000)
    """By how much; required for raise_budget."""
    line_comments: list[LineComment] = Field(default_factory=list, max_length=200)
    key: str = Field(default="", max_length=200)
    """Makes a repeated tap harmless."""

    @property
    def words(self) -> str:
        """The text, followed by the comments on lines."""
        comments = (f"{c.path}:{c.line}: {c.text}" for c in self.line_comments)
        return "\n".join(part for part in (self.text or "", *comments) if part.strip())


class Answer(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    as_of_seq: int
    """Events up to this number are in this answer already."""


class TaskStarted(Answer):
    """A task was written down."""

    task_id: str
    status: TaskStatus


class TaskFacts(BaseModel):
    """A task, during and after its run; what is not known is null."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    task_id: str
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
    artifacts: list[dict[str, Any]]
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
    size: dict[str, Any] | None
    """Files, and lines added and deleted."""
    tests: dict[str, Any] | None
    """Results before and after."""
    output_path: str | None
    severity: Severity | None
    risk: str | None
    approved: bool | None
    tests_passing: bool | None
    evidence: Any
    diagnosis: Any
    patch: Any
    review: Any
    candidates: Any
    notes: list[Any]
    cancel_requested: bool
    usage: Usage
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class TaskView(TaskFacts, Answer):
    """One task, with its progress."""

    pipeline: list[dict[str, Any]]
    """The steps in order, and how far each is."""
    agent_stats: dict[str, dict[str, Any]]
    """By step: status, runs, ms, cost, tokens, files; null where nothing was recorded."""
    agent_timeline: list[dict[str, Any]]
    """What happened, the latest last."""


class TaskList(Answer):
    """Some tasks, newest first."""

    tasks: list[TaskFacts]
    next_cursor: str | None
    """Gets the next ones; null on the last page."""


def task_facts(task: Task, prompt: str | None = None) -> dict[str, Any]:
    """The public facts of a task; `prompt` is the question that waits."""
    result, report = task.result, task.result.get("report") or {}
    waiting = task.status is TaskStatus.WAITING
    said = {name: result[name] for name in TaskFacts.model_fields if result.get(name) is not None}
    defaults: dict[str, Any] = dict.fromkeys(TaskFacts.model_fields)
    defaults.update(artifacts=[], notes=[])
    for name in ("evidence", "diagnosis", "candidates"):
        defaults[name] = report.get(name)
    return {
        **defaults,
        **said,
        "task_id": task.task_id,
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
    return {name: entry[name] for name in ("id", "name", "media_type", "size") if name in entry}


class Replied(Answer):
    """How plain words were taken."""

    understood: str
    approval_id: str
    state: ApprovalState


class Approving(Answer):
    """What became of a consent."""

    status: Literal["approving", "already_approved"]
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
    void_reason: str | None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    applied_at: datetime | None


class ApprovalView(ApprovalFacts, Answer):
    """One question, with all that its answer is bound to."""

    diff: str | None
    """The canonical diff, whose SHA-256 is the patch hash."""


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
        "decision": answer
        and {
            "decision": answer.choice,
            "text": answer.text,
            "amount_usd": answer.amount_usd,
            "channel": answer.by.channel,
            "by": answer.by.person_id,
        },
        "void_reason": approval.void_reason or None,
        "created_at": approval.created_at,
        "expires_at": approval.expires_at,
        "decided_at": approval.decided_at,
        "applied_at": approval.applied_at,
    }


class EventList(Answer):
    """Events in order."""

    events: list[Event]
    next_after: int
    """Ask again with this number for what follows."""


class ArtifactList(Answer):
    """What a task left behind."""

    task_id: str
    artifacts: list[dict[str, Any]]


class TicketView(Answer):
    """A pass to a stream, good once."""

    ticket: str
    expires_in_s: int

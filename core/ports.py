"""Every port of the house: what a room asks of an adapter, never how it is done."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from core.alerts import Alert
from core.approvals import Approval, ApprovalState, Decision, Question
from core.budgets import Scope, Spent
from core.care import Change as Care
from core.channels import Card, Message, Proposal
from core.corrections import Correction
from core.demos import Demo, DemoState
from core.effects import Change, ChangeRequest, Effect, PullState
from core.errors import ConsentRefused
from core.events import AuditEntry, AuditRow, Event, EventFilter, Found, Notice
from core.evidence import Evidence, RunEnd
from core.figures import Answer, LogHealth, Query
from core.findings import (
    Diagnosis,
    FixAttempt,
    Narrative,
    RefusedEdit,
    Reproduction,
    Review,
    Triage,
)
from core.identities import Identity, IdentityHealth, IdentityVersion
from core.incidents import EntryKind, Incident, IncidentEntry, IncidentState, Repeats
from core.intents import Intent
from core.interactions import Entry
from core.learning import Due, Looked, RuleProposal, RuleRecord
from core.models import Capabilities, ModelCall, Reply, Tokens
from core.patches import Patch
from core.precedents import Precedent
from core.reports import Reported
from core.tasks import Lease, Task, TaskStatus, Usage
from core.trees import File, Tree

# --- time -------------------------------------------------------------------------------------


class Clock(Protocol):
    """The time of day for records, and a steady clock for waiting."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait by the steady clock."""
        ...


# --- sandbox ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """What untrusted code may use."""

    wall_s: float = 300.0
    memory_bytes: int = 2 * 1024**3
    processes: int = 256
    disk_bytes: int = 1024**3
    output_bytes: int = 1_000_000
    """Of stdout and of stderr each; the rest is counted and dropped, head and tail are kept."""
    public: bool = False
    """Whether its ports may have a public address, where the kind of sandbox gives one."""


@dataclass(frozen=True)
class Environment:
    """What a repository needs before its tests can run, prepared once, read-only."""

    environment_id: str
    """Digest of what it was made of."""
    python: str
    """Path of the interpreter inside the sandbox."""
    layers: tuple[tuple[Path, str], ...] = ()
    """Host folder and where it is seen inside, read-only."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, complete: nothing is inherited."""
    notes: tuple[str, ...] = ()
    """What a person should know, such as a requirement that could not be had."""
    made: Mapping[str, File] = field(default_factory=dict)
    """Files that a setup made, which lie in the workspace beside those of the repository."""
    test_command: str = ""
    """Shell command that runs all tests, where one is named."""
    image: str = ""
    """Image that a sandbox of Docker is made of; empty for the general one."""
    compose_host: str = ""
    """Engine of Docker on which the repository's own compose service runs them, where it shall."""

    def furnished(self, tree: Tree) -> Tree:
        """What a sandbox for a tree is opened with: the tree, and what its setup made."""
        return Tree({**self.made, **tree.files}) if self.made else tree


@dataclass(frozen=True)
class Run:
    """How one command in a sandbox ended."""

    exit_code: int | None
    """Negative for a signal; None when a limit ended it."""
    end: RunEnd
    """`passed` for exit 0, `failed` for any other, else the limit that ended it."""
    stdout: bytes
    stderr: bytes
    dropped_bytes: int
    """Output that did not fit."""
    seconds: float


class Process(Protocol):
    """A long-lived command in a sandbox that is spoken to line by line."""

    async def send(self, data: bytes) -> None:
        """Write to its standard input; raises SandboxGone when it has ended."""
        ...

    async def receive(self, timeout_s: float) -> bytes | None:
        """The next line of its standard output; None when it has ended.

        Raises TimeoutError when nothing came in time, SandboxGone with its sandbox.
        """
        ...

    async def kill(self) -> None:
        """End it with all that it started."""
        ...


class Stream(Protocol):
    """A connection; one reads and one writes at a time."""

    async def read(self) -> bytes:
        """What comes next; empty at the end. Raises ConnectionError when it was cut off."""
        ...

    async def write(self, data: bytes) -> None:
        """Send it, as fast as it is taken; raises ConnectionError when nobody takes it."""
        ...

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        ...

    async def close(self) -> None:
        """Let go of it; harmless when repeated."""
        ...


class Service(Protocol):
    """A program that answers at a port of its sandbox, with which it ends."""

    @property
    def public_url(self) -> str:
        """Where anybody reaches it; empty where `connect` is the only way."""
        ...

    async def connect(self) -> Stream:
        """A new connection to the port; raises ConnectionError when nobody answers there."""
        ...

    async def ended(self) -> Run:
        """Wait for its end, and tell how it came; raises SandboxGone with its sandbox."""
        ...


class Sandbox(Protocol):
    """A closed room with one workspace, where untrusted code runs."""

    @property
    def backend(self) -> str:
        """Name of the kind, as `bubblewrap`."""
        ...

    async def write(self, tree: Tree) -> None:
        """Put files into the workspace; regular files only, others are left out."""
        ...

    async def remove(self, paths: Sequence[str]) -> None:
        """Take files out of the workspace."""
        ...

    async def run(
        self,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout_s: float | None = None,
    ) -> Run:
        """Run a command in the workspace to its end; all that it started dies with it."""
        ...

    async def start(
        self, argv: Sequence[str], *, variables: Mapping[str, str] | None = None
    ) -> Process:
        """Start a command that is spoken to while it runs."""
        ...

    async def serve(
        self, argv: Sequence[str], port: int, *, variables: Mapping[str, str] | None = None
    ) -> Service:
        """Start a command that answers at a port of the sandbox, which then does nothing else."""
        ...

    async def read(self, path: str, max_bytes: int = 20_000_000) -> bytes:
        """A regular file of the workspace; NotFound, or ArchiveRefused for links and devices."""
        ...

    async def export(self, base: Tree) -> Tree:
        """The workspace as a tree, strictly read: what `base` had and what came since.

        Raises ArchiveRefused for links, devices, odd paths and more than 2,000 changed files
        or 20 MB.
        """
        ...

    async def reset(self) -> bool:
        """Make it as it was before anything ran, its workspace empty.

        False where something may be left, and then it must not be used again.
        """
        ...

    async def close(self) -> None:
        """End everything in it; harmless when repeated."""
        ...


class SandboxProvider(Protocol):
    """Opens sandboxes of one kind."""

    @property
    def backend(self) -> str:
        """Name of the kind."""
        ...

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what; raises SandboxUnavailable, with the remedy, when unfit."""
        ...

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        """A fresh sandbox whose workspace holds `tree`."""
        ...

    async def reap(self) -> int:
        """End what an earlier process left behind; how many."""
        ...


class LiveDemo(Protocol):
    """An app that is shown live."""

    @property
    def url(self) -> str:
        """Where people reach it."""
        ...

    async def ended(self) -> str:
        """Wait until it runs no more; why, in words."""
        ...

    async def close(self) -> None:
        """End it with its sandbox and its address; harmless when repeated."""
        ...


# --- thinking ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """All that is known of a fault, as handed to a role; every text in it is untrusted."""

    task_id: str
    title: str
    """The report in one line; may be empty."""
    report: str
    repository: str
    base_sha: str
    tree: Tree
    """The base."""
    reported: Tree | None = None
    """The revision in which the fault was seen, where it is not the base."""
    tests: tuple[str, ...] = ()
    reproduction_command: str = ""
    ticket: str = ""
    """Key of the ticket, such as BUG-42; may be empty."""
    seed: int = 0
    triage: Triage | None = None
    diagnosis: Diagnosis | None = None
    reproduction: Reproduction | None = None
    rejected: tuple[str, ...] = ()
    """Hashes of patches that were turned down."""
    findings: tuple[str, ...] = ()
    """What gates, reviewers and people said about earlier attempts, latest last."""
    words: tuple[str, ...] = ()
    """Those of the findings that people gave in their own words, latest last."""
    repeats: Repeats = field(default_factory=Repeats)
    """What is known of other tasks about the same."""
    refused: tuple[RefusedEdit, ...] = ()
    """Edits of this attempt, or of the last one, that the gate refused, with what they change."""
    ci: str = ""
    """Tests that failed in the host's CI, with their words; empty where none are known."""
    precedent: Precedent | None = None
    """An earlier task that was alike: a hint for diagnosis and fix, and for nobody else."""
    attempt: int = 1
    explanation: str = ""
    """What the maker of the change under review says of it."""
    notes: tuple[str, ...] = ()
    """What was noted on the way, as the person who decides is shown it."""


class RepairEngine(Protocol):
    """What thinks in a repair: one method a role; rules today, any model behind the same port."""

    @property
    def name(self) -> str:
        """As people are told, such as `offline engine`."""
        ...

    @property
    def needs_sandbox(self) -> bool:
        """Whether it can do nothing where nothing may be run."""
        ...

    async def triage(self, case: Case) -> Triage:
        """What kind of report this is."""
        ...

    async def diagnose(self, case: Case) -> Diagnosis:
        """Why it happens; sees no reproduction."""
        ...

    async def reproduce(self, case: Case) -> Reproduction:
        """A test that shows the fault; sees no diagnosis."""
        ...

    async def fix(self, case: Case) -> FixAttempt:
        """Changes that turn the red test green, best first."""
        ...

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """A judgement of the diff together with its proof."""
        ...

    async def narrate(self, case: Case, facts: str) -> Narrative:
        """The recorded facts told for people; empty where no model tells them, for any reason."""
        ...


class Reader(Protocol):
    """Reads what people say in plain words."""

    async def read(self, words: str, question: Question) -> Intent:
        """What the words mean as an answer to a question, whose limit is that of now.

        Always one of the options open, a question or unclear; nothing is decided. A reader that
        is a model raises ModelError, LimitExceeded, TimeoutError.
        """
        ...


# --- models -----------------------------------------------------------------------------------


class Model(Protocol):
    """A language model as one role uses it, with patience, limits and fallbacks behind it."""

    @property
    def name(self) -> str:
        """As it is configured, such as `ollama_chat/qwen3:8b`."""
        ...

    @property
    def window(self) -> int:
        """Tokens that prompt and reply may have together."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it has shown that it can do."""
        ...

    @property
    def other(self) -> "Model | None":
        """The one to ask when the replies of this one are no answers; None when there is none."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text, counted here, a little too many rather than too few."""
        ...

    async def complete(self, call: ModelCall) -> Reply:
        """The model's answer.

        Raises ModelUnavailable when neither it nor a fallback answers, PromptTooLong when the
        prompt does not fit its window or was truncated, BudgetExceeded before anything is sent.
        """
        ...


class Models(Protocol):
    """Which model serves which role."""

    def of(self, role: str) -> Model:
        """The model of a role."""
        ...


class ProbeStore(Protocol):
    """What models have shown that they can do, remembered."""

    async def recall(self, key: str, since: datetime) -> Capabilities | None:
        """What was kept under this key, unless it is older; None when there is nothing."""
        ...

    async def keep(self, key: str, shown: Capabilities) -> None:
        """Remember it, as of now, in place of what was."""
        ...


@dataclass(frozen=True)
class Reservation:
    """What a call may cost, taken from the budgets before it is sent."""

    reservation_id: str
    tokens: int
    cost_usd: float | None
    """None when the price is unknown: the tokens rule."""


@dataclass(frozen=True)
class Standing:
    """How a task stands with its budget; reserved amounts count as spent."""

    spent_usd: float
    limit_usd: float
    spent_tokens: int
    limit_tokens: int
    price_known: bool
    """Whether every call so far had a price."""

    @property
    def share(self) -> float:
        """How much of the limit that rules is spent; 0.0 where there is none."""
        spent, limit = self.spent_usd, self.limit_usd
        if not self.price_known:
            spent, limit = self.spent_tokens, self.limit_tokens
        return spent / limit if limit > 0 else 0.0


class Budgets(Protocol):
    """What model calls may cost: kept in the store, so that a crash refills nothing."""

    async def reserve(
        self, task_id: str, role: str, *, tokens: int, cost_usd: float | None
    ) -> Reservation:
        """Set aside what a call can cost at most; raises BudgetExceeded, naming the limit.

        Parallel calls reserve apart. What was reserved and never settled stays spent. Without a
        task only day and hour are counted.
        """
        ...

    async def settle(
        self, reservation_id: str, tokens: Tokens, *, cost_usd: float | None, seconds: float
    ) -> Standing:
        """Put the real usage in place of the reservation; harmless when repeated."""
        ...

    async def standing(self, task_id: str) -> Standing:
        """What is spent and what is left."""
        ...

    async def limit(
        self, task_id: str, *, usd: float | None = None, tokens: int | None = None
    ) -> Standing:
        """Set the limits of a task; None leaves one as it is."""
        ...

    async def more(self, task_id: str, usd: float, *, key: str, scope: Scope = "task") -> Standing:
        """Raise the limit of a task, or of the day, by so much; the same key raises it once.

        The tokens of a task are raised in proportion.
        """
        ...

    async def usage(self, task_id: str) -> Usage:
        """What the models of a task took; `cost_usd` is None when a price is unknown."""
        ...

    async def by_role(self, task_id: str) -> Mapping[str, Spent]:
        """What the calls of a task took that came back, by role."""
        ...


# --- the outer world --------------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit."""

    sha: str
    tree: Tree
    default_branch: str
    notes: tuple[str, ...] = ()
    """What a person should know, such as uncommitted work that was not read."""


@dataclass(frozen=True)
class CiRun:
    """What a host's CI says of a revision; every text is untrusted."""

    status: str = ""
    """As the host puts it, such as `failure`; empty where nothing was run."""
    url: str = ""
    commit: str = ""
    """Which commit was run: not always the one that was asked about."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """By name; of a run that failed, as far as they are kept."""
    note: str = ""
    """Why there are none, if there are none."""


class CodeHost(Protocol):
    """Where a repository lives and where a change is published."""

    @property
    def kind(self) -> str:
        """Name of the host, as `local`."""
        ...

    async def snapshot(self, ref: str = "", *, worktree: bool = False) -> Snapshot:
        """The repository at `ref`, or at its default branch."""
        ...

    async def ci(self, commit: str, branch: str = "") -> CiRun:
        """The last run of a commit, else the last failed one of a branch, with its logs.

        That there are none is told and never raised; raises IntegrationError where the host does
        not answer.
        """
        ...

    async def publish(self, request: ChangeRequest, patch: Patch) -> Change:
        """Make branch, commits and pull request; a second call finds the first.

        Looks before it creates and after every unknown outcome. Raises Conflict when the tree of
        the last commit differs from the approved one or the base moved under the patch's files.
        """
        ...

    async def find(self, request: ChangeRequest) -> Change | None:
        """What stands of a change, by its branch and tree, without writing; None for nothing.

        A branch may stand without its pull request.
        """
        ...

    async def pull_state(self, url: str) -> PullState:
        """Where the pull request at an address stands; raises IntegrationError."""
        ...

    async def close(self) -> None:
        """Let go of connections and files."""
        ...


# --- memory -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks to list; empty fields do not narrow."""

    status: TaskStatus | None = None
    outcome: str = ""
    workflow: str = ""
    repository: str = ""
    source: str = ""
    incident: str = ""


@dataclass(frozen=True)
class Page:
    """Some tasks, newest first, and how to get the next ones."""

    tasks: tuple[Task, ...]
    cursor: str = ""
    """Opaque; empty on the last page."""


class TaskStore(Protocol):
    """The tasks, and who may drive each."""

    async def add(self, task: Task, *, idempotency_key: str = "") -> Task:
        """Write a task down; with a key seen in the last 24 h, give the earlier task instead.

        Raises Conflict when the key came with another request.
        """
        ...

    async def get(self, task_id: str) -> Task:
        """One task; raises NotFound."""
        ...

    async def find(self, prefix: str) -> Sequence[Task]:
        """Tasks whose id begins so, `latest` for the newest; at most 10."""
        ...

    async def list(self, only: TaskFilter, *, cursor: str = "", limit: int = 50) -> Page:
        """Tasks, newest first."""
        ...

    async def counts(self) -> Mapping[TaskStatus, int]:
        """How many tasks have each status."""
        ...

    async def outcomes(self) -> Mapping[str, int]:
        """How many tasks ended with each outcome."""
        ...

    async def take(self, owner: str, *, limit_running: int, ttl_s: float) -> Lease | None:
        """Lease the next task with work to do: most urgent first, then oldest.

        Work to do: queued; waiting with an answer that was not applied; running under a lease
        that expired (its crash is counted for its node); any with a cancel request; ended under a
        lease that nobody gave back. None when there is nothing, or when `limit_running` tasks run
        already.
        """
        ...

    async def lease(self, task_id: str, owner: str, *, ttl_s: float) -> Lease | None:
        """Lease this task, whatever its status; None while another holds it or it has ended."""
        ...

    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease:
        """Keep it; raises LeaseLost."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give it back; harmless when it was lost."""
        ...

    async def holds(self, task_id: str, generation: int) -> bool:
        """Whether this generation still has the word."""
        ...

    async def update(self, task_id: str, lease: Lease | None = None, **changes: Any) -> Task:
        """Change fields of a task by name; under a lease, LeaseLost when it is stale.

        `updated_at` is set. Ended tasks accept changes of `result` and `usage` only: Conflict.
        """
        ...

    async def crash(self, task_id: str, node: str) -> int:
        """Count a crash in this node; how many there are now."""
        ...


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents to list; empty fields do not narrow."""

    states: tuple[IncidentState, ...] = ()
    text: str = ""
    """Words that title, ticket, repository or id hold, whatever their case."""


@dataclass(frozen=True)
class IncidentPage:
    """Some incidents, newest first, and how to get the next ones."""

    incidents: tuple[Incident, ...]
    cursor: str = ""
    """Opaque; empty on the last page."""


class IncidentStore(Protocol):
    """Faults under care; of each fingerprint one at most is not resolved, with one active task."""

    async def report(
        self, task: Task, fingerprint: str, *, joins: bool, idempotency_key: str = ""
    ) -> Reported:
        """Write a report down, with the task for it, in one transaction.

        It opens an incident, or a regression of a resolved one, or starts the task of one that
        nobody works on. Where somebody does, where a pull request waits or where the fault is
        dismissed, it is counted and its words are kept if it `joins` and asks for nothing else;
        if not, it opens an incident apart. With a key seen in the last 24 h nothing is written;
        raises Conflict when the key came with another request.
        """
        ...

    async def start(self, incident_id: str, task: Task, by: str) -> Reported:
        """Write a task for an open incident down; raises NotFound, Conflict."""
        ...

    async def get(self, incident_id: str) -> Incident:
        """One incident; raises NotFound."""
        ...

    async def find(self, prefix: str) -> Sequence[Incident]:
        """Incidents whose id begins so; at most 10."""
        ...

    async def list(
        self, only: IncidentFilter, *, cursor: str = "", limit: int = 50
    ) -> IncidentPage:
        """Incidents, newest first; raises NotFound for a cursor that is none."""
        ...

    async def counts(self) -> Mapping[IncidentState, int]:
        """How many incidents are in each state."""
        ...

    async def change(self, incident_id: str, how: Callable[[Incident], Sequence[Care]]) -> Incident:
        """Change an incident step by step, each with a line of history, in one transaction.

        Raises NotFound, what `how` raises, and Conflict when a newer incident of the same
        fingerprint is under care; then nothing is changed.
        """
        ...

    async def merge(
        self, incident_id: str, into: str, how: Callable[[Incident, Incident], tuple[Care, Care]]
    ) -> Incident:
        """Change two incidents in one transaction; a merged `into` stands for what took it over."""
        ...

    async def history(
        self, incident_id: str, *, kinds: Sequence[EntryKind] = (), limit: int = 200
    ) -> Sequence[IncidentEntry]:
        """What happened to an incident, newest first; of all kinds unless some are named."""
        ...


Apart = Callable[[str, str], bool]
"""Whether two accounts, each `channel:id`, are known to belong to two persons."""

Noted = Callable[[Approval, ConsentRefused | None], AuditEntry]
"""The entry for the audit log on what a question became, and why an answer did not count."""


class ApprovalStore(Protocol):
    """Questions and the one answer of each."""

    async def ask(self, question: Question, interrupt_id: str, expires_at: datetime) -> Approval:
        """Write a question down once per task and interrupt; the same again gives the same row."""
        ...

    async def get(self, approval_id: str) -> Approval:
        """One approval, by id or nonce; raises NotFound."""
        ...

    async def list(
        self, *, task_id: str = "", state: ApprovalState | None = None, limit: int = 200
    ) -> Sequence[Approval]:
        """Approvals, pending first, then newest."""
        ...

    async def decide(
        self,
        approval_id: str,
        decision: Decision,
        *,
        apart: Apart | None = None,
        still: Callable[[Decision], bool] | None = None,
        noted: Noted | None = None,
    ) -> Approval:
        """Answer it: one compare-and-set on state, patch hash and expiry; the first one wins.

        Where two persons have to approve, the first voice leaves it pending; `apart` says which
        accounts are known to belong to two persons, without it none are, and `still` whether an
        earlier voice counts yet. What is `noted` goes into the audit log with the answer, or
        neither stands. The same `key` by the same person again gives the same row.

        Raises ConfirmationWrong, which is counted by account, NotEntitled after too many of
        these, VoiceCounted, and otherwise Conflict; the winner can then be read with `get`.
        """
        ...

    async def void(self, task_id: str, reason: str) -> Sequence[Approval]:
        """Make all pending ones of a task void; those that were."""
        ...

    async def expire(self, now: datetime) -> Sequence[Approval]:
        """Expire what is due; those that were."""
        ...

    async def answers(self, task_id: str) -> Sequence[Approval]:
        """Decided or expired, and not yet taken up by the graph."""
        ...

    async def applied(self, approval_id: str) -> None:
        """Note that the graph took the answer up."""
        ...


class Channel(Protocol):
    """Shows cards where people are, and brings them up to date in place.

    Raises RateLimited with the seconds to wait, HostUnreachable when it cannot be reached, and
    Forbidden when what is configured does not suffice. What a vendor's markup cannot carry goes
    out as plain text rather than not at all.
    """

    name: str
    places: Sequence[str]
    """Where questions are asked, home first; a place is the channel's own name of a chat."""

    async def post(self, card: Card, place: str, reply_to: str = "") -> str:
        """Show a card as a new message, below another one if named; its reference."""
        ...

    async def edit(self, ref: str, card: Card) -> None:
        """Bring a message up to date; raises NotFound when it is gone."""
        ...

    async def check(self) -> Sequence[str]:
        """Return when messages can be sent, with what it has to do without, in words.

        Raises an IntegrationError with the remedy when they cannot.
        """
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


class MessageStore(Protocol):
    """What each channel shows, so that a restart repeats nothing and forgets nothing."""

    async def sending(self, message: Message) -> Message:
        """Note that a card is about to be sent; one that is noted already comes back as it is."""
        ...

    async def shown(self, message: Message) -> None:
        """Note what a message shows now."""
        ...

    async def of_subject(self, channel: str, subject: str, place: str) -> Message | None:
        """The message of a subject in a place."""
        ...

    async def by_ref(self, channel: str, ref: str) -> Message | None:
        """The message that somebody replied to."""
        ...

    async def unsettled(self, channel: str) -> Sequence[Message]:
        """All that may still change, oldest first."""
        ...

    async def forget(self, message: Message) -> None:
        """A card that was about to be sent surely did not arrive."""
        ...

    async def since(self, channel: str, moment: datetime) -> Sequence[Message]:
        """All that were posted at this moment or later, oldest first."""
        ...

    async def propose(self, proposal: Proposal) -> None:
        """Keep what was understood until its person says yes; those that expired are forgotten."""
        ...

    async def proposal(self, nonce: str) -> Proposal | None:
        """What was understood, if it has not expired; the same again for a repeated tap."""
        ...

    async def note_update(self, channel: str, update_id: str) -> bool:
        """Note that an update was dealt with; False when it was before."""
        ...

    async def seen_update(self, channel: str, update_id: str) -> bool:
        """Whether an update was dealt with."""
        ...


class Outbox(Protocol):
    """The list of outer effects."""

    async def begin(self, key: str, task_id: str, step: str, payload: Mapping[str, Any]) -> Effect:
        """Write an effect down before it is done; an existing row comes back with one more attempt.

        Raises Conflict when the key came with another payload.
        """
        ...

    async def settle(self, key: str, result: Mapping[str, Any]) -> Effect:
        """Note its result."""
        ...

    async def fail(self, key: str, error: str) -> Effect:
        """Note that it was refused for good, or that nothing came of it."""
        ...

    async def give_up(self, key: str, error: str) -> Effect:
        """Note that nobody can find out what became of it."""
        ...

    async def open_effects(self, task_id: str = "") -> Sequence[Effect]:
        """Effects without a known result, that somebody still has to find out."""
        ...

    async def done(self, step: str) -> Mapping[str, datetime]:
        """When an effect of this step was done first, by task."""
        ...

    async def of(self, task_id: str) -> Sequence[Effect]:
        """All effects of a task, in the order in which they were begun."""
        ...


class Effects(Protocol):
    """Does outer effects, each written down before and settled after."""

    @property
    def under_way(self) -> bool:
        """Whether a call is under way, of which nobody knows yet what it does."""
        ...

    async def permit(self) -> None:
        """Return as long as something may be written outside; to be asked before each write.

        Raises LeaseLost when another worker has the word, TaskCancelled after a cancel.
        """
        ...

    async def once(
        self,
        *,
        key: str,
        task_id: str,
        step: str,
        payload: Mapping[str, Any],
        effect: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> Mapping[str, Any]:
        """The result of the effect, done now or earlier; patient with hosts that are down.

        Raises what the effect raised when it was refused for good, and what `permit` raises.
        """
        ...

    async def settled(
        self,
        *,
        task_id: str,
        step: str,
        look: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]],
    ) -> Mapping[str, Any] | None:
        """What came of what a step began, whether or not its end was noted; None for nothing.

        `look` gets the payload and gives the result of what stands. Raises HostUnreachable and
        RateLimited, EffectUnknown when the host does not tell, LeaseLost.
        """
        ...


class EventLog(Protocol):
    """The append-only log behind every stream."""

    async def append(self, notice: Notice) -> Event:
        """Write down, number, and hand to listeners; over-long data is cut, secrets are masked."""
        ...

    async def after(self, seq: int, *, task_id: str = "", limit: int = 500) -> Sequence[Event]:
        """Events with a greater number, in order."""
        ...

    async def before(self, seq: int, only: EventFilter, limit: int = 100) -> Found:
        """Events with a smaller number that fit, newest first, of a bounded stretch of the log."""
        ...

    async def latest(self) -> int:
        """The greatest number so far, be its event forgotten or not; 0 in a new log."""
        ...

    async def oldest(self) -> int:
        """The number from which on nothing was forgotten; 1 in a new log."""
        ...

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Forget events from before that instant, but those of open tasks; how many.

        Numbers go on growing.
        """
        ...

    def listen(self, task_id: str = "") -> AbstractAsyncContextManager[AsyncIterator[Event | None]]:
        """Events from now on; None tells a listener that was too slow to start over."""
        ...


class InteractionLog(Protocol):
    """The log of model calls, of what came of them, and of changes of memory."""

    def record(self, entry: Entry) -> None:
        """Take an entry, to be written later, once for its id; never waits and never fails.

        Secrets are masked. While it cannot be written 10,000 wait, then the oldest are dropped.
        """
        ...

    async def ask(self, query: Query[Answer]) -> Sequence[Answer]:
        """What a query gives; raises StoreUnusable while the log cannot be read."""
        ...

    async def lately(self, query: Query[Answer]) -> Sequence[Answer]:
        """What `call_rates` and `latencies` give of the last hour, from this machine alone.

        Of the calls of every process with this data folder; asks no cloud, and costs nothing.
        """
        ...

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Empty what was said before that instant, but for open tasks; in how many calls.

        The figures stay.
        """
        ...

    async def flush(self) -> None:
        """Return when all that was taken is safe on disk; at once while nothing can be written."""
        ...

    def health(self) -> LogHealth:
        """How the log itself is."""
        ...

    async def close(self) -> None:
        """Write what waits, if it can be within seconds, and let go of everything."""
        ...


class IdentityStore(Protocol):
    """What each role has learned, with its last ten versions."""

    async def get(self, role: str) -> Identity:
        """What stands; an empty one of version 0 for a role that has learned nothing."""
        ...

    async def list(self) -> Sequence[Identity]:
        """What stands, of all roles that have learned something, by name."""
        ...

    async def save(
        self, identity: Identity, *, by: str, reason: str = "", write_id: str = ""
    ) -> Identity:
        """Save it as the next version; `version` is that which the change was made on.

        The same `write_id` again gives the version that it made, as long as that is kept. Raises
        Conflict when another one stands by now.
        """
        ...

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        """The versions that are kept, newest first."""
        ...

    async def roll_back(self, role: str, version: int, *, by: str) -> Identity:
        """Save the content of an older version as a new one; raises NotFound, Conflict."""
        ...

    def health(self) -> IdentityHealth:
        """Whether it is read and written, or copies are served and changes wait."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class DemoStore(Protocol):
    """What is shown live beside questions; a row for each question."""

    async def of(self, approval_id: str) -> Demo | None:
        """The demo beside a question; None where there never was one."""
        ...

    async def under_way(self) -> Sequence[Demo]:
        """All that are wanted, being started, or live."""
        ...

    async def keep(self, demo: Demo, *, unless: DemoState | None = None) -> bool:
        """Write a demo down, in place of what was known of it; False where that is `unless`."""
        ...


class AlertStore(Protocol):
    """What Anton has to say about himself."""

    async def all(self) -> Sequence[Alert]:
        """Every alert that lasts, and those that are over and may not be told again yet."""
        ...

    async def keep(self, alert: Alert) -> None:
        """Write an alert down, in place of the one of that name."""
        ...

    async def drop(self, name: str) -> None:
        """Forget an alert; harmless when there is none."""
        ...


class CorrectionStore(Protocol):
    """What people said of judgements of triage, beside the answers to questions."""

    async def add(self, correction: Correction) -> None:
        """Write one down; it takes the place of none."""
        ...

    async def all(self) -> Sequence[Correction]:
        """All of them, in the order in which they came."""
        ...


class LessonStore(Protocol):
    """Which rules were used in which tasks, how those ended, and who has to think about it."""

    async def used(
        self, task_id: str, role: str, *, shown: Collection[str], withheld: Collection[str]
    ) -> None:
        """Note the rules that a role has in a task, and those left out of it to compare.

        What was shown once counts as shown.
        """
        ...

    async def conclude(
        self, task_id: str, roles: Collection[str], *, well: bool | None, ended_at: datetime
    ) -> None:
        """Count how a task ended for the rules of the roles that worked on it, once for all.

        With `well` None it says nothing of them and is not counted.
        """
        ...

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        """What was counted, by rule, also of rules that are gone."""
        ...

    async def due(self, interval: int) -> Sequence[Due]:
        """Roles that completed so many tasks since they last thought about them."""
        ...

    async def reflected(self, due: Due) -> None:
        """A role has thought about its tasks up to there, or could not."""
        ...


class Precedents(Protocol):
    """Tasks that have ended, to be found by a report that is like theirs."""

    async def keep(self, precedent: Precedent) -> None:
        """Remember a task, in place of what was remembered of it."""
        ...

    async def alike(self, report: str, repository: str) -> Precedent | None:
        """The task whose report is most like this one, and alike enough for a hint.

        Only of this repository, unless the store was opened for all.
        """
        ...

    async def forget(self, before: datetime) -> int:
        """Forget tasks that ended before that instant; how many."""
        ...


class Reflector(Protocol):
    """Reads how the work of a role went, and says which rules follow from it."""

    async def reflect(
        self, role: str, rules: Sequence[tuple[str, RuleRecord]], tasks: Sequence[Looked]
    ) -> RuleProposal:
        """What to add and to drop; raises ModelError, LimitExceeded when there is no answer."""
        ...


class AuditLog(Protocol):
    """Decisions and refusals, hash-chained."""

    async def record(self, entry: AuditEntry) -> None:
        """Append an entry."""
        ...

    async def before(
        self, number: int, *, action: str = "", task_id: str = "", words: str = "", limit: int = 100
    ) -> Sequence[AuditRow]:
        """Rows with a smaller number that fit, newest first; secrets are masked once more."""
        ...

    async def verify(self) -> int | None:
        """Number of the first row whose chain is broken; None when all is well."""
        ...


class ArtifactStore(Protocol):
    """Content-addressed files: whatever is too big for a state."""

    async def put(self, data: bytes) -> str:
        """Keep it, safe on disk before this returns; its reference."""
        ...

    async def get(self, ref: str) -> bytes:
        """What was put; raises NotFound."""
        ...

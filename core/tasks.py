"""A task: one run of a workflow on one thread, from its request to its outcome."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from core.incidents import Severity
from core.values import Value

HEADLINE_MAX = 120


class TaskStatus(StrEnum):
    """Where a task stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting_for_input"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


class Outcome(StrEnum):
    """How a task ended; the set is closed."""

    FIXED = "fixed"
    FIXED_UNVERIFIED = "fixed_unverified"
    CANNOT_REPRODUCE = "cannot_reproduce"
    ALREADY_FIXED = "already_fixed"
    NOT_A_CODE_FAULT = "not_a_code_fault"
    DUPLICATE = "duplicate"
    NOISE = "noise"
    NEEDS_INFORMATION = "needs_information"
    OUT_OF_BUDGET = "out_of_budget"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def well(self) -> bool:
        """Whether it speaks for those who worked on the task."""
        return self in (
            Outcome.FIXED,
            Outcome.ALREADY_FIXED,
            Outcome.NOT_A_CODE_FAULT,
            Outcome.DUPLICATE,
            Outcome.NOISE,
        )

    @property
    def tells(self) -> bool:
        """Whether it says anything of those who worked on the task."""
        return self not in (Outcome.CANCELLED, Outcome.BLOCKED, Outcome.NEEDS_INFORMATION)

    @property
    def status(self) -> TaskStatus:
        """The status of a task that ended so."""
        if self is Outcome.FAILED:
            return TaskStatus.FAILED
        return TaskStatus.CANCELLED if self is Outcome.CANCELLED else TaskStatus.COMPLETED


class TaskRequest(Value):
    """What somebody asked for; the text in it is untrusted."""

    workflow: Literal["repair", "build"] = "repair"
    repository: str
    """A path, or a URL of a configured host."""
    text: str
    """The report in plain words."""
    title: str = ""
    """First line of the report where none is given."""
    ticket: str = ""
    """Key of the ticket, such as BUG-42; may be empty."""
    base: str = ""
    """Branch, tag or commit to start from; empty for the repository's default."""
    revision: str = ""
    """The revision in which the fault was seen, where it is not the base."""
    tests: tuple[str, ...] = ()
    """Ids of tests that show the fault."""
    reproduction: str = ""
    """A command that exits non-zero while the fault is there."""
    max_iterations: int = Field(default=3, ge=1, le=10)
    use_sandbox: bool = True
    output_directory: str = ""
    """Below LOCAL_OUTPUT_DIR; empty for none."""
    budget_usd: float | None = Field(default=None, ge=0)
    budget_tokens: int | None = Field(default=None, ge=1)
    seed: int = 0
    requested_by: str = ""
    """Channel and person, as `terminal:local`."""
    source: str = "rest"
    worktree: bool = False
    """Whether uncommitted work is read too."""

    @property
    def headline(self) -> str:
        """The report in one line of at most 120 characters, without Markdown and ticket key.

        Never empty, unless the report is.
        """
        lines = (self.title or self.text).strip().split("\n")
        bare = (line.strip("#*_ \t\r") for line in lines)
        first = next((line for line in bare if line), lines[0].strip())
        first = first.removeprefix(self.ticket).lstrip(" :-") or first
        return first if len(first) <= HEADLINE_MAX else first[: HEADLINE_MAX - 1] + "…"


STANDARDS = frozenset("AES BASE CP CVE ES GPT HTTP IEEE ISO MD PEP RFC RSA SHA TLS UCS UTF".split())
"""What is written like the project of a ticket, and is the name of no project."""


def ticket_key(text: str) -> str:
    """The key that the first line of a report begins with, such as BUG-42; empty without one."""
    found = re.match(r"[#*\s]*\[?(([A-Z][A-Z0-9]{1,9})-\d{1,9})\b", text)
    return found.group(1) if found and found.group(2) not in STANDARDS else ""


class Usage(Value):
    """What a task consumed."""

    model_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = 0.0
    """None when a price is unknown."""
    seconds_model: float = 0.0
    seconds_sandbox: float = 0.0
    seconds_human: float = 0.0
    seconds_total: float = 0.0

    @property
    def figures(self) -> dict[str, Any]:
        """As the account of a task shows it."""
        return {
            "seconds": {
                "total": self.seconds_total,
                "model": self.seconds_model,
                "sandbox": self.seconds_sandbox,
                "human": self.seconds_human,
            },
            "model_calls": self.model_calls,
            "tokens": self.tokens_in + self.tokens_out,
            "cost_usd": self.cost_usd,
        }

    @property
    def cost(self) -> str:
        """What models cost, in words; empty when none was called."""
        if not self.model_calls:
            return ""
        price = "price unknown" if self.cost_usd is None else f"${self.cost_usd:.4f}"
        tokens = self.tokens_in + self.tokens_out
        calls = "call" if self.model_calls == 1 else "calls"
        return f"{price}; {self.model_calls} {calls}, {tokens:,} tokens"


class Task(Value):
    """One run of a workflow on one LangGraph thread; thread id and task id are the same."""

    task_id: str
    """A UUID4."""
    request: TaskRequest
    incident_id: str = ""
    status: TaskStatus = TaskStatus.QUEUED
    outcome: Outcome | None = None
    reason: str = ""
    """Why it waits, or why it ended so, in one sentence."""
    node: str = ""
    """The node at work, or the last one."""
    severity: Severity | None = None
    risk: str = ""
    result: dict[str, Any] = Field(default_factory=dict)
    """The public account so far, as `control/account.py` makes it."""
    cancel_requested: bool = False
    crashes: dict[str, int] = Field(default_factory=dict)
    """Node name to the number of times a worker died in it."""
    usage: Usage = Usage()
    worked_s: float = 0.0
    """Seconds of work that MAX_TASK_SECONDS bounds, over all drives; noted now and then."""
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def task8(self) -> str:
        """The first eight hex digits of the id, as people see it."""
        return self.task_id[:8]

    @property
    def key(self) -> str:
        """What branches and documents are named after: the ticket, else the title."""
        return self.request.ticket or self.title

    @property
    def title(self) -> str:
        """The report in one line."""
        return self.request.headline


class Lease(Value):
    """The right to drive a task: whoever holds a newer generation has the word."""

    task_id: str
    owner: str
    generation: int
    """Grows with each new lease of the task; older generations may not write any more."""
    expires_at: datetime


def thread_id_for(task: Task) -> str:
    """The LangGraph thread of a task: always its id, so that a task never has two threads."""
    return task.task_id


def trace_id_for(task_id: str) -> str:
    """The trace of a task, 32 hex digits: the same in every drive, process and log of it."""
    digits = task_id.replace("-", "")
    if re.fullmatch(r"[0-9a-f]{32}", digits) and digits.strip("0"):
        return digits
    return hashlib.sha256(task_id.encode()).hexdigest()[:32]

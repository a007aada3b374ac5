"""Consent: the question, who may answer it, and the one answer that counts."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.values import Value


class Risk(StrEnum):
    """How dangerous a change is; it decides whose consent is due."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(Risk).index(self)


class QuestionKind(StrEnum):
    """What is asked."""

    RELEASE = "release"
    PROTECTED_PATH = "protected_path"
    ESCALATION = "escalation"
    BUDGET = "budget"
    CLARIFY = "clarify"
    START = "start"


PROOF_DIGITS = 6
"""Of a patch hash, its last ones: who types them has it before their eyes."""
POLICY = "policy"
"""The channel of what passes without a person; nobody answers there."""
MISSES_MAX = 5
"""Wrong confirmations after which a person may not approve a question any more."""

Choice = Literal[
    "approve",
    "request_changes",
    "reject",
    "raise_budget",
    "guidance",
    "more_attempts",
    "take_over",
    "answer",
    "noise",
    "stop",
]


class Question(Value):
    """What a gate asks; plain JSON, as it goes through LangGraph's interrupt."""

    kind: QuestionKind
    task_id: str
    title: str
    """What is asked, in one line."""
    body: str = ""
    """The briefing, as Markdown made by code; empty in a state, which holds `body_ref`."""
    body_ref: str = ""
    """Artifact of the briefing, as Markdown."""
    brief_ref: str = ""
    """Artifact of the briefing as a value, for channels that render it themselves."""
    options: tuple[Choice, ...]
    base_sha: str = ""
    patch_hash: str = ""
    """The diff that the answer is bound to; empty when none is at stake."""
    tree_hash: str = ""
    patch_ref: str = ""
    """Artifact of the patch."""
    risk: Risk = Risk.LOW
    voices_needed: int = Field(default=1, ge=1, le=2)
    """Different persons that have to approve it."""
    passed_by: str = ""
    """The option that lets it pass without a person; empty where somebody is asked."""
    details: dict[str, str] = Field(default_factory=dict)
    """Further facts for a channel, such as the protected paths."""

    @property
    def limit_usd(self) -> float | None:
        """The limit that a question about a budget names, in dollars."""
        limit = self.details.get("limit_usd")
        return float(limit) if limit else None

    @property
    def proof(self) -> str:
        """What has to be typed to approve it, the end of its patch hash; empty for nothing."""
        return self.patch_hash[-PROOF_DIGITS:] if self.risk is Risk.CRITICAL else ""


class ApprovalState(StrEnum):
    """Where a question stands."""

    PENDING = "pending"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    VOID = "void"


NOTE = " ("
"""What follows it in a person's id on the terminal tells whether that person was asked."""


class Person(Value):
    """Who answered, on which channel."""

    channel: str
    """`terminal`, `rest`, `telegram`, …"""
    person_id: str
    """The channel's own id of the person, or of the key that was used."""
    name: str = ""
    """How the channel calls the person; people change it at will, so nothing is decided by it."""

    def same_as(self, other: "Person") -> bool:
        """Whether both are one person of one channel, whatever the name is now."""
        return (self.channel, self.person_id) == (other.channel, other.person_id)

    @property
    def account(self) -> str:
        """`channel:id`, without a terminal's note on how the answer came about."""
        noted = self.channel == "terminal"
        person_id = self.person_id.partition(NOTE)[0] if noted else self.person_id
        return f"{self.channel}:{person_id}"

    @property
    def shown(self) -> str:
        """How others are told of this person."""
        return f"{self.name} ({self.person_id})" if self.name else self.person_id


class Decision(Value):
    """An answer to a question."""

    choice: Choice
    text: str = ""
    """Words that go with it; required for request_changes and guidance."""
    patch_hash: str = ""
    """The diff that was seen; required where the question names one."""
    amount_usd: float | None = Field(default=None, gt=0, le=10_000)
    by: Person
    place: str = ""
    """Where it was given, as the channel itself says: the id of a chat."""
    confirmation: str = ""
    """What was typed to approve a change of critical risk: the end of its patch hash, or all."""
    key: str = ""
    """Makes a repeated tap harmless."""

    def confirms(self, question: Question) -> bool:
        """Whether what has to be typed was typed."""
        typed = self.confirmation.strip().lower()
        return not question.proof or typed in (question.proof, question.patch_hash)

    @property
    def state(self) -> ApprovalState:
        """The state that this answer leads to."""
        return {
            "approve": ApprovalState.APPROVED,
            "request_changes": ApprovalState.CHANGES_REQUESTED,
            "reject": ApprovalState.REJECTED,
        }.get(self.choice, ApprovalState.ANSWERED)


class Ruling(Value):
    """What was decided on a question, without the words in which it was asked."""

    approval_id: str
    task_id: str
    kind: QuestionKind
    revision: int
    patch_hash: str
    """The diff that it was about; empty when none was at stake."""
    patch_ref: str
    """Artifact of the patch."""
    decision: Decision
    decided_at: datetime


class Approval(Value):
    """A question in the table, with its answer once there is one."""

    approval_id: str
    interrupt_id: str
    """LangGraph's id of the interrupt that waits for it."""
    question: Question
    revision: int = 1
    """Counts the release questions of one task."""
    state: ApprovalState = ApprovalState.PENDING
    nonce: str
    """What a button carries in place of any content."""
    decision: Decision | None = None
    voices: tuple[Decision, ...] = ()
    """Approvals so far, where more than one person has to approve."""
    misses: dict[str, int] = Field(default_factory=dict)
    """Wrong confirmations so far, by the account that gave them."""
    void_reason: str = ""
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    applied_at: datetime | None = None
    """When the graph took the answer up."""

    @property
    def task_id(self) -> str:
        """The task that waits."""
        return self.question.task_id

    @property
    def ruling(self) -> Ruling | None:
        """What was decided; None where nothing was."""
        if self.decision is None or self.decided_at is None:
            return None
        return Ruling(
            approval_id=self.approval_id,
            task_id=self.task_id,
            kind=self.question.kind,
            revision=self.revision,
            patch_hash=self.question.patch_hash,
            patch_ref=self.question.patch_ref,
            decision=self.decision,
            decided_at=self.decided_at,
        )

    @property
    def tally(self) -> str:
        """`1 of 2, by ann in slack`; empty where one approval suffices or none was given yet."""
        if not self.voices:
            return ""
        names = " and ".join(f"{voice.by.shown} in {voice.by.channel}" for voice in self.voices)
        return f"{len(self.voices)} of {self.question.voices_needed}, by {names}"

"""Questions to people and their answers, kept."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from core.approvals import (
    Approval,
    ApprovalState,
    Choice,
    Decision,
    Question,
    QuestionKind,
    Ruling,
)
from core.errors import ConsentRefused
from core.events import AuditEntry

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

    async def rulings(
        self, *, kind: QuestionKind | None = None, choices: Collection[Choice] = ()
    ) -> Sequence[Ruling]:
        """All that was decided, in the order in which it was asked; reads no briefing.

        Of all kinds, and with any choice, unless some are named.
        """
        ...

    async def counts(self) -> Mapping[ApprovalState, int]:
        """How many questions are in each state."""
        ...

    async def oldest(self) -> Approval | None:
        """The question that has waited longest; None where none waits."""
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

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Empty the briefings of questions from before that instant, but of open tasks; how many.

        What was asked, in one line, and what was decided stays, with all hashes.
        """
        ...

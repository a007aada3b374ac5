"""Asking back: what was understood is kept until the person who said it says yes."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from core.approvals import Approval, Decision, Person
from core.channels import Button, Heard, Proposal
from core.ports import Clock, MessageStore

ASKED_FOR = timedelta(minutes=15)
"""How long a yes may take; after that it has to be said again."""
CHOSEN_MAX = 8
"""So many waiting questions are offered as buttons; all others are answered by a reply."""
YES, NO, THIS = "yes", "no", "this"


class Proposals:
    """Keeps what was understood, under a nonce that its buttons carry."""

    def __init__(self, messages: MessageStore, clock: Clock) -> None:
        self._messages = messages
        self._clock = clock

    async def yes_or_no(self, approval: Approval, decision: Decision, text: str) -> Heard:
        """Ask whether that was meant; yes leads to the decision."""
        nonce = await self._keep(approval, decision.by, decision, "")
        return Heard(
            state="asked",
            text=text,
            buttons=(
                Button(action=YES, nonce=nonce, label="Yes", style="primary"),
                Button(action=NO, nonce=nonce, label="No"),
            ),
            task_id=approval.task_id,
            approval_id=approval.approval_id,
        )

    async def which(self, offers: Sequence[tuple[Approval, str]], by: Person, words: str) -> Heard:
        """Ask which of several questions some words answer; each has a label."""
        offered = []
        for approval, label in offers[:CHOSEN_MAX]:
            nonce = await self._keep(approval, by, None, words)
            offered.append(Button(action=THIS, nonce=nonce, label=label))
        text = f"{len(offers)} questions wait. Which one do you mean?"
        if (more := len(offers) - len(offered)) > 0:
            text += f" For one of the other {more}, reply to its message."
        return Heard(state="asked", text=text, buttons=tuple(offered))

    async def recall(self, nonce: str) -> Proposal | None:
        """What was understood; None once it has expired, and for a nonce that nobody made."""
        return await self._messages.proposal(nonce)

    async def _keep(
        self, approval: Approval, by: Person, decision: Decision | None, words: str
    ) -> str:
        nonce = secrets.token_urlsafe(16)
        await self._messages.propose(
            Proposal(
                nonce=nonce,
                approval_id=approval.approval_id,
                by=by,
                decision=decision,
                words=words,
                expires_at=self._clock.now() + ASKED_FOR,
            )
        )
        return nonce

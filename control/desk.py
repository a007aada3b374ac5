"""Where people's taps and words arrive, from whatever channel: what is meant, done once, answered.

Any message may be lost, doubled, late or forged. A button carries a nonce and nothing else, an
answer is claimed by compare-and-set, and whoever taps or speaks hears what is true by then.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import cast, get_args

from control.anton import Anton, decision_of
from control.cards import buttons, decided, state_of
from control.words import said_back
from core.approvals import (
    PROOF_DIGITS,
    Approval,
    ApprovalState,
    Choice,
    Decision,
    Person,
    Question,
)
from core.channels import Button, Heard, HeardState, Message, Proposal, Said, Tap
from core.errors import (
    AntonError,
    ConfirmationWrong,
    Conflict,
    ConsentRefused,
    NotEntitled,
    NotFound,
    PayloadInvalid,
)
from core.intents import WITH_WORDS, Intent
from core.ports import Clock, MessageStore
from core.visible import one_line, visible

ASKED_FOR = timedelta(minutes=15)
"""How long a yes may take; after that it has to be said again."""
TWICE: tuple[Choice, ...] = ("reject", "stop", "noise")
"""Taps that are asked about once more: they end work that cannot be had back."""
CHOSEN_MAX = 8
"""So many waiting questions are offered as buttons; all others are answered by a reply."""
CHOICES: tuple[Choice, ...] = get_args(Choice)
RAISE = "raise_"
YES, NO, THIS = "yes", "no", "this"


class Desk:
    """Answers people: the one place where a tap or words of a channel become a decision."""

    def __init__(self, anton: Anton, messages: MessageStore, clock: Clock) -> None:
        self._anton = anton
        self._messages = messages
        self._clock = clock

    async def tap(self, tap: Tap) -> Heard:
        """What a tapped button leads to; never raises for what a person may do wrong."""
        try:
            approval = await self._anton.approval(tap.nonce)
        except NotFound:
            return await self._proposed(tap)
        try:
            return await self._tapped(approval, tap)
        except AntonError as refusal:
            return await self._refusal(approval, refusal)

    async def hear(self, said: Said) -> Heard:
        """What plain words lead to: to the question that they answer, or the only one there is."""
        if said.about:
            message = await self._messages.by_ref(said.by.channel, said.about)
            if message is not None:
                return await self.hear_about(message.subject, message.task_id, said)
        waiting = await self._waiting()
        if len(waiting) == 1:
            return await self._words(waiting[0], said)
        if not waiting:
            return Heard(state="told", text="Nothing waits for an answer. /help says what I do.")
        return await self._which(waiting, said)

    async def hear_about(self, subject: str, task_id: str, said: Said) -> Heard:
        """What words lead to that answer a message with this subject."""
        kind, _, rest = subject.partition(":")
        try:
            if kind == "words":
                choice, _, approval_id = rest.partition(":")
                approval = await self._anton.approval(approval_id)
                return await self._with_words(approval, choice, said)
            if kind in ("approval", "remind", "alert"):
                return await self._words(await self._anton.approval(rest), said)
            return await self._about_task(task_id, said)
        except NotFound:
            return Heard(state="not_found", text="I do not know any more what that was about.")

    async def task_of(self, said: Said) -> str:
        """Id of the task of the message that was replied to; empty where none is known."""
        message = await self._messages.by_ref(said.by.channel, said.about)
        return message.task_id if message else ""

    async def asked_at(self, heard: Heard, channel: str, place: str, ref: str) -> None:
        """Note which message asked for words, so that a reply to it is known."""
        if not heard.about:
            return
        now = self._clock.now()
        message = Message(
            channel=channel,
            subject=heard.about,
            place=f"{place}#{ref}",
            state="settled",
            task_id=heard.task_id,
            ref=ref,
            posted_at=now,
            shown_at=now,
        )
        await self._messages.sending(message)

    async def propose(self, approval: Approval, decision: Decision, understood: str) -> Heard:
        """Say what was understood, and act on it once the person says yes.

        Where the risk asks for more than a yes, that is asked for instead.
        """
        if decision.choice == "approve" and approval.question.proof:
            return _asked_for_words(approval, "approve", _proof_of_sight(approval.question))
        return await self._ask_back(
            approval.approval_id, decision.by, f"I understood: {understood} Right?", decision
        )

    async def _tapped(self, approval: Approval, tap: Tap) -> Heard:
        """Act on a tap under a question, or ask for what it still needs."""
        choice, amount = _meant(tap.action)
        if choice is None or choice not in approval.question.options:
            return Heard(state="not_found", text="That button belongs to no answer of this kind.")
        if approval.state is not ApprovalState.PENDING:
            return await self._late(approval)
        if needs := _needs(choice, approval.question, tap):
            await self._admit(approval, tap.by, tap.place)
            return _asked_for_words(approval, choice, needs)
        decision = _decision(approval, choice, tap, amount)
        if choice in TWICE:
            await self._admit(approval, tap.by, tap.place)
            question = await self._anton.current(approval.question)
            understood = said_back(choice, "", amount, question)
            return await self._ask_back(
                approval.approval_id, tap.by, f"{understood} Sure?", decision
            )
        return await self._decide(approval, decision)

    async def _proposed(self, tap: Tap) -> Heard:
        """A yes or no to what was understood; or a button that nobody here made."""
        proposal = await self._messages.proposal(tap.nonce)
        if proposal is None:
            await self._anton.refuse(tap.by, f"a button that is not known: {tap.action}")
            return Heard(
                state="not_found",
                text="I do not know this button: it may be too old. Say it again, please.",
            )
        if not proposal.by.same_as(tap.by):
            await self._anton.refuse(tap.by, "a yes to somebody else's words")
            return Heard(state="refused", text="This asks whoever spoke, not you.")
        approval = await self._anton.approval(proposal.approval_id)
        if tap.action == NO:
            return Heard(state="told", text="Nothing was done; the question stays open.")
        try:
            if proposal.decision is not None and tap.action == YES:
                return await self._decide(approval, proposal.decision)
            if proposal.words and tap.action == THIS:
                said = Said(text=proposal.words, by=tap.by, key=tap.key, place=tap.place)
                return await self._words(approval, said)
        except AntonError as refusal:
            return await self._refusal(approval, refusal)
        return Heard(state="not_found", text="That button belongs to no answer of this kind.")

    async def _words(self, approval: Approval, said: Said) -> Heard:
        """Read words as the answer to one question."""
        if approval.state is not ApprovalState.PENDING:
            return await self._late(approval)
        try:
            await self._admit(approval, said.by, said.place)
            intent = await self._anton.read_words(approval.approval_id, said.text)
            return await self._intended(approval, intent, said)
        except AntonError as refusal:
            return await self._refusal(approval, refusal)

    async def _intended(self, approval: Approval, intent: Intent, said: Said) -> Heard:
        """Act on what was understood, answer a question, or ask back."""
        if intent.kind == "question":
            return _heard("told", await self._anton.facts(approval.approval_id, intent), approval)
        question = await self._anton.current(approval.question)
        if intent.choice is None:
            reason = f"{intent.reason} {intent.notice}".strip()
            text = f"I am not sure what you mean. {reason}\n{question.title}"
            return _heard("asked", text, approval, buttons(approval))
        understood = said_back(intent.choice, intent.text, intent.amount_usd, question)
        if intent.notice:
            understood = f"{intent.notice} {understood}"
        decision = decision_of(intent, approval, said.by, said.key).but(place=said.place)
        if intent.needs_confirmation:
            return await self.propose(approval, decision, understood)
        heard = await self._decide(approval, decision)
        return heard.but(state="understood", text=f"Understood: {understood}\n{heard.text}")

    async def _with_words(self, approval: Approval, action: str, said: Said) -> Heard:
        """The words that a tapped button asked for: they go with that choice, as they are."""
        if not said.text.strip():
            return _heard("asked", "Say it in words, please.", approval)
        tap = Tap(
            action=action,
            nonce=approval.nonce,
            by=said.by,
            key=said.key,
            text=said.text,
            place=said.place,
        )
        return await self.tap(tap)

    async def _admit(self, approval: Approval, person: Person, place: str) -> None:
        """Raise NotEntitled for somebody whose decision would be refused anyhow."""
        if not self._anton.may_decide(person, place):
            await self._anton.refuse(person, "may not decide", approval.task_id)
            raise NotEntitled("You are not among those who may decide here.")

    async def _decide(self, approval: Approval, decision: Decision) -> Heard:
        """Claim the answer, and say what happens now."""
        done = await self._anton.decide(approval.approval_id, decision)
        if done.state is ApprovalState.PENDING:
            return _heard(
                "done", f"{visible(done.tally)}: another person has to approve too.", done
            )
        if done.decision is not None and not done.decision.by.same_as(decision.by):
            return await self._late(done)
        state: HeardState = "approving" if decision.choice == "approve" else "done"
        return _heard(state, _NOW[decision.choice], done)

    async def _late(self, approval: Approval) -> Heard:
        """What became of a question that is settled; where a newer one waits, which."""
        task = await self._anton.task(approval.task_id)
        text = decided(approval, task)
        if approval.state in (ApprovalState.VOID, ApprovalState.CHANGES_REQUESTED):
            newer = await self._anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING)
            if newer and newer[0].question.patch_hash != approval.question.patch_hash:
                changed = (
                    "The patch has changed; the new one is asked about in a message of its own."
                )
                text = f"{changed}\n{text}"
        return _heard(cast(HeardState, state_of(approval)), text, approval)

    async def _refusal(self, approval: Approval, refusal: AntonError) -> Heard:
        """What went wrong, truthfully: lost to another answer, not entitled, or not fit."""
        if isinstance(refusal, Conflict):
            current = await self._anton.approval(approval.approval_id)
            if current.state is not ApprovalState.PENDING:
                return await self._late(current)
        if isinstance(refusal, ConfirmationWrong):
            return _asked_for_words(approval, "approve", visible(str(refusal)))
        if isinstance(refusal, PayloadInvalid | ConsentRefused | Conflict | NotFound):
            return _heard("refused", visible(str(refusal)), approval)
        raise refusal

    async def _about_task(self, task_id: str, said: Said) -> Heard:
        """Words that answer a message about a task belong to what it waits for, if it does."""
        task = await self._anton.task(task_id)
        pending = await self._anton.approvals(task_id=task_id, state=ApprovalState.PENDING)
        if len(pending) == 1:
            return await self._words(pending[0], said)
        if pending:
            return await self._which(pending, said)
        where = "has ended" if task.status.ended else "is at work"
        return Heard(
            state="told",
            text=f"{task.task8} {where}; nothing waits for an answer there.",
            task_id=task_id,
        )

    async def _which(self, waiting: Sequence[Approval], said: Said) -> Heard:
        """Ask which of several questions the words answer."""
        offered: list[Button] = []
        for approval in waiting[:CHOSEN_MAX]:
            nonce = await self._keep(approval.approval_id, said.by, None, said.text)
            task = await self._anton.task(approval.task_id)
            label = one_line(f"{task.task8} {approval.question.title}", 60)
            offered.append(Button(action=THIS, nonce=nonce, label=label))
        more = len(waiting) - len(offered)
        text = f"{len(waiting)} questions wait. Which one do you mean?"
        if more > 0:
            text += f" For one of the other {more}, reply to its message."
        return Heard(state="asked", text=text, buttons=tuple(offered))

    async def _waiting(self) -> Sequence[Approval]:
        return await self._anton.approvals(state=ApprovalState.PENDING, limit=1_000)

    async def _ask_back(self, approval_id: str, by: Person, text: str, decision: Decision) -> Heard:
        nonce = await self._keep(approval_id, by, decision, "")
        return Heard(
            state="asked",
            text=text,
            buttons=(
                Button(action=YES, nonce=nonce, label="Yes", style="primary"),
                Button(action=NO, nonce=nonce, label="No"),
            ),
            task_id=(await self._anton.approval(approval_id)).task_id,
            approval_id=approval_id,
        )

    async def _keep(
        self, approval_id: str, by: Person, decision: Decision | None, words: str
    ) -> str:
        """Keep a proposal; its nonce."""
        nonce = secrets.token_urlsafe(16)
        await self._messages.propose(
            Proposal(
                nonce=nonce,
                approval_id=approval_id,
                by=by,
                decision=decision,
                words=words,
                expires_at=self._clock.now() + ASKED_FOR,
            )
        )
        return nonce


_NOW: dict[Choice, str] = {
    "approve": "Approved. The branch with exactly this diff is published now.",
    "request_changes": "Noted. I try again with your words; a new diff is asked about anew.",
    "reject": "Rejected. Nothing is published.",
    "raise_budget": "The budget is raised; the work goes on.",
    "guidance": "Noted. I try again with your words.",
    "more_attempts": "The work goes on.",
    "take_over": "It is yours. Nothing is published; patch and branch are kept.",
    "answer": "Noted. The work goes on.",
    "noise": "Noted as noise.",
    "stop": "Stopped. Nothing is published.",
}


def _meant(action: str) -> tuple[Choice | None, float | None]:
    """The choice of a button, and the amount that it stands for."""
    if action.startswith(RAISE):
        try:
            return "raise_budget", float(action.removeprefix(RAISE))
        except ValueError:
            return None, None
    return next((choice for choice in CHOICES if choice == action), None), None


def _needs(choice: Choice, question: Question, tap: Tap) -> str:
    """What a choice still needs in words; empty when it can be acted on."""
    if tap.text.strip():
        return ""
    if choice == "approve" and question.proof:
        return _proof_of_sight(question)
    return {
        "request_changes": "What should be different? Reply in your words.",
        "guidance": "What should I try? Reply in your words.",
        "answer": f"{one_line(question.title, 300)} Reply in your words.",
    }.get(choice, "")


def _proof_of_sight(question: Question) -> str:
    """What to type before a change of critical risk is released; its protected paths by name."""
    changes = question.details.get("protected", "")
    named = f"This changes protected paths: {visible(changes)}. " if changes else ""
    return f"{named}To approve it, reply with the last {PROOF_DIGITS} characters of the patch hash."


def _asked_for_words(approval: Approval, choice: Choice, text: str) -> Heard:
    return Heard(
        state="asked",
        text=text,
        wants_words=True,
        about=f"words:{choice}:{approval.approval_id}",
        task_id=approval.task_id,
        approval_id=approval.approval_id,
    )


def _decision(approval: Approval, choice: Choice, tap: Tap, amount: float | None) -> Decision:
    """The decision of a tap, bound to the diff that its question shows."""
    typed = choice == "approve"
    return Decision(
        choice=choice,
        text=tap.text if choice in WITH_WORDS else "",
        confirmation=tap.text.strip() if typed else "",
        patch_hash=approval.question.patch_hash,
        amount_usd=amount,
        by=tap.by,
        place=tap.place,
        key=tap.key,
    )


def _heard(
    state: HeardState, text: str, approval: Approval, offered: tuple[Button, ...] = ()
) -> Heard:
    return Heard(
        state=state,
        text=text,
        buttons=offered,
        task_id=approval.task_id,
        approval_id=approval.approval_id,
    )

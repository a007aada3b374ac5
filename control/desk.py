"""Where people's taps and words arrive, from whatever channel: what is meant, done once, answered.

Any message may be lost, doubled, late or forged. A button carries a nonce and nothing else, an
answer is claimed by compare-and-set, and whoever taps or speaks hears what is true by then.
"""

from collections.abc import Sequence
from typing import cast

from control.answers import decision_of
from control.anton import Anton
from control.cards import DEMO, buttons, decided, state_of
from control.proposals import NO, THIS, YES, Proposals
from control.replies import (
    HAPPENS_NOW,
    asked_for_words,
    decision_of_tap,
    heard_of,
    lacks,
    meant,
    proof_of_sight,
)
from control.words import said_back
from core.approvals import Approval, ApprovalState, Choice, Decision, Person
from core.channels import Heard, HeardState, Message, Said, Tap
from core.errors import (
    AntonError,
    ConfirmationWrong,
    Conflict,
    ConsentRefused,
    DemoUnavailable,
    NotEntitled,
    NotFound,
    PayloadInvalid,
)
from core.intents import Intent
from core.ports import Clock, MessageStore
from core.visible import one_line, visible

ASKING = ("approval", "remind", "alert")
"""Kinds of messages that ask one question; what follows the colon is its id."""
TWICE: tuple[Choice, ...] = ("reject", "stop", "noise")
"""Taps that are asked about once more: they end work that cannot be had back."""


class Desk:
    """Answers people: the one place where a tap or words of a channel become a decision."""

    def __init__(self, anton: Anton, messages: MessageStore, clock: Clock) -> None:
        self._anton = anton
        self._messages = messages
        self._clock = clock
        self._proposals = Proposals(messages, clock)

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
            if kind in ASKING:
                return await self._words(await self._anton.approval(rest), said.but(at=None))
            return await self._about_task(task_id, said)
        except NotFound:
            return Heard(state="not_found", text="I do not know any more what that was about.")

    async def task_of(self, said: Said) -> str:
        """Id of the task of the message that was replied to; empty where none is known."""
        message = await self._messages.by_ref(said.by.channel, said.about)
        return message.task_id if message else ""

    async def question_of(self, said: Said) -> Approval | None:
        """The question whose message was replied to; None where it was none."""
        message = await self._messages.by_ref(said.by.channel, said.about) if said.about else None
        kind, _, approval_id = (message.subject if message else "").partition(":")
        return await self._anton.approval(approval_id) if kind in ASKING else None

    async def was_shown(self, approval: Approval, said: Said) -> bool:
        """Whether the question stood in this channel already when the words were said."""
        for message in await self._messages.unsettled(said.by.channel):
            if message.subject == f"approval:{approval.approval_id}" and message.state == "shown":
                return said.at is None or message.posted_at <= said.at
        return False

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
            return asked_for_words(approval, "approve", proof_of_sight(approval.question))
        text = f"I understood: {understood} Right?"
        return await self._proposals.yes_or_no(approval, decision, text)

    async def _tapped(self, approval: Approval, tap: Tap) -> Heard:
        """Act on a tap under a question, or ask for what it still needs."""
        if tap.action == DEMO:
            return await self._demo(approval, tap)
        choice, amount = meant(tap.action, approval.question)
        if choice is None:
            return Heard(state="not_found", text="That button belongs to no answer of this kind.")
        if approval.state is not ApprovalState.PENDING:
            return await self.late(approval)
        if needs := lacks(choice, approval.question, tap):
            await self._admit(approval, tap.by, tap.place)
            return asked_for_words(approval, choice, needs)
        decision = decision_of_tap(approval, choice, tap, amount)
        if choice in TWICE:
            await self._admit(approval, tap.by, tap.place)
            question = await self._anton.current(approval.question)
            understood = said_back(choice, "", amount, question)
            return await self._proposals.yes_or_no(approval, decision, f"{understood} Sure?")
        return await self._decide(approval, decision)

    async def _demo(self, approval: Approval, tap: Tap) -> Heard:
        """Have shown live what waits; that is no answer to it."""
        if approval.state is not ApprovalState.PENDING:
            return await self.late(approval)
        await self._admit(approval, tap.by, tap.place)
        try:
            await self._anton.demos.ask(approval.task_id, tap.by)
        except DemoUnavailable as error:
            return heard_of("refused", visible(error.message), approval)
        text = "The demo is being started; the message will show where it is. Nothing is decided."
        return heard_of("told", text, approval)

    async def _proposed(self, tap: Tap) -> Heard:
        """A yes or no to what was understood; or a button that nobody here made."""
        proposal = await self._proposals.recall(tap.nonce)
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
            return await self.late(approval)
        try:
            await self._admit(approval, said.by, said.place)
            intent = await self._anton.read_words(approval.approval_id, said.text)
            return await self._intended(approval, intent, said)
        except AntonError as refusal:
            return await self._refusal(approval, refusal)

    async def _intended(self, approval: Approval, intent: Intent, said: Said) -> Heard:
        """Act on what was understood, answer a question, or ask back."""
        if intent.kind == "question":
            return heard_of("told", await self._anton.facts(approval.approval_id, intent), approval)
        question = await self._anton.current(approval.question)
        if intent.choice is None:
            reason = f"{intent.reason} {intent.notice}".strip()
            text = f"I am not sure what you mean. {reason}\n{question.title}"
            return heard_of("asked", text, approval, buttons(approval))
        understood = said_back(intent.choice, intent.text, intent.amount_usd, question)
        if intent.notice:
            understood = f"{intent.notice} {understood}"
        decision = decision_of(intent, approval, said.by, said.key).but(place=said.place)
        if intent.choice == "approve" and not await self.was_shown(approval, said):
            named = f"the diff {question.patch_hash[:12]} was not shown here when you wrote that."
            return await self.propose(approval, decision, f"{understood} But {named}")
        if intent.needs_confirmation:
            return await self.propose(approval, decision, understood)
        heard = await self._decide(approval, decision)
        return heard.but(state="understood", text=f"Understood: {understood}\n{heard.text}")

    async def _with_words(self, approval: Approval, action: str, said: Said) -> Heard:
        """The words that a tapped button asked for: they go with that choice, as they are."""
        if not said.text.strip():
            return heard_of("asked", "Say it in words, please.", approval)
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
            return heard_of(
                "done", f"{visible(done.tally)}: another person has to approve too.", done
            )
        if done.decision is not None and not done.decision.by.same_as(decision.by):
            return await self.late(done)
        state: HeardState = "approving" if decision.choice == "approve" else "done"
        return heard_of(state, HAPPENS_NOW[decision.choice], done)

    async def late(self, approval: Approval) -> Heard:
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
        return heard_of(cast(HeardState, state_of(approval)), text, approval)

    async def _refusal(self, approval: Approval, refusal: AntonError) -> Heard:
        """What went wrong, truthfully: lost to another answer, not entitled, or not fit."""
        if isinstance(refusal, Conflict):
            current = await self._anton.approval(approval.approval_id)
            if current.state is not ApprovalState.PENDING:
                return await self.late(current)
        if isinstance(refusal, ConfirmationWrong):
            return asked_for_words(approval, "approve", visible(str(refusal)))
        if isinstance(refusal, PayloadInvalid | ConsentRefused | Conflict | NotFound):
            return heard_of("refused", visible(str(refusal)), approval)
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
        offers = [
            (asked, one_line(f"{asked.task_id[:8]} {asked.question.title}", 60))
            for asked in waiting
        ]
        return await self._proposals.which(offers, said.by, said.text)

    async def _waiting(self) -> Sequence[Approval]:
        return await self._anton.approvals(state=ApprovalState.PENDING, limit=1_000)

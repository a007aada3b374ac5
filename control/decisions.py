"""Decisions: an answer passes the rules, counts once, and what became of it is written down."""

from collections.abc import Collection

from control.chronicle import Records, asked
from control.consent import Consent, Deciders
from core.approvals import (
    MISSES_MAX,
    POLICY,
    Approval,
    ApprovalState,
    Decision,
    Person,
    Risk,
)
from core.errors import (
    AntonError,
    ConfirmationWrong,
    Conflict,
    ConsentRefused,
    NotEntitled,
    PayloadInvalid,
)
from core.events import AuditEntry
from core.intents import WITH_WORDS
from core.ports import AuditLog


class Decisions:
    """Takes the answers of all channels."""

    def __init__(
        self, records: Records, audit: AuditLog, consent: Consent, passes: Risk | None = None
    ) -> None:
        """`passes` is the highest risk that passes without a person now; None for none."""
        self._records = records
        self._audit = audit
        self._consent = consent
        self._passes = passes

    def may_decide(self, person: Person, place: str = "") -> bool:
        """Whether this person may answer questions, in this place of the channel."""
        return self._consent.may_decide(person, place)

    async def deciders(
        self, approval: Approval, caller: Person, channels: Collection[str], keys: Collection[str]
    ) -> Deciders:
        """Who may answer a question, and has not approved it yet, as the caller sees it."""
        requested_by = (await self._records.tasks.get(approval.task_id)).request.requested_by
        requester = [requested_by] if self._consent.forbid_requester and requested_by else []
        without = [caller.account, *requester, *(voice.by.account for voice in approval.voices)]
        barred = self._barred(approval, caller, requested_by)
        return Deciders(tuple(self._consent.others(channels, keys, without)), barred)

    def _barred(self, approval: Approval, caller: Person, requested_by: str) -> str:
        """Why an approval of the caller would be refused, whatever was typed."""
        try:
            self._consent.check(Decision(choice="approve", by=caller), requested_by)
        except NotEntitled as refusal:
            return refusal.message
        if approval.question.proof and approval.misses.get(caller.account, 0) >= MISSES_MAX:
            return f"After {MISSES_MAX} wrong confirmations you may not approve this."
        for voice in approval.voices:
            one, counts = voice.by.account, self._consent.may_decide(voice.by, voice.place)
            apart = self._consent.people.apart(one, caller.account)
            if counts and not apart and one != caller.account:
                return (
                    f"Whether you are another person than {one}, who approved it, is not known, "
                    "or you are one: PEOPLE says who is who."
                )
        return ""

    async def take(self, approval_id: str, decision: Decision) -> Approval:
        """The question as it stands behind this answer; raises as Anton.decide does."""
        approval = await self._records.approvals.get(approval_id)
        task = await self._records.tasks.get(approval.task_id)
        try:
            self._consent.check(decision, task.request.requested_by)
            check_fit(approval, decision)
        except (ConsentRefused, PayloadInvalid) as refusal:
            await self._audit.record(_entry("refused_decision", approval, decision, refusal))
            raise
        try:
            decided = await self._records.approvals.decide(
                approval_id,
                decision,
                apart=self._consent.people.apart,
                still=lambda voice: self._consent.may_decide(voice.by, voice.place),
                noted=lambda stands, refusal: _weighed(stands, decision, refusal),
            )
        except Conflict as lost:
            await self._audit.record(_entry("refused_decision", approval, decision, lost))
            raise
        await self._records.events.append(asked(decided))
        return decided

    async def pass_by_policy(self, approval: Approval) -> Approval:
        """The question, approved without a person where its rules say so; else as it is.

        The rules of this moment count too: what was asked before they were made stricter waits.
        """
        question = approval.question
        pending = approval.state is ApprovalState.PENDING
        most = min(self._passes.rank, Risk.MEDIUM.rank) if self._passes else -1
        if not (pending and question.passed_by) or question.risk.rank > most:
            return approval
        decision = Decision(
            choice="approve",
            text="All gates are green, and this risk passes without a person.",
            patch_hash=question.patch_hash,
            by=Person(channel=POLICY, person_id=question.passed_by, name="nobody asked"),
        )
        decided = await self._records.approvals.decide(
            approval.approval_id,
            decision,
            noted=lambda stands, refusal: _entry("policy_decision", stands, decision, refusal),
        )
        await self._records.events.append(asked(decided))
        return decided


def check_fit(approval: Approval, decision: Decision) -> None:
    """Raise PayloadInvalid when an answer cannot be one to this question."""
    question = approval.question
    if decision.choice not in question.options:
        raise PayloadInvalid(
            f"{decision.choice} is no answer to this question.",
            remedy=f"Choose one of: {', '.join(question.options)}.",
        )
    if decision.choice in WITH_WORDS and not decision.text.strip():
        raise PayloadInvalid(f"{decision.choice} needs words.", remedy="Say what should change.")
    if question.patch_hash and decision.choice == "approve" and not decision.patch_hash:
        raise PayloadInvalid("An approval names the hash of the diff that was seen.")
    if decision.choice == "raise_budget" and decision.amount_usd is None:
        raise PayloadInvalid("raise_budget needs an amount.")


def _weighed(stands: Approval, decision: Decision, refusal: ConsentRefused | None) -> AuditEntry:
    """The entry on an answer that reached the question."""
    if refusal is not None:
        guessed = isinstance(refusal, ConfirmationWrong) and decision.confirmation
        action = "wrong_confirmation" if guessed else "refused_decision"
    else:
        action = "voice" if stands.state is ApprovalState.PENDING else "decision"
    return _entry(action, stands, decision, refusal)


def _entry(
    action: str, approval: Approval, decision: Decision, refusal: AntonError | None
) -> AuditEntry:
    return AuditEntry(
        action=action,
        task_id=approval.task_id,
        actor=decision.by.account,
        detail={
            "approval_id": approval.approval_id,
            "choice": decision.choice,
            "patch_hash": decision.patch_hash,
            "refusal": str(refusal or ""),
        },
    )

"""How an answer weighs on a question: what has to be typed, and how many persons it takes."""

from datetime import datetime

from core.approvals import MISSES_MAX, PROOF_DIGITS, Approval, Decision
from core.errors import ConfirmationWrong, ConsentRefused, NotEntitled, VoiceCounted
from core.ports import Apart
from core.visible import visible

Weighed = tuple[Approval, ConsentRefused | None]


def weighed(asked: Approval, decision: Decision, apart: Apart | None, now: datetime) -> Weighed:
    """What a pending question becomes with this answer, and why the answer does not count."""
    if decision.choice != "approve":
        return _settled(asked, decision, now), None
    if asked.question.proof:
        misses = asked.misses.get(decision.by.account, 0)
        if misses >= MISSES_MAX:
            return asked, NotEntitled(
                f"After {misses} wrong confirmations {decision.by.account} may not approve this.",
                remedy="Another person may, or reject it.",
            )
        if not decision.confirms(asked.question):
            return _missed(asked, decision, misses)
    if asked.question.voices_needed > 1:
        return _voiced(asked, decision, apart, now)
    return _settled(asked, decision, now), None


def _settled(asked: Approval, decision: Decision, now: datetime) -> Approval:
    return asked.but(state=decision.state, decision=decision, decided_at=now)


def _missed(asked: Approval, decision: Decision, misses: int) -> Weighed:
    """A wrong confirmation counts; a missing one only tells what to type, and why."""
    protected = visible(asked.question.details.get("protected", ""))
    what = f"This changes: {protected}." if protected else "This is of critical risk."
    remedy = (
        f"Type the last {PROOF_DIGITS} characters of the patch hash, which stands with the diff, "
        "as the confirmation."
    )
    if not decision.confirmation.strip():
        return asked, ConfirmationWrong(f"{what} It is approved by typing.", remedy=remedy)
    counted = asked.but(misses={**asked.misses, decision.by.account: misses + 1})
    said = f"That is not the end of the patch hash ({misses + 1} of {MISSES_MAX} tries). {what}"
    return counted, ConfirmationWrong(said, remedy=remedy)


def _voiced(asked: Approval, decision: Decision, apart: Apart | None, now: datetime) -> Weighed:
    """One more voice, unless whoever gave it may have given another one before."""
    account = decision.by.account
    for voice in asked.voices:
        if voice.by.account == account:
            return asked, VoiceCounted(
                f"Your approval counts already: {asked.tally}.",
                remedy="Another person has to approve it too.",
            )
        if apart is None or not apart(voice.by.account, account):
            return asked, VoiceCounted(
                f"Whether {account} is another person than {voice.by.account} is not known, "
                f"or they are one: {asked.tally}.",
                remedy="Another person has to approve it too; PEOPLE says who is who.",
            )
    counted = asked.but(voices=(*asked.voices, decision))
    if len(counted.voices) < asked.question.voices_needed:
        return counted, None
    return _settled(counted, decision, now), None

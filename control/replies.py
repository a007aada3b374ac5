"""What a tap means, what it still needs, and how people are answered."""

from core.approvals import PROOF_DIGITS, Approval, Choice, Decision, Question
from core.channels import Button, Heard, HeardState, Tap
from core.intents import WITH_WORDS
from core.visible import one_line, visible

RAISE = "raise_"
HAPPENS_NOW: dict[Choice, str] = {
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
"""What is said when an answer counts."""


def meant(action: str, question: Question) -> tuple[Choice | None, float | None]:
    """The choice of a button under this question, and the amount that it stands for.

    No choice for a button that the question does not have, whatever somebody sends.
    """
    if action.startswith(RAISE):
        amount = action.removeprefix(RAISE)
        offered = amount in question.details.get("raises_usd", "").split()
        return ("raise_budget", float(amount)) if offered else (None, None)
    return next((choice for choice in question.options if choice == action), None), None


def lacks(choice: Choice, question: Question, tap: Tap) -> str:
    """What a choice still needs in words; empty when it can be acted on."""
    if tap.text.strip():
        return ""
    if choice == "approve" and question.proof:
        return proof_of_sight(question)
    return {
        "request_changes": "What should be different? Reply in your words.",
        "guidance": "What should I try? Reply in your words.",
        "answer": f"{one_line(question.title, 300)} Reply in your words.",
    }.get(choice, "")


def proof_of_sight(question: Question) -> str:
    """What to type before a change of critical risk is released; its protected paths by name."""
    changes = question.details.get("protected", "")
    named = f"This changes protected paths: {visible(changes)}. " if changes else ""
    return f"{named}To approve it, reply with the last {PROOF_DIGITS} characters of the patch hash."


def asked_for_words(approval: Approval, choice: Choice, text: str) -> Heard:
    """An answer that asks for words, which then go with the choice."""
    return Heard(
        state="asked",
        text=text,
        wants_words=True,
        about=f"words:{choice}:{approval.approval_id}",
        task_id=approval.task_id,
        approval_id=approval.approval_id,
    )


def decision_of_tap(approval: Approval, choice: Choice, tap: Tap, amount: float | None) -> Decision:
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


def heard_of(
    state: HeardState, text: str, approval: Approval, offered: tuple[Button, ...] = ()
) -> Heard:
    """An answer about one question."""
    return Heard(
        state=state,
        text=text,
        buttons=offered,
        task_id=approval.task_id,
        approval_id=approval.approval_id,
    )

"""Asking for a decision on the terminal, and the cases where none need be asked for."""

import uuid
from collections.abc import Awaitable, Callable

from cli.screen import Screen, person
from control.amounts import raise_in
from control.words import said_back
from core.approvals import PROOF_DIGITS, Choice, Decision, Person, Question, QuestionKind, Risk
from core.intents import WITH_WORDS, Intent

_OFFERED: dict[Choice, tuple[str, str]] = {
    "approve": ("a", "[a]pprove"),
    "request_changes": ("c", "request [c]hanges"),
    "reject": ("r", "[r]eject"),
    "raise_budget": ("b", "raise the [b]udget"),
    "guidance": ("g", "[g]ive guidance"),
    "more_attempts": ("m", "[m]ore attempts"),
    "take_over": ("t", "[t]ake over"),
    "answer": ("w", "ans[w]er"),
    "noise": ("i", "[i]t is noise"),
    "stop": ("s", "[s]top"),
}
LATER = ("l", "later", "")

Ask = Callable[[str], Awaitable[str | None]]
Read = Callable[[str, Question], Awaitable[Intent]]
"""What some words mean as the answer to a question."""


def decide(
    question: Question,
    choice: Choice,
    text: str = "",
    amount_usd: float | None = None,
    by: Person | None = None,
    confirmation: str = "",
) -> Decision:
    """An answer of whoever sits here, bound to the diff that the question names."""
    return Decision(
        choice=choice,
        text=text,
        patch_hash=question.patch_hash,
        amount_usd=amount_usd,
        by=by or person(),
        key=uuid.uuid4().hex,
        confirmation=confirmation,
    )


def unasked(question: Question, *, yes: bool, interactive: bool, local: bool) -> str:
    """Why a release may be approved without asking; empty when somebody has to be asked.

    `--yes` is consent. Where nobody can be asked, a change that stays on this machine is made.
    Neither reaches a protected path, nor a change that no test proves: that takes a person who saw
    it. A patch that is only to be handed out is released by `--yes` alone.
    """
    if question.kind is not QuestionKind.RELEASE or question.risk is Risk.CRITICAL:
        return ""
    handed_out = "take_over" in question.options
    if question.details.get("unproven") or (handed_out and not yes):
        return ""
    if yes:
        return "approved, as --yes says"
    if not interactive and local:
        return "approved, as nobody can be asked here and nothing leaves this machine"
    return ""


async def asked(question: Question, screen: Screen, read: Read) -> Decision | None:
    """The answer of the person at the terminal; None leaves the question open."""
    return await answer_from(question, screen.ask, screen.say, read)


async def answer_from(
    question: Question, ask: Ask, say: Callable[[str], None], read: Read
) -> Decision | None:
    """Ask until the answer is clear; what was understood is repeated."""
    labels = {option: _OFFERED[option][1] for option in question.options}
    if question.kind is QuestionKind.START:
        labels["more_attempts"] = "go on, by [m]"
    offer = ", ".join([*labels.values(), "or [l]ater"])
    while (line := await ask(f"{offer}:")) is not None and line.lower() not in LATER:
        if (option := lettered(line, question)) is not None:
            return await _completed(question, option, "", None, ask, say)
        intent = await read(line, question)
        if intent.notice:
            say(intent.notice)
        if intent.choice is None or not _stands(intent):
            say(_not_taken(intent))
            continue
        text = line if intent.choice in WITH_WORDS else ""
        return await _completed(question, intent.choice, text, intent.amount_usd, ask, say)
    say("The question stays open.")
    return None


def lettered(line: str, question: Question) -> Choice | None:
    """The option that a letter or its own name stands for."""
    word = line.strip().lower()
    for option in question.options:
        if word in (_OFFERED[option][0], option, option.replace("_", " ")):
            return option
    return None


def _stands(intent: Intent) -> bool:
    """Whether words can be acted on: one alone is rather a slip of the keys than a request."""
    if intent.choice in WITH_WORDS:
        return len(intent.text.split()) > 1
    return not (intent.kind == "approve" and intent.partial)


def _not_taken(intent: Intent) -> str:
    if intent.kind == "question":
        return "What is recorded stands above. One of the letters in brackets decides."
    return "That was not clear. One of the letters in brackets will do."


async def _completed(
    question: Question,
    choice: Choice,
    text: str,
    amount: float | None,
    ask: Ask,
    say: Callable[[str], None],
) -> Decision | None:
    """Ask for what the choice still needs, then say what was understood."""
    while (choice in WITH_WORDS and not text) or (choice == "raise_budget" and amount is None):
        words = await ask("By how many US dollars?" if choice == "raise_budget" else "How?")
        if words is None:
            say("The question stays open.")
            return None
        if choice == "raise_budget":
            amount = raise_in(words, question.limit_usd, bare=True)
        else:
            text = words
    confirmation = ""
    if choice == "approve" and question.proof:
        if protected := question.details.get("protected"):
            say(f"This changes: {protected}")
        typed = await ask(f"The last {PROOF_DIGITS} characters of the patch hash, to approve it:")
        if not typed:
            say("The question stays open.")
            return None
        confirmation = typed
    say(f"Understood: {said_back(choice, text, amount, question)}")
    return decide(question, choice, text, amount, confirmation=confirmation)

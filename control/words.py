"""A small grammar for plain words, where no model reads them; unclear words stay unclear."""

import re
from typing import get_args

from control.amounts import raise_in, speaks_of_money
from core.approvals import Choice, Question, QuestionKind

_APPROVE = re.compile(
    r"(approved?|yes|yep|ok(ay)?|ship( it)?|lgtm|go( ahead)?|do it|merge it|release( it)?)"
    r"([ ,]+(please|thanks|thank you|ship it|go ahead))*[.! ]*"
)
_REJECT = re.compile(r"(reject(ed)?|no|nope|stop|cancel|abort|don'?t( ship( it)?)?)[.! ]*")
_STOP = re.compile(r"(stop|cancel|abort)( it)?[.! ]*")
_ENOUGH = re.compile(
    r"(that'?s |that is )?enough[.! ]*|(give up|leave it|forget it)[.! ]*"
    r"|(no|not an?|not another|not one) (more|(more )?(cents?|dollars?|penny|money)( more)?)[.! ]*"
)
_MORE = re.compile(r"((try )?(again|once more)|more attempts|retry)[.! ]*")
_TAKE_OVER = re.compile(r"(i('ll| will) )?take (it )?over[.! ]*")


def understand(text: str, question: Question) -> tuple[Choice | None, float | None]:
    """The choice that some words mean for a question, and an amount; None when unclear.

    Consent must stand alone: words that approve and say anything more are a request for changes.
    To a question for facts, yes and no are answers like any other. The amount is what is added to
    a budget whose present limit stands in the question.
    """
    words = " ".join(text.lower().split())
    options = question.options
    if "raise_budget" in options:
        if amount := raise_in(words, limit_of(question)):
            return "raise_budget", amount
        if question.kind is QuestionKind.BUDGET and speaks_of_money(words):
            return ("stop" if _ENOUGH.fullmatch(words) else None), None
    if "answer" in options:
        if _STOP.fullmatch(words) and "stop" in options:
            return "stop", None
        return ("answer" if re.search(r"\w", words) else None), None
    for pattern, choices in (
        (_APPROVE, ("approve", "more_attempts")),
        (_REJECT, ("reject", "stop")),
        (_STOP, ("stop",)),
        (_ENOUGH, ("stop",)),
        (_MORE, ("more_attempts",)),
        (_TAKE_OVER, ("take_over",)),
    ):
        if pattern.fullmatch(words):
            return next((c for c in get_args(Choice) if c in choices and c in options), None), None
    for choice in ("request_changes", "guidance"):
        if choice in options and len(words) > 2:
            return choice, None
    return None, None


def limit_of(question: Question) -> float | None:
    """The limit that a question about a budget names, in dollars."""
    limit = question.details.get("limit_usd")
    return float(limit) if limit else None


def said_back(
    choice: Choice, text: str, amount_usd: float | None, question: Question | None = None
) -> str:
    """What was understood, to be repeated before it is acted on; with the new limit of a budget."""
    amount, limit = amount_usd or 0.0, limit_of(question) if question else None
    words = {
        "approve": "Approve exactly the diff that was shown.",
        "request_changes": f"Request changes: {text}",
        "reject": "Reject the diff; nothing is published.",
        "raise_budget": f"Raise the budget by ${amount:.2f}"
        + (f", to ${limit + amount:.2f}." if limit is not None else "."),
        "guidance": f"Try again with this guidance: {text}",
        "answer": f"Take this as the answer: {text}",
        "more_attempts": "Try again with fresh attempts.",
        "take_over": "Hand the work over; nothing is published.",
        "noise": "Call the report noise.",
        "stop": "Stop the task.",
    }
    return words[choice]

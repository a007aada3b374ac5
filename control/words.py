"""A small grammar for plain words, where no model reads them; unclear words stay unclear."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from control import phrases
from control.amounts import raise_in, speaks_of_money
from core.approvals import Choice, Question, QuestionKind
from core.intents import PLAIN_MAX, Intent, Topic, held, unclear

_BREAK = re.compile(r"(?:[,!;:、。]|(?<!\.)\.(?!\.)|\band\b| [-\u2013\u2014] )+")
"""Between two parts of an utterance."""
_UNDRAWN = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")
"""Selectors and skin colours of emoji."""
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters of scripts that put no spaces between words."""
NOT_PLAIN = "The words are not clear."


class Grammar:
    """Serves the port Reader."""

    async def read(self, words: str, question: Question) -> Intent:
        return intent_of(words, question)


def intent_of(words: str, question: Question) -> Intent:
    """What some words mean by the grammar."""
    if topics := asked_about(words):
        return Intent(kind="question", text=words, topics=topics)
    choice, amount = understand(words, question)
    if choice is None:
        return unclear(words, NOT_PLAIN)
    return held(Intent(kind=choice, text=words, amount_usd=amount), question)


def understand(text: str, question: Question) -> tuple[Choice | None, float | None]:
    """The choice that some words mean for a question, and an amount; None when unclear.

    Consent must stand alone: words that approve and say anything more are a request for changes.
    To a question for facts, yes and no are answers like any other. The amount is what is added to
    a budget whose present limit stands in the question.
    """
    words = _plain(text)
    options = question.options
    if asked_about(text):
        return None, None
    if "raise_budget" in options:
        if amount := raise_in(words, question.limit_usd):
            return "raise_budget", amount
        if question.kind is QuestionKind.BUDGET and speaks_of_money(words):
            return ("stop" if phrases.ENOUGH.fullmatch(words.strip(".! ")) else None), None
    if "answer" in options:
        return _fact(words, options), None
    meant = _meant(words[:PLAIN_MAX], options) if len(words) <= PLAIN_MAX else "feedback"
    if meant != "feedback":
        return meant, None
    asks = words.rstrip(" .!)").endswith("?") and not phrases.REQUEST.fullmatch(words)
    if not asks and _tells(words):
        return next((c for c in ("request_changes", "guidance") if c in options), None), None
    return None, None


def says_noise(text: str) -> bool:
    """Whether a part of what somebody says calls the report noise."""
    parts = (phrases.POLITE.sub(" ", part).strip(" .") for part in _BREAK.split(_plain(text)))
    return any(phrases.NOISE.fullmatch(part.removeprefix("because ")) for part in parts)


def asked_about(text: str) -> tuple[Topic, ...]:
    """What a question to Anton is about; empty when the words are none."""
    words = _plain(text)
    if len(words) > PLAIN_MAX or not phrases.QUESTION.fullmatch(words):
        return ()
    if not words.rstrip(" .!)").endswith("?") or phrases.REQUEST.fullmatch(words):
        return ()
    if not _tells(words) and not words.startswith("why"):
        return ()
    found = tuple(topic for topic, said in phrases.TOPICS.items() if said.search(words))
    return found or ("change",)


def _plain(text: str) -> str:
    """The words in one spelling of letters, quotes and spaces."""
    words = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    lines = _UNDRAWN.sub("", words).splitlines()
    return " ".join("; ".join(line for line in lines if line.strip()).split())


def _meant(words: str, options: Sequence[Choice]) -> Choice | Literal["feedback"] | None:
    """The choice that all parts of the words make together; None when they make none.

    None also where they contradict each other, trail off, or tell of consent in words that are no
    phrases of the grammar; `feedback` where other words are none.
    """
    parts = (phrases.POLITE.sub(" ", part).strip(" .") for part in _BREAK.split(words))
    decisive = [part for part in parts if part and not phrases.ASIDE.fullmatch(part)]
    if not decisive or any(phrases.DELAY.fullmatch(part) for part in decisive):
        return None
    meanings = [
        {c for phrase, choices in phrases.ONE_OF if phrase.fullmatch(part) for c in choices}
        for part in decisive
    ]
    if all(meanings):
        common = set.intersection(*meanings)
        return None if ".." in words else next((c for c in options if c in common), None)
    unsaid = phrases.CONSENTING.search(words) and not phrases.TURN.search(words)
    return None if unsaid else "feedback"


def _fact(words: str, options: Sequence[Choice]) -> Choice | None:
    """The answer to a question for facts, unless it is to end."""
    if "stop" in options and phrases.STOP.fullmatch(words.strip(".! ")):
        return "stop"
    if "noise" in options and phrases.NOISE.fullmatch(words.strip(".! ")):
        return "noise"
    return "answer" if re.search(r"\w", words) else None


def _tells(words: str) -> bool:
    """Whether there are words enough to go by: one alone is rather a slip of the keys."""
    return len(re.findall(r"\w+", words)) > 1 or len(_WIDE.findall(words)) > 3


def said_back(
    choice: Choice, text: str, amount_usd: float | None, question: Question | None = None
) -> str:
    """What was understood, to be repeated before it is acted on; with the new limit of a budget."""
    amount, limit = amount_usd or 0.0, question.limit_usd if question else None
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

"""Read the corpus of things that people say, and judge what a reader makes of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.approvals import Choice, Question, QuestionKind
from core.errors import AntonError
from core.intents import ACTING, Intent, Kind

CORPUS = Path(__file__).parent / "suites" / "phrases" / "intents.jsonl"
LIMIT_USD = "0.5"
"""What a task may cost where a phrase speaks of money."""
OPTIONS: Mapping[QuestionKind, tuple[Choice, ...]] = {
    QuestionKind.RELEASE: ("approve", "request_changes", "reject", "noise"),
    QuestionKind.ESCALATION: ("more_attempts", "guidance", "take_over", "stop"),
    QuestionKind.BUDGET: ("raise_budget", "take_over", "stop"),
    QuestionKind.CLARIFY: ("answer", "stop"),
    QuestionKind.START: ("approve", "noise", "stop"),
}
TITLES: Mapping[QuestionKind, str] = {
    QuestionKind.RELEASE: "Release: totals are one too high",
    QuestionKind.ESCALATION: "3 attempts gave no change that holds. How to go on?",
    QuestionKind.BUDGET: "The budget of this task, $0.50, is spent.",
    QuestionKind.CLARIFY: "Which version was it, and which command was run?",
    QuestionKind.START: "An alert came: checkout answers with errors. Look into it?",
}


class MalformedPhrase(AntonError):
    """A line of the corpus breaks its format; the message names the line."""


@dataclass(frozen=True)
class Phrase:
    """What somebody says to a question, and what it means."""

    id: str
    split: Literal["tune", "test"]
    """Only those of `tune` are looked at while a reader is made."""
    question: QuestionKind
    words: str
    expected: tuple[Kind, ...]
    """The meaning first, then what is as good."""
    amount_usd: float | None
    """By how much the budget is to be raised, from a limit of 50 cents."""
    tags: tuple[str, ...]

    @property
    def asked(self) -> Question:
        """The question that it answers."""
        return Question(
            kind=self.question,
            task_id="",
            title=TITLES[self.question],
            options=OPTIONS[self.question],
            details={"limit_usd": LIMIT_USD} if self.question is QuestionKind.BUDGET else {},
        )


@dataclass(frozen=True)
class Judged:
    """A phrase and what a reader made of it; None where it gave no answer."""

    phrase: Phrase
    intent: Intent | None

    @property
    def right(self) -> bool:
        """Whether that is what it means, to the cent."""
        if self.intent is None or self.intent.kind not in self.phrase.expected:
            return False
        return (
            self.intent.kind != "raise_budget" or self.intent.amount_usd == self.phrase.amount_usd
        )

    @property
    def abstained(self) -> bool:
        """Whether it asks again where a careful reader would have understood."""
        return not self.right and (self.intent is None or self.intent.kind == "unclear")

    @property
    def wrong(self) -> bool:
        """Whether it was taken for something else."""
        return not self.right and not self.abstained

    @property
    def wrong_approval(self) -> bool:
        """Whether consent was read into words that give none."""
        return self.wrong and self.intent is not None and self.intent.kind == "approve"

    @property
    def wrong_act(self) -> bool:
        """Whether anything that acts was read into words that do not say it."""
        return self.wrong and self.intent is not None and self.intent.kind in ACTING


def load_phrases(path: Path = CORPUS) -> list[Phrase]:
    """Every phrase, in the order of the file; raises MalformedPhrase."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_phrase(number, line) for number, line in enumerate(lines, start=1)]


def _phrase(number: int, line: str) -> Phrase:
    try:
        entry: dict[str, Any] = json.loads(line)
        question = QuestionKind(entry["question"])
        phrase = Phrase(
            id=entry["id"],
            split=entry["split"],
            question=question,
            words=entry["words"],
            expected=(entry["expected"], *entry.get("also", ())),
            amount_usd=entry.get("amount_usd"),
            tags=tuple(entry["tags"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedPhrase(f"Line {number} of the phrases: {error}") from error
    known = {"question", "unclear", *OPTIONS[question]}
    if unknown := set(phrase.expected) - known:
        raise MalformedPhrase(f"{phrase.id}: {', '.join(sorted(unknown))} is not open there.")
    if ("raise_budget" in phrase.expected) != (phrase.amount_usd is not None):
        raise MalformedPhrase(f"{phrase.id}: an amount goes with raise_budget.")
    return phrase

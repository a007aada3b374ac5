"""The orchestrator: reads what people write; what follows from it is limited by code."""

import re
from typing import Literal, get_args

from pydantic import BaseModel, Field

from agents.answers import ask
from agents.prompting import render, revealed, shortened
from core.approvals import Choice, Question, QuestionKind
from core.budgets import increase
from core.intents import WITH_WORDS, Intent, Kind, Topic, held, unclear
from core.models import ModelCall
from core.ports import Model

ROLE = "orchestrator"
MAX_TOKENS = 1024
WORDS_SHOWN = 2_000
"""Of each end of a long text, in characters; long texts decide nothing anyway."""
WHOLE = 0.8
"""Share of what was said that a quote has at least to stand for all of it."""
NOT_CLEAR = "The words are not clear."

ASKED: dict[QuestionKind, str] = {
    QuestionKind.RELEASE: "Anton has repaired a fault, and asks whether exactly this change may be "
    "published. The person has seen it.",
    QuestionKind.PROTECTED_PATH: "Anton's change touches protected files, and he asks whether "
    "exactly this change may be published. The person has seen it.",
    QuestionKind.ESCALATION: "Anton cannot go on by himself, and asks what to do. A plain yes "
    "is `more_attempts`, a plain no is `stop`.",
    QuestionKind.BUDGET: "What models may cost is spent, and Anton asks whether he gets more. "
    "A plain no is `stop`; a plain yes names no amount.",
    QuestionKind.CLARIFY: "Facts are missing, and Anton asks for them. Yes and no are answers.",
    QuestionKind.START: "Anton has told what he found so far, and asks whether to go on. A plain "
    "yes is `more_attempts`, a plain no is `stop`.",
}
MEANINGS: dict[Choice, str] = {
    "approve": "yes, go ahead with exactly what was shown",
    "request_changes": "something in the change is wrong or missing: the words say what",
    "reject": "no, the change is not wanted at all",
    "raise_budget": "spend more money, by or up to an amount that is said",
    "guidance": "advice on how to go on: the words say it",
    "more_attempts": "go on or try again, with no advice",
    "take_over": "the person does the rest without Anton",
    "answer": "the facts that were asked for, or that there are none",
    "noise": "the report is no fault at all",
    "stop": "end the whole task",
}


class Answer(BaseModel):
    """What the model is asked for."""

    reasoning: str = ""
    intent: Kind
    quote: str = ""
    unconditional: bool = False
    conditions: list[str] = Field(default_factory=list)
    amount: float | None = Field(default=None, allow_inf_nan=False)
    amount_is: Literal["by", "to", "none"] = "none"
    topics: list[str] = Field(default_factory=list)


class Orchestrator:
    """Serves the port Reader with a model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    async def read(self, words: str, question: Question) -> Intent:
        def problems(answer: Answer) -> list[str]:
            return list(_problems(answer, words, question))

        answer, by = await ask(self._model, _call(words, question), Answer, check=problems)
        return limited(answer, words, question, by)


def limited(answer: Answer, words: str, question: Question, reader: str) -> Intent:
    """What may follow from an answer: an open option that these very words show, or unclear."""
    kind = answer.intent
    if kind == "question":
        return Intent(kind=kind, text=words, topics=_topics(answer), read_by=reader)
    conditions = [said for said in answer.conditions if said.strip(" .-").lower() not in _NOTHING]
    if kind == "approve" and conditions and "request_changes" in question.options:
        kind = "request_changes"
    if kind == "unclear" or _problems(answer, words, question):
        return unclear(words, NOT_CLEAR, reader)
    if kind not in WITH_WORDS and (conditions or not answer.unconditional):
        return unclear(words, "It is not said without a condition.", reader)
    amount = _increase(answer, question) if kind == "raise_budget" else None
    partial = "?" in words or _size(answer.quote) < WHOLE * _size(words)
    intent = Intent(kind=kind, text=words, amount_usd=amount, read_by=reader, partial=partial)
    return held(intent, question)


def _problems(answer: Answer, words: str, question: Question) -> list[str]:
    """What in an answer cannot be, for the model to mend."""
    kind = answer.intent
    if kind in ("question", "unclear", *WITH_WORDS):
        return []
    if kind not in question.options:
        return [f"intent: {kind} is not open; open are {', '.join(question.options)}"]
    if not _is_said(answer.quote, words):
        return ["quote: these are not words of the person"]
    return []


_QUOTED = re.compile(r"\s*(?:>|&gt;)")
"""How a line begins that chats and mails show as a quotation."""
_NOTHING = ("", "none", "n/a", "no", "no conditions")


def _is_said(quote: str, words: str) -> bool:
    """Whether a quote stands in what the person said, what is quoted there itself left out."""
    own = "\n".join(line for line in revealed(words)[0].split("\n") if not _QUOTED.match(line))
    said = " ".join(revealed(quote)[0].split()).casefold()
    return bool(said) and said in " ".join(own.split()).casefold()


def _size(text: str) -> int:
    """How much is said, in characters other than spaces."""
    return len("".join(text.split()))


def _topics(answer: Answer) -> tuple[Topic, ...]:
    return tuple(topic for topic in get_args(Topic) if topic in answer.topics)


def _increase(answer: Answer, question: Question) -> float | None:
    """By how much a budget is raised; None where the amount is not plain or not what was said."""
    if answer.amount is None or answer.amount_is == "none":
        return None
    if not _fits(answer.amount, answer.quote):
        return None
    return increase(answer.amount, question.limit_usd, total=answer.amount_is == "to")


def _fits(amount: float, quote: str) -> bool:
    """Whether an amount is made of the figures of a quote; in words it has none to differ from."""
    figures = [float(figure.replace(",", ".")) for figure in re.findall(r"\d+(?:[.,]\d+)?", quote)]
    whole, cents = divmod(round(amount * 100), 100)
    readings = {amount, float(whole), float(cents), amount * 100}
    return all(any(abs(figure - read) < 1e-6 for read in readings) for figure in figures)


def _call(words: str, question: Question) -> ModelCall:
    """What the model is asked: no title, briefing or report stands beside what the person said."""
    messages = render(
        "orchestrator",
        asked=ASKED[question.kind],
        limit="" if question.limit_usd is None else f"{question.limit_usd:.2f}",
        options=[(option, MEANINGS[option]) for option in question.options],
        words=shortened(words, WORDS_SHOWN, WORDS_SHOWN),
    )
    return ModelCall(
        task_id=question.task_id,
        role=ROLE,
        messages=messages,
        max_tokens=MAX_TOKENS,
        temperature=0.0,
        charged=False,
    )

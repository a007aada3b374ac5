"""Replies that are no answer: what is wrong with them, and what follows when they go on."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.models import Message, Reply

IN_A_ROW = 3
"""Degenerate replies after which another engine or model is tried."""
_DECLINED = re.compile(
    r"(?:(?:i'm|i am|we are) (?:very |really |truly )?sorry|sorry|unfortunately|my apologies)?"
    r"\W*(?:but )?(?:as an ai[^,.]*, )?i (?:must decline|(?:can't|cannot|can not|won't|will not|"
    r"'m unable to|am unable to|am not able to) "
    r"(?:help|assist|comply|do (?:that|this)|continue|provide|support))"
)
_RESULT = re.compile(
    r"^\s*(?:<tool_(?:result|response|output)s?>|<function_results?>|\[tool result|observation:|"
    r"tool (?:result|output):)",
    re.IGNORECASE | re.MULTILINE,
)
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
DECLINED_CHARACTERS = 600
"""A longer text that begins like a refusal has something to say besides."""


class Fault(StrEnum):
    """What makes a reply degenerate."""

    CUT = "cut"
    """Cut off at its limit."""
    REFUSED = "refused"
    EMPTY = "empty"
    """Nothing, or thoughts alone."""
    JSON = "json"
    """A tool call written as text: nothing was called."""
    RESULT = "result"
    """A tool's result that the model made up: it is text, and counts for nothing."""


class Step(StrEnum):
    """What to do about a degenerate reply."""

    NUDGE = "nudge"
    """Say what was wrong and ask again."""
    OTHER_ENGINE = "other engine"
    OTHER_MODEL = "other model"
    ESCALATE = "escalate"
    """Ask a person."""


def fault_of(reply: Reply, tools: Collection[str] = ()) -> Fault | None:
    """What is wrong with a reply that should hold words or calls; None when nothing is.

    `tools` are the names of the tools that exist, whether they were offered or not. Whatever stands
    in the text, it is never carried out: only the model's own channel for calls counts.
    """
    if reply.finish == "length":
        return Fault.CUT
    if reply.finish == "refused":
        return Fault.REFUSED
    if reply.calls:
        return None
    text = _THOUGHT.sub("", reply.text).strip()
    if not text:
        return Fault.EMPTY
    if _is_written_call(text, tools):
        return Fault.JSON
    if _RESULT.search(text):
        return Fault.RESULT
    return Fault.REFUSED if _declines(text) else None


def slip_of(reply: Reply, tools: Collection[str]) -> str:
    """What a turn without a usable call is: `cut`, `refused`, `empty`, `json` or `words`."""
    fault = fault_of(reply.but(calls=()), tools)
    return "words" if fault in (None, Fault.RESULT) else fault.value


def _is_written_call(text: str, tools: Collection[str]) -> bool:
    names = "|".join(map(re.escape, tools)) or "(?!)"
    written = (
        r"<tool_calls?>|<function=|<invoke name=|<\|tool_call|\[TOOL_CALLS\]"
        rf"|[\"'](?:name|tool|function|action|tool_name)[\"']\s*:\s*[\"'](?:{names})[\"']"
    )
    return re.search(written, text) is not None


def _declines(text: str) -> bool:
    words = text.casefold().replace("\u2019", "'").lstrip("*_#> \"'")
    return len(text) <= DECLINED_CHARACTERS and _DECLINED.match(words) is not None


@dataclass(frozen=True)
class Patience:
    """How often in a row replies were degenerate, and what that has led to already."""

    in_a_row: int = 0
    tried: tuple[Step, ...] = ()

    def after(
        self, fault: Fault | None, *, engines: bool = False, models: bool = False
    ) -> tuple["Patience", Step | None]:
        """The count after one more reply, and what follows from it; None after a good one.

        A degenerate reply is nudged. The third in a row leads on: to the other engine if there is
        one (`engines`), the next time to another model (`models`), and then to a person.
        """
        if fault is None:
            return Patience(0, self.tried), None
        count = self.in_a_row + 1
        if count < IN_A_ROW:
            return Patience(count, self.tried), Step.NUDGE
        left = [Step.OTHER_ENGINE] * engines + [Step.OTHER_MODEL] * models
        step = next((one for one in left if one not in self.tried), Step.ESCALATE)
        return Patience(0, (*self.tried, step)), step


def mended(messages: Sequence[Message], unanswered: str) -> tuple[Message, ...]:
    """A conversation in which every tool call is answered once, and every answer has its call.

    Providers refuse any other. A call without an answer gets the text `unanswered`; an answer
    without a call, or a second one, is left out; answers stand right behind their calls.
    """
    result: list[Message] = []
    for at, message in enumerate(messages):
        if message.author == "tool":
            continue
        result.append(message)
        answers = _answers(messages[at + 1 :]) if message.calls else {}
        for call in message.calls:
            missing = Message(author="tool", text=unanswered, call_id=call.call_id)
            result.append(answers.pop(call.call_id, missing))
    return tuple(result)


def _answers(later: Sequence[Message]) -> dict[str, Message]:
    """The first answer to each call, up to the next words of the model."""
    answers: dict[str, Message] = {}
    for message in later:
        if message.author == "assistant":
            break
        if message.author == "tool":
            answers.setdefault(message.call_id, message)
    return answers

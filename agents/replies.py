"""Replies that are no answer, and what is wrong with them."""

import re
from collections.abc import Collection
from enum import StrEnum

from core.models import Reply

IN_A_ROW = 3
"""Degenerate replies after which a model is left: the other engine, or a person, is next."""
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

"""A reply as it streams in: gathered piece by piece, within time and size."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from agents.models.attempts import Hear, unheard
from core.models import Finish, ToolCall

REPLY_MAX_BYTES = 1_000_000
GEMINI_REFUSALS = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")
FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "refused",
    "refusal": "refused",
    "MAX_TOKENS": "length",
    **dict.fromkeys(GEMINI_REFUSALS, "refused"),
}


@dataclass(frozen=True)
class Deadlines:
    """How long a call may take, in seconds."""

    total_s: float = 300.0
    first_token_s: float = 60.0
    between_tokens_s: float = 120.0

    @classmethod
    def within(cls, total_s: float) -> "Deadlines":
        """These, for a total that was chosen: a longer one stretches the others with it."""
        stretch = max(1.0, total_s / cls.total_s)
        return cls(total_s, cls.first_token_s * stretch, cls.between_tokens_s * stretch)


@dataclass
class _Part:
    """A tool call that is still being written."""

    call_id: str
    name: str = ""
    arguments: str = ""


class Draft:
    """What has come of a reply so far."""

    def __init__(self, hear: Hear = unheard) -> None:
        self._hear = hear
        self.texts: list[str] = []
        self.parts: list[_Part] = []
        self.thought_chars = 0
        self.size = 0
        self.first_token_s: float | None = None
        self._open: dict[int, _Part] = {}

    @property
    def text(self) -> str:
        """All text."""
        return "".join(self.texts)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """All tool calls, in the order in which they began."""
        return tuple(
            ToolCall(
                call_id=part.call_id or f"call_{number}", name=part.name, arguments=part.arguments
            )
            for number, part in enumerate(self.parts)
        )

    @property
    def overlong(self) -> bool:
        """Whether it has grown beyond what is taken."""
        return self.size > REPLY_MAX_BYTES

    def add(self, delta: Any) -> bool:
        """Take one piece; whether it held anything of the reply."""
        before = self.size
        if text := getattr(delta, "content", None):
            self.texts.append(text)
            self._grow(text)
            self._hear("text", text)
        if thought := getattr(delta, "reasoning_content", None):
            self.thought_chars += len(thought)
            self._grow(thought)
            self._hear("reasoning", thought)
        for piece in getattr(delta, "tool_calls", None) or ():
            self._add_call(piece)
        return self.size > before

    def _add_call(self, piece: Any) -> None:
        index = getattr(piece, "index", 0) or 0
        part = self._open.get(index)
        if part is None or (piece.id and piece.id != part.call_id):
            part = self._open[index] = _Part(piece.id or "")
            self.parts.append(part)
        part.name += piece.function.name or ""
        part.arguments += piece.function.arguments or ""
        self._grow((piece.function.name or "") + (piece.function.arguments or ""))

    def _grow(self, text: str) -> None:
        self.size += len(text.encode("utf-8", "replace"))


async def ends_of_gemini(stream: Any) -> list[str]:
    """The true ends of a stream of Gemini's, filled while it is read.

    LiteLLM 1.105 calls every piece of it the last one, so the end is read from what it parses.
    """
    ends: list[str] = []
    pieces = await stream.fetch_stream()
    parse = pieces.chunk_parser

    def watched(chunk: Any) -> Any:
        ends.extend(end for c in chunk.get("candidates") or () if (end := c.get("finishReason")))
        return parse(chunk)

    pieces.chunk_parser = watched
    return ends


async def gather(
    stream: AsyncIterator[Any], draft: Draft, deadlines: Deadlines, began: float
) -> None:
    """Fill the draft until the stream ends or the draft is overlong.

    `began` is when the request was sent, by the loop's clock. Raises TimeoutError, naming what
    did not come.
    """
    loop = asyncio.get_running_loop()
    while not draft.overlong:
        if draft.first_token_s is None:
            left = deadlines.first_token_s - (loop.time() - began)
            missing = f"no first token within {deadlines.first_token_s:g} s"
        else:
            left, missing = (
                deadlines.between_tokens_s,
                f"nothing more for {deadlines.between_tokens_s:g} s",
            )
        try:
            async with asyncio.timeout(max(0.0, left)):  # unlike wait_for, it never loses a cancel
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TimeoutError(missing) from None
        if chunk.choices and draft.add(chunk.choices[0].delta) and draft.first_token_s is None:
            draft.first_token_s = loop.time() - began

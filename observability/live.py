"""What models are saying now: seen by those who watch, never stored, gone when the call is over."""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from core.models import ModelCall
from core.ports import Clock
from observability.redaction import Redactor

LIVE_EVERY_S = 0.25
"""How often what a call says is read again, however fast it comes."""
REST_FACTOR = 20
"""A long text rests so many times as long as it took to mask, so that others get their turn."""
LIVE_MAX = 32_000
"""Characters of one call that are shown while it lasts; its whole text is in the log of calls."""
PART_MAX = 2_500
"""Characters in one part: even where each is escaped, an envelope stays below 16 KB."""

Sort = Literal["text", "reasoning"]


class Saying:
    """The text of one kind that a call has said so far."""

    def __init__(self, redactor: Redactor, clock: Clock) -> None:
        self._redactor = redactor
        self._clock = clock
        self._pieces: list[str] = []
        self._size = 0
        self._shown = ""
        self._stale = False
        self._due_at = float("-inf")

    def add(self, piece: str) -> None:
        """Hear a piece; what is too much is not kept."""
        if self._size < LIVE_MAX:
            self._pieces.append(piece)
            self._size += len(piece)
            self._stale = True

    @property
    def text(self) -> str:
        """What may be seen: whole words without secrets, at most so old as `LIVE_EVERY_S`.

        The word at the end may be half a secret, and is not shown until it is whole.
        """
        now = self._clock.monotonic()
        if self._stale and now >= self._due_at:
            begun, self._stale = time.perf_counter(), False
            said = "".join(self._pieces)[:LIVE_MAX]
            self._pieces = [said]
            masked = self._redactor.text(said)
            end = len(masked) - self._redactor.longest_phrase
            while end > 0 and not masked[end - 1].isspace():
                end -= 1
            self._shown = masked[: max(0, end)]
            took = time.perf_counter() - begun
            self._due_at = now + max(LIVE_EVERY_S, REST_FACTOR * took)
        return self._shown


@dataclass(frozen=True)
class LiveCall:
    """A call under way."""

    call_id: str
    task_id: str
    role: str
    node: str
    sayings: dict[Sort, Saying] = field(default_factory=dict)

    def hear(self, sort: Sort, piece: str) -> None:
        """The model has said something; costs next to nothing while nobody watches."""
        self.sayings[sort].add(piece)


class LiveTexts:
    """All calls under way in this process."""

    def __init__(self, redactor: Redactor, clock: Clock) -> None:
        self._redactor = redactor
        self._clock = clock
        self._calls: dict[int, LiveCall] = {}

    @contextmanager
    def of_call(self, call_id: str, call: ModelCall) -> Iterator[LiveCall]:
        """A call, to be watched while the block lasts."""
        sorts: tuple[Sort, ...] = ("text", "reasoning")
        live = LiveCall(
            call_id,
            call.task_id,
            call.role,
            call.node,
            {sort: Saying(self._redactor, self._clock) for sort in sorts},
        )
        self._calls[id(live)] = live
        try:
            yield live
        finally:
            del self._calls[id(live)]

    def under_way(self, task_ids: Collection[str]) -> tuple[LiveCall, ...]:
        """The calls of these tasks."""
        return tuple(call for call in self._calls.values() if call.task_id in task_ids)


class Viewer:
    """What one client has seen of the calls of its tasks.

    A client reads when it can: one that is slow sees longer parts, and nothing waits for it.
    """

    def __init__(self, texts: LiveTexts, task_ids: Collection[str]) -> None:
        self._texts = texts
        self._task_ids = frozenset(task_ids)
        self._seen: dict[tuple[str, Sort], str] = {}

    @property
    def busy(self) -> bool:
        """Whether a call is under way that it watches."""
        return bool(self._texts.under_way(self._task_ids))

    def news(self) -> list[dict[str, Any]]:
        """What was said since: `llm_delta` after what was seen, `llm_snapshot` to begin with.

        A snapshot also replaces what a later piece has turned into a secret, and what a failed
        attempt had said before the next one began.
        """
        parts: list[dict[str, Any]] = []
        seen: dict[tuple[str, Sort], str] = {}
        for call in self._texts.under_way(self._task_ids):
            for sort, saying in call.sayings.items():
                key, text = (call.call_id, sort), saying.text
                before = self._seen.get(key, "")
                if text != before:
                    fits = key in self._seen and text.startswith(before)
                    parts += _parts(call, sort, text, len(before) if fits else 0)
                if text or key in self._seen:
                    seen[key] = text
        self._seen = seen
        return parts


def _parts(call: LiveCall, sort: Sort, text: str, offset: int) -> Iterator[dict[str, Any]]:
    first = "llm_delta" if offset else "llm_snapshot"
    for start in range(offset, max(len(text), offset + 1), PART_MAX):
        yield {
            "v": 1,
            "type": first if start == offset else "llm_delta",
            "call_id": call.call_id,
            "task_id": call.task_id,
            "role": call.role,
            "node": call.node,
            "channel": sort,
            "offset": start,
            "text": text[start : start + PART_MAX],
        }

"""Who waits for a model, and since when: an outage is to be seen while it lasts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.models import ModelCall
from core.ports import Clock

Tell = Callable[[str], Awaitable[None]]
"""Hears what a task waits for, in words; empty words when it waits no more."""


@dataclass(frozen=True)
class Wait:
    """A call that waits for its model."""

    task_id: str
    role: str
    model: str
    since: datetime
    reason: str

    @property
    def words(self) -> str:
        """For people."""
        return f"waiting for model {self.model} since {self.since:%H:%M:%S} UTC"

    def about(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "task_id": self.task_id,
            "role": self.role,
            "model": self.model,
            "since": self.since.isoformat(),
            "reason": self.reason,
            "words": self.words,
        }


@dataclass
class _Listener:
    """Who hears of a task, and what was said last."""

    tell: Tell
    said: str = ""


class Note:
    """One call on one model, which waits from its first word of trouble to its end."""

    def __init__(self, waits: "Waits", call: ModelCall, model: str) -> None:
        self._waits = waits
        self._call = call
        self._model = model

    async def waits(self, reason: str, since: datetime | None) -> None:
        """The model is away; `since` is when the first attempt failed, if one did."""
        await self._waits.keep(self, self._call, self._model, reason, since)


class Waits:
    """All calls that wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now: dict[Note, Wait] = {}
        self._listeners: dict[str, _Listener] = {}

    @contextmanager
    def heard(self, task_id: str, tell: Tell) -> Iterator[None]:
        """Inside, `tell` hears what the task waits for as soon as that changes."""
        mine = self._listeners[task_id] = _Listener(tell)
        try:
            yield
        finally:
            if self._listeners.get(task_id) is mine:
                del self._listeners[task_id]

    @asynccontextmanager
    async def noted(self, call: ModelCall, model: str) -> AsyncIterator[Note]:
        """Ask a model inside; whoever waited waits no more when it has answered, or given up."""
        note = Note(self, call, model)
        try:
            yield note
        finally:
            if self._now.pop(note, None):
                await self._say(call.task_id)

    async def keep(
        self, note: Note, call: ModelCall, model: str, reason: str, since: datetime | None
    ) -> None:
        """Write a wait down; it began when it was written down first."""
        known = self._now.get(note)
        began = known.since if known else since or self._clock.now()
        self._now[note] = Wait(call.task_id, call.role, model, began, reason)
        await self._say(call.task_id)

    def of(self, task_id: str) -> tuple[Wait, ...]:
        """What a task waits for."""
        return tuple(wait for wait in self._now.values() if wait.task_id == task_id)

    def all(self) -> tuple[Wait, ...]:
        """What anybody waits for."""
        return tuple(self._now.values())

    async def _say(self, task_id: str) -> None:
        """Tell what a task waits for longest, unless that was said."""
        listener, waits = self._listeners.get(task_id), self.of(task_id)
        words = min(waits, key=lambda wait: wait.since).words if waits else ""
        if listener and listener.said != words:
            listener.said = words
            await listener.tell(words)

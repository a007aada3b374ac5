"""Who waits for a model, and since when: an outage is to be seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.models import ModelCall
from core.ports import Clock


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


class Waits:
    """All calls that wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now: dict[int, Wait] = {}
        self._number = 0

    @contextmanager
    def noted(
        self, call: ModelCall, model: str, reason: str, since: datetime | None
    ) -> Iterator[None]:
        """Wait inside; `since` is when the first attempt failed, if one did."""
        self._number += 1
        number = self._number
        self._now[number] = Wait(call.task_id, call.role, model, since or self._clock.now(), reason)
        try:
            yield
        finally:
            del self._now[number]

    def of(self, task_id: str) -> tuple[Wait, ...]:
        """What a task waits for."""
        return tuple(wait for wait in self._now.values() if wait.task_id == task_id)

    def all(self) -> tuple[Wait, ...]:
        """What anybody waits for."""
        return tuple(self._now.values())

"""Apps that are shown live beside a question."""

from collections.abc import Sequence
from typing import Protocol

from core.demos import Demo, DemoState


class LiveDemo(Protocol):
    """An app that is shown live."""

    @property
    def url(self) -> str:
        """Where people reach it."""
        ...

    async def ended(self) -> str:
        """Wait until it runs no more; why, in words."""
        ...

    async def close(self) -> None:
        """End it with its sandbox and its address; harmless when repeated."""
        ...


class DemoStore(Protocol):
    """What is shown live beside questions; a row for each question."""

    async def of(self, approval_id: str) -> Demo | None:
        """The demo beside a question; None where there never was one."""
        ...

    async def under_way(self) -> Sequence[Demo]:
        """All that are wanted, being started, or live."""
        ...

    async def keep(self, demo: Demo, *, unless: DemoState | None = None) -> bool:
        """Write a demo down, in place of what was known of it; False where that is `unless`."""
        ...

"""What is done to the outer world, once each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from core.effects import Effect


class Outbox(Protocol):
    """The list of outer effects."""

    async def begin(self, key: str, task_id: str, step: str, payload: Mapping[str, Any]) -> Effect:
        """Write an effect down before it is done; an existing row comes back with one more attempt.

        Raises Conflict when the key came with another payload.
        """
        ...

    async def settle(self, key: str, result: Mapping[str, Any]) -> Effect:
        """Note its result."""
        ...

    async def fail(self, key: str, error: str) -> Effect:
        """Note that it was refused for good, or that nothing came of it."""
        ...

    async def give_up(self, key: str, error: str) -> Effect:
        """Note that nobody can find out what became of it."""
        ...

    async def open_effects(self, task_id: str = "") -> Sequence[Effect]:
        """Effects without a known result, that somebody still has to find out."""
        ...

    async def done(self, step: str) -> Mapping[str, datetime]:
        """When an effect of this step was done first, by task."""
        ...

    async def of(self, task_id: str) -> Sequence[Effect]:
        """All effects of a task, in the order in which they were begun."""
        ...


class Effects(Protocol):
    """Does outer effects, each written down before and settled after."""

    @property
    def under_way(self) -> bool:
        """Whether a call is under way, of which nobody knows yet what it does."""
        ...

    async def permit(self) -> None:
        """Return as long as something may be written outside; to be asked before each write.

        Raises LeaseLost when another worker has the word, TaskCancelled after a cancel.
        """
        ...

    async def once(
        self,
        *,
        key: str,
        task_id: str,
        step: str,
        payload: Mapping[str, Any],
        effect: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> Mapping[str, Any]:
        """The result of the effect, done now or earlier; patient with hosts that are down.

        Raises what the effect raised when it was refused for good, and what `permit` raises.
        """
        ...

    async def settled(
        self,
        *,
        task_id: str,
        step: str,
        look: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]],
    ) -> Mapping[str, Any] | None:
        """What came of what a step began, whether or not its end was noted; None for nothing.

        `look` gets the payload and gives the result of what stands. Raises HostUnreachable and
        RateLimited, EffectUnknown when the host does not tell, LeaseLost.
        """
        ...

"""Outer effects, each written down before it is done, done once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from core.effects import Effect, EffectState
from core.errors import (
    Conflict,
    EffectUnknown,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    LeaseLost,
    RateLimited,
    RepositoryInvalid,
    TaskCancelled,
)
from core.events import Notice
from core.ports import Clock, EventLog, Outbox, TaskStore
from core.tasks import Lease
from observability.tracing import span

log = logging.getLogger(__name__)

REFUSALS = (Conflict, Forbidden, RepositoryInvalid)
"""What a host says for good: repeating the effect would change nothing."""
PAUSE_MIN_S = 1.0
PAUSE_MAX_S = 60.0
LATE_S = 2.0
"""How long a call that a crash cut off may still take until its effect shows."""

Doing = Callable[[], Awaitable[Mapping[str, Any]]]
Looking = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]


class EffectDesk:
    """Hands out the doing of effects to drives; in this process a key is in work once at a time."""

    def __init__(
        self,
        outbox: Outbox,
        tasks: TaskStore,
        clock: Clock,
        events: EventLog,
        *,
        patience_s: float = 900.0,
    ) -> None:
        """Take for how long, over all pauses, a host that is down is waited for."""
        self.outbox = outbox
        self.tasks = tasks
        self.clock = clock
        self.events = events
        self.patience_s = patience_s
        self._in_work: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def under(self, lease: Lease) -> "LeasedEffects":
        """The port Effects for one drive."""
        return LeasedEffects(self, lease)

    def turn(self, key: str) -> asyncio.Lock:
        """Whoever holds this lock works on the effect."""
        return self._in_work.setdefault(key, asyncio.Lock())


class LeasedEffects:
    """Serves the port Effects for as long as a lease has the word and nobody cancelled the task."""

    def __init__(self, desk: EffectDesk, lease: Lease) -> None:
        self._desk = desk
        self._lease = lease
        self.under_way = False

    async def permit(self) -> None:
        await self._require_lease()
        if (await self._desk.tasks.get(self._lease.task_id)).cancel_requested:
            raise TaskCancelled()

    async def once(
        self,
        *,
        key: str,
        task_id: str,
        step: str,
        payload: Mapping[str, Any],
        effect: Doing,
    ) -> Mapping[str, Any]:
        """Serves the port.

        A row that a crash left open is done again: effects look before they create; the open row of
        an earlier approval gives way to the new one. After a host stayed silent for too long
        HostUnreachable is raised and the row stays open.
        """
        outbox = self._desk.outbox
        turn = self._desk.turn(key)
        async with turn:
            await self.permit()
            row = await outbox.begin(key, task_id, step, payload)
            for earlier in await outbox.open_effects(task_id):
                if earlier.step == step and earlier.key != key:
                    await outbox.fail(earlier.key, f"Superseded by {key}.")
            if row.state is EffectState.DONE:
                return row.result
            await self._tell(row, EffectState.STARTED)
            try:
                with span(f"effect {step}", kind="client", anton__effect=step):
                    result = await self._patiently(key, effect)
            except REFUSALS as error:
                await self._tell(await outbox.fail(key, str(error)), EffectState.FAILED)
                raise
            await self._require_lease()
            log.info("effect %s is done", key)
            row = await outbox.settle(key, result)
            await self._tell(row, EffectState.DONE)
            return row.result

    async def settled(self, *, task_id: str, step: str, look: Looking) -> Mapping[str, Any] | None:
        for row in reversed(await self._desk.outbox.of(task_id)):
            if row.step != step:
                continue
            if row.state is EffectState.UNKNOWN:
                raise EffectUnknown(row.error)
            known = row if row.settled_at else await self._found_out(row, look)
            if known.state is EffectState.DONE:
                return known.result
        return None

    async def _found_out(self, row: Effect, look: Looking) -> Effect:
        """The row with what became of it; nothing is believed only when it is seen twice."""
        outbox = self._desk.outbox
        try:
            if not row.payload:
                raise EffectUnknown("An older release began it, and did not note what it was.")
            found = await look(row.payload)
            if found is None:
                await self._desk.clock.sleep(LATE_S)
                found = await look(row.payload)
        except (HostUnreachable, RateLimited):
            raise
        except (IntegrationError, Conflict) as error:
            await self._require_lease()
            await outbox.give_up(row.key, str(error))
            raise EffectUnknown(str(error)) from error
        await self._require_lease()
        if found is None:
            return await outbox.fail(row.key, "Nothing came of it.")
        return await outbox.settle(row.key, found)

    async def _patiently(self, key: str, effect: Doing) -> Mapping[str, Any]:
        waited, pause = 0.0, PAUSE_MIN_S
        while True:
            try:
                return await self._called(effect)
            except (RateLimited, HostUnreachable) as error:
                asked = error.retry_after_s if isinstance(error, RateLimited) else pause
                nap = max(PAUSE_MIN_S, asked)
                if waited + nap > self._desk.patience_s:
                    raise HostUnreachable(
                        f"Given up after {waited:.0f} s of waiting: {error.message}"
                    ) from error
                log.warning("effect %s waits %.0f s: %s", key, nap, error)
                words = f"Waits for the host: {error}"
            await self.permit()
            await self._desk.tasks.update(self._lease.task_id, self._lease, reason=words)
            await self._desk.clock.sleep(nap)
            waited, pause = waited + nap, min(2 * pause, PAUSE_MAX_S)
            await self.permit()

    async def _tell(self, row: Effect, state: EffectState) -> None:
        data = {"step": row.step, "state": state, "key": row.key, "detail": row.error}
        await self._desk.events.append(Notice(type="effect", task_id=row.task_id, data=data))

    async def _called(self, effect: Doing) -> Mapping[str, Any]:
        self.under_way = True
        try:
            return await effect()
        finally:
            self.under_way = False

    async def _require_lease(self) -> None:
        if not await self._desk.tasks.holds(self._lease.task_id, self._lease.generation):
            raise LeaseLost()

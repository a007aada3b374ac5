"""Outer effects, each written down before it is done, done once."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from core.effects import EffectState
from core.errors import (
    Conflict,
    Forbidden,
    HostUnreachable,
    LeaseLost,
    RateLimited,
    RepositoryInvalid,
)
from core.ports import Clock, Outbox, TaskStore
from core.tasks import Lease

log = logging.getLogger(__name__)

REFUSALS = (Conflict, Forbidden, RepositoryInvalid)
"""What a host says for good: repeating the effect would change nothing."""
PAUSE_MIN_S = 1.0
PAUSE_MAX_S = 60.0

Doing = Callable[[], Awaitable[Mapping[str, Any]]]


class EffectDesk:
    """Hands out the doing of effects to drives; in this process a key is in work once at a time."""

    def __init__(
        self, outbox: Outbox, tasks: TaskStore, clock: Clock, *, patience_s: float = 900.0
    ) -> None:
        """Take for how long, over all pauses, a host that is down is waited for."""
        self.outbox = outbox
        self.tasks = tasks
        self.clock = clock
        self.patience_s = patience_s
        self._in_work: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def under(self, lease: Lease) -> "LeasedEffects":
        """The port Effects for one drive."""
        return LeasedEffects(self, lease)

    def turn(self, key: str) -> asyncio.Lock:
        """Whoever holds this lock works on the effect."""
        return self._in_work.setdefault(key, asyncio.Lock())


class LeasedEffects:
    """Serves the port Effects for as long as a lease has the word."""

    def __init__(self, desk: EffectDesk, lease: Lease) -> None:
        self._desk = desk
        self._lease = lease

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
            await self._require_lease()
            row = await outbox.begin(key, task_id, step, payload_hash(payload))
            for earlier in await outbox.open_effects(task_id):
                if earlier.step == step and earlier.key != key:
                    await outbox.fail(earlier.key, f"Superseded by {key}.")
            if row.state is EffectState.DONE:
                return row.result
            try:
                result = await self._patiently(key, effect)
            except REFUSALS as error:
                await outbox.fail(key, str(error))
                raise
            await self._require_lease()
            return (await outbox.settle(key, result)).result

    async def _patiently(self, key: str, effect: Doing) -> Mapping[str, Any]:
        waited, pause = 0.0, PAUSE_MIN_S
        while True:
            try:
                return await effect()
            except (RateLimited, HostUnreachable) as error:
                asked = error.retry_after_s if isinstance(error, RateLimited) else pause
                nap = max(PAUSE_MIN_S, asked)
                if waited + nap > self._desk.patience_s:
                    raise HostUnreachable(
                        f"Given up after {waited:.0f} s of waiting: {error.message}"
                    ) from error
                log.warning("effect %s waits %.0f s: %s", key, nap, error.message)
            await self._desk.clock.sleep(nap)
            waited, pause = waited + nap, min(2 * pause, PAUSE_MAX_S)
            await self._require_lease()

    async def _require_lease(self) -> None:
        if not await self._desk.tasks.holds(self._lease.task_id, self._lease.generation):
            raise LeaseLost()


def payload_hash(payload: Mapping[str, Any]) -> str:
    """SHA-256 over the one spelling of a payload as JSON, in hex."""
    spelling = json.dumps(dict(payload), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelling.encode()).hexdigest()

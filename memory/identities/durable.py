"""Identities that are kept elsewhere: while that is away, reads give the last copy, writes wait."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar
from uuid import uuid4

from core.errors import Conflict, StoreAway, StoreError
from core.events import AuditEntry
from core.identities import Identity, IdentityHealth, IdentityVersion
from core.ports import Clock, IdentityStore
from memory.identities.breaker import ASKED_S, Breaker
from memory.identities.merging import merged
from memory.identities.saving import made_by, next_version, revised, rolled_back
from memory.identities.waiting import Waiting, Write

T = TypeVar("T")

log = logging.getLogger(__name__)

SAVED_S = 25.0
EVERY_S = 5.0
"""How often is looked for what waits."""


class DurableIdentityStore:
    """Serves the port IdentityStore over one that may be away.

    A change that waits has an id, by which the store knows it again: whoever is killed between
    making it and noting so makes it once. What others changed meanwhile is read again, and the
    change carried over to it; where that cannot be, the audit log keeps it.
    """

    def __init__(self, store: IdentityStore, waiting: Waiting, clock: Clock) -> None:
        self._store = store
        self._waiting = waiting
        self._clock = clock
        self._known: dict[str, Identity] = {}
        """As it was copied last by this process."""
        self._breaker = Breaker(clock, "identities")
        self._count = 0
        self._lost = 0
        self._delivering = asyncio.Lock()

    @classmethod
    async def open(
        cls, store: IdentityStore, waiting: Waiting, clock: Clock, *, look: bool
    ) -> "DurableIdentityStore":
        """Begin with what waits; `look` whether the store answers, else it is closed: StoreAway."""
        opened = cls(store, waiting, clock)
        try:
            if look:
                await waiting.look(await store.list(), clock.now())
            opened._count = len(await waiting.writes())
        except BaseException:
            await store.close()
            raise
        return opened

    async def run(self) -> None:
        """Bring what waits to the store as soon as it answers, until it is cancelled."""
        with suppress(StoreError):
            await self.list()
        while True:
            try:
                await self.deliver()
            except StoreError as error:
                log.error("changes of identities wait on: %s", error)
            await self._clock.sleep(EVERY_S)

    async def get(self, role: str) -> Identity:
        if not await self._waiting.writes(role):
            found = await self._asked(lambda: self._store.get(role))
            if found is not None:
                await self._copy(found)
                return found
        return await self._waiting.identity(role)

    async def list(self) -> Sequence[Identity]:
        found = await self._asked(self._store.list)
        if found is not None:
            await self._waiting.look(found, self._clock.now())
            for identity in found:
                await self._copy(identity)
        return await self._waiting.identities()

    async def save(
        self, identity: Identity, *, by: str, reason: str = "", write_id: str = ""
    ) -> Identity:
        role, write_id = identity.role, write_id or uuid4().hex

        async def save() -> Identity:
            return await self._store.save(identity, by=by, reason=reason, write_id=write_id)

        if not await self._waiting.writes(role):
            saved = await self._asked(save, timeout_s=SAVED_S)
            if saved is not None:
                await self._copy(saved)
                return saved

        def write(stands: Identity) -> Write:
            return Write(
                write_id=write_id,
                base=stands,
                wanted=next_version(identity, stands.version),
                by=by,
                reason=reason,
                made_at=self._clock.now(),
            )

        waits = await self._waiting.add(role, write)
        self._count += 1
        return waits.wanted

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        found = await self._asked(lambda: self._store.versions(role))
        if found:
            await self._waiting.copy(found[0].identity, found)
        return await self._waiting.versions(role)

    async def roll_back(
        self, role: str, version: int, *, by: str, seen: int | None = None
    ) -> Identity:
        async def change(_: Identity) -> Identity:
            return rolled_back(role, version, await self.versions(role), seen)

        return await revised(self, role, change, by=by, reason=f"back to version {version}")

    def health(self) -> IdentityHealth:
        return IdentityHealth(
            away_since=self._breaker.away_since,
            reason=self._breaker.reason,
            waiting=self._count,
            lost=self._lost,
        )

    async def close(self) -> None:
        await self._store.close()

    async def deliver(self) -> None:
        """Make what waits, oldest first, or look whether the store is back; raises StoreError."""
        if self._breaker.rests:
            return
        async with self._delivering:
            writes = await self._waiting.writes()
            self._count = len(writes)
            if not writes and self._breaker.away_since:
                await self.list()
            for number, write in writes:
                if not await self._delivered(number, write):
                    return
                self._count -= 1

    async def _delivered(self, number: int, write: Write) -> bool:
        """Whether a change is dealt with, one way or the other; not while the store is away."""
        try:
            saved = await self._made(write)
        except StoreAway:
            return False
        except StoreError as error:
            self._lost += 1
            log.error("a change of %s by %s is lost: %s", write.wanted.role, write.by, error)
            await self._waiting.lost(number, _entry(write, str(error)))
            return True
        await self._waiting.arrived(number, saved)
        self._known[saved.role] = saved
        log.info("a change of %s that waited is version %d now", saved.role, saved.version)
        return True

    async def _made(self, write: Write) -> Identity:
        """Make a change on what was read last, else on what is read now; raises StoreError.

        One that arrived already, and was changed by others since, is not made again.
        """
        role = write.base.role
        try:
            return await self._put(write, (await self._waiting.copied(role)).identity)
        except Conflict:
            stands = _there(await self._asked(lambda: self._store.get(role)))
            kept = _there(await self._asked(lambda: self._store.versions(role)))
            return made_by(write.write_id, kept) or await self._put(write, stands)

    async def _put(self, write: Write, stands: Identity) -> Identity:
        wanted = merged(write.base, write.wanted, stands)
        return _there(
            await self._asked(
                lambda: self._store.save(
                    wanted, by=write.by, reason=write.reason, write_id=write.write_id
                ),
                timeout_s=SAVED_S,
            )
        )

    async def _asked(
        self, call: Callable[[], Awaitable[T]], *, timeout_s: float = ASKED_S
    ) -> T | None:
        """What the store says; None while it is away, raises StoreAway if it was never seen."""
        answer = await self._breaker.ask(call, timeout_s)
        if answer is None and not await self._waiting.looked_at():
            raise StoreAway(self._breaker.reason)
        return answer

    async def _copy(self, identity: Identity) -> None:
        """With its versions, so that there is a way back also while the store is away."""
        role = identity.role
        if identity == self._known.get(role):
            return
        kept: Sequence[IdentityVersion] | None = None
        try:
            kept = await self._breaker.ask(lambda: self._store.versions(role))
            complete = kept is not None
        except StoreError as error:  # the identity itself is of use all the same
            log.error("no version of %s can be copied: %s", role, error)
            complete = True
        await self._waiting.copy(identity, kept)
        if complete:
            self._known[role] = identity


def _there(answer: T | None) -> T:
    if answer is None:
        raise StoreAway
    return answer


def _entry(write: Write, why: str) -> AuditEntry:
    return AuditEntry(
        action="identity_write_lost",
        actor=write.by,
        detail={
            "role": write.base.role,
            "why": why,
            "reason": write.reason,
            "made_at": write.made_at.isoformat(),
            "base": write.base.dump(),
            "wanted": write.wanted.dump(),
        },
    )

"""Who comes to the door: sign-ins and refused keys, for the audit log."""

import logging
from collections.abc import Awaitable, Callable

from api.auth import Caller
from api.limits import Buckets
from core.errors import AntonError
from core.events import AuditEntry

AGAIN_S = 12 * 3600.0
"""A key that was not shown for so long signs in anew."""
REFUSED_PER_MINUTE = 10
"""Refused keys that are written down; a flood of them is no flood of entries."""

log = logging.getLogger(__name__)

Record = Callable[[AuditEntry], Awaitable[None]]


class Visitors:
    """Writes down who signs in and who is turned away; one entry a visit, not one a request."""

    def __init__(self, record: Record, now: Callable[[], float]) -> None:
        """`now` gives seconds that never step back."""
        self._record = record
        self._now = now
        self._seen: dict[tuple[str, bytes], float] = {}
        self._refused = Buckets(REFUSED_PER_MINUTE, now)

    async def entered(self, caller: Caller) -> None:
        """A known key was shown."""
        who, now = (caller.name, caller.digest), self._now()
        last = self._seen.get(who)
        self._seen[who] = now
        if last is None or now - last >= AGAIN_S:
            scopes = ", ".join(sorted(caller.scopes))
            await self._note("sign_in", caller.person.account, {"scopes": scopes})

    async def refused(self, address: str) -> None:
        """A key was shown that is not known, or none where one is needed."""
        if not self._refused.take(""):
            await self._note("refused_sign_in", "", {"address": address})

    async def _note(self, action: str, actor: str, detail: dict[str, str]) -> None:
        try:
            await self._record(AuditEntry(action=action, actor=actor, detail=detail))
        except AntonError as error:
            log.error("the audit log takes no entry: %s", error)

"""How the house is, part by part."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from control import VERSION
from control.chronicle import Records
from control.identities import IdentityDesk
from control.observatory import Observatory
from control.view import ChannelView
from core import figures
from core.errors import AntonError
from core.plain import each_text
from core.ports import AuditLog
from core.tasks import TaskStatus

CHECK_S = 5.0
"""How long a part may take to answer."""
OK = "ok"

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises an AntonError that tells what is not."""


class Health:
    """Looks at stores, channels, models and logs; tells no secret."""

    def __init__(
        self,
        records: Records,
        audit: AuditLog,
        identities: IdentityDesk,
        observatory: Observatory,
        views: Sequence[ChannelView],
        *,
        checks: Mapping[str, Check],
        about: Callable[[], Mapping[str, Any]],
        degraded: Callable[[], Mapping[str, str]],
    ) -> None:
        """`checks` are of parts that nothing goes without; `degraded` tells what others lack."""
        self._records = records
        self._audit = audit
        self._identities = identities
        self._observatory = observatory
        self._views = views
        self._checks = checks
        self._about = about
        self._degraded = degraded
        self._ears: dict[str, Callable[[], str]] = {}

    def hears(self, channel: str, trouble: Callable[[], str]) -> None:
        """As Anton.hears."""
        self._ears[channel] = trouble

    async def told(self, *, draining: bool) -> dict[str, Any]:
        """As Anton.health."""
        counts = await self._records.tasks.counts()
        parts = await self.ready()
        trouble = {
            **self._degraded(),
            **{view.name: view.trouble.said for view in self._views if view.trouble.said},
            **{f"{name} (hearing)": said for name, ear in self._ears.items() if (said := ear())},
            **{name: said for name, said in parts.items() if said != OK},
        }
        told = {
            "status": _status(parts, trouble),
            "service": "anton",
            "version": VERSION,
            "active_tasks": counts.get(TaskStatus.RUNNING, 0),
            "queue": counts.get(TaskStatus.QUEUED, 0),
            "waiting": counts.get(TaskStatus.WAITING, 0),
            "draining": draining,
            "trouble": trouble,
            "alerts": {one.name: one.said for one in await self._observatory.alerts.open()},
            "parts": parts,
            "channels": {view.name: view.standing for view in self._views},
            **self._about(),
        }
        without_secrets: dict[str, Any] = each_text(told, self._observatory.redacted)
        return without_secrets

    async def ready(self) -> dict[str, str]:
        """As Anton.ready."""
        answers = {}
        for name, check in self._checks.items():
            try:
                await asyncio.wait_for(check(), timeout=CHECK_S)
                answers[name] = OK
            except (AntonError, TimeoutError) as error:
                answers[name] = str(error) or "It does not answer in time."
        return answers

    async def remembers(self) -> dict[str, str]:
        """As Anton.remembers."""
        query = figures.call_rates(self._records.clock.now())
        looks: Mapping[str, Callable[[], Awaitable[object]]] = {
            "interactions": lambda: self._records.interactions.ask(query),
            "identities": self._identities.all,
        }
        answers = dict.fromkeys(looks, OK)
        for name, look in looks.items():
            try:
                await look()
            except AntonError as error:
                answers[name] = str(error)
        if trouble := self._identities.health().trouble:
            answers["identities"] = trouble
        return answers

    async def audited(self) -> str:
        """As Anton.audited."""
        broken = await self._audit.verify()
        if broken is None:
            return OK
        return (
            f"The audit log is broken at row {broken}: from there on it was changed or cut. "
            "Keep this file, and compare it with a backup."
        )

    def models(self) -> tuple[Mapping[str, str], Sequence[str]]:
        """As Anton.models."""
        told = self._about().get("models") or {}
        by_role = {role: str(row["model"]) for role, row in (told.get("by_role") or {}).items()}
        return by_role, list(told.get("fallback") or ())

    async def metrics(self, streams: int) -> tuple[bytes, str]:
        """As Anton.metrics."""
        meter = self._observatory.meter
        return await meter.exposition(self._about(), self._degraded(), streams)


def _status(parts: Mapping[str, str], trouble: Mapping[str, str]) -> str:
    """In one word: `failing` where a part is missing that no work can do without."""
    if any(said != OK for said in parts.values()):
        return "failing"
    return "degraded" if trouble else OK

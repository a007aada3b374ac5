"""Alerts of the house itself: looked for each minute, told once, and again after six hours."""

import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from control.chronicle import Records
from core import figures
from core.alerts import Alert
from core.errors import StoreError
from core.events import Notice

log = logging.getLogger(__name__)

EVERY_S = 60.0
AGAIN_AFTER = timedelta(hours=6)
WINDOW = timedelta(minutes=15)
CALLS_MIN = 10
"""Fewer calls than these say nothing about a rate."""
ERRORS_MAX = 0.10
LATENCY_MAX_S = 30.0
DAY_WARNED = 0.8
DISK_MIN_BYTES = 1_000_000_000

Found = Mapping[str, str]
"""What is wrong now, in words, by the name of the alert."""


class Growth:
    """By how much a number that only grows has grown since it was asked last."""

    def __init__(self, total: Callable[[], int]) -> None:
        self._total = total
        self._before = 0

    def news(self) -> int:
        """How much."""
        before, self._before = self._before, self._total()
        return self._before - before


class Alerts:
    """Keeps the table of alerts true; channels, `/health` and the log tell of it."""

    def __init__(
        self,
        records: Records,
        folder: Path,
        *,
        leases_lost: Callable[[], int],
        changes_lost: Callable[[], int],
        lasting: Found | None = None,
    ) -> None:
        """`folder` is where everything is kept; `lasting` is wrong for as long as this runs.

        How many leases, and how many changes of identities that had waited, were lost so far.
        """
        self._records = records
        self._folder = folder
        self._lasting = lasting or {}
        self._leases = Growth(leases_lost)
        self._changes = Growth(changes_lost)

    async def run(self) -> None:
        """Look each minute, until it is cancelled; a store that fails is asked again."""
        while True:
            try:
                await self.check()
            except StoreError as error:
                log.error("alerts cannot be kept: %s", error)
            await self._records.clock.sleep(EVERY_S)

    async def check(self) -> None:
        """Look once; what cannot be looked at stays as it was told, and holds up nothing else."""
        known = {alert.name: alert for alert in await self._records.alerts.all()}
        found, unseen = dict(self._lasting), set[str]()
        for names, look in self._looks():
            try:
                found |= await look()
            except (StoreError, OSError) as error:
                unseen.update(names)
                log.error("no look at %s: %s", " and ".join(names), error)
        for name, said in found.items():
            await self._raise(name, said, known.get(name))
        for name in known.keys() - found.keys() - unseen:
            await self._clear(known[name])

    def _looks(self) -> Sequence[tuple[Sequence[str], Callable[[], Awaitable[Found]]]]:
        """What is looked at, each with the alerts that it may give."""
        return (
            (("errors", "latency"), self._of_calls),
            (("day_budget", "day_budget_soon"), self._of_budget),
            (("disk",), self._of_disk),
            (("lease",), self._of_leases),
            (("identity_write",), self._of_changes),
        )

    async def open(self) -> Sequence[Alert]:
        """Those that last."""
        return [one for one in await self._records.alerts.all() if one.cleared_at is None]

    async def _raise(self, name: str, said: str, known: Alert | None) -> None:
        now = self._records.clock.now()
        if known and now - known.told_at < AGAIN_AFTER:
            if known.cleared_at is not None or known.said != said:
                await self._records.alerts.keep(known.but(said=said, cleared_at=None))
            return
        raised_at = known.raised_at if known and known.cleared_at is None else now
        alert = Alert(name=name, said=said, raised_at=raised_at, told_at=now)
        await self._records.alerts.keep(alert)
        log.warning("alert %s: %s", name, said)
        await self._tell(alert, "raised")

    async def _clear(self, alert: Alert) -> None:
        now = self._records.clock.now()
        if alert.cleared_at is None:
            await self._records.alerts.keep(alert.but(cleared_at=now))
            log.info("alert %s is over", alert.name)
            await self._tell(alert, "cleared")
        elif now - alert.told_at >= AGAIN_AFTER:
            await self._records.alerts.drop(alert.name)

    async def _tell(self, alert: Alert, state: str) -> None:
        data = {"name": alert.name, "state": state, "said": alert.said}
        await self._records.events.append(Notice(type="alert", data=data))

    async def _of_calls(self) -> Found:
        log, since = self._records.interactions, self._records.clock.now() - WINDOW
        found: dict[str, str] = {}
        rates = await log.lately(figures.call_rates(since))
        calls, failures = sum(one.calls for one in rates), sum(one.failures for one in rates)
        if calls >= CALLS_MIN and failures > ERRORS_MAX * calls:
            worst = ", ".join(sorted({one.model for one in rates if one.failures}))
            found["errors"] = (
                f"{failures} of {calls} model calls failed in 15 minutes ({worst}). "
                "See /logs?success=false, or `python main.py doctor --probe`."
            )
        slow = [
            f"{one.model} for {one.role} {one.p95_ms / 1000:.0f} s"
            for one in await log.lately(figures.latencies(since))
            if one.p95_ms > LATENCY_MAX_S * 1000
        ]
        if slow:
            found["latency"] = (
                f"Model calls are slow, p95 over 15 minutes: {'; '.join(slow)}. "
                "Another model can be named in MODEL_FALLBACK."
            )
        return found

    async def _of_budget(self) -> Found:
        stands = await self._records.budgets.standing("")
        if stands.limit_usd <= 0 or stands.spent_usd < DAY_WARNED * stands.limit_usd:
            return {}
        spent = f"${stands.spent_usd:.2f} of ${stands.limit_usd:.2f} are spent today"
        if stands.spent_usd >= stands.limit_usd:
            return {"day_budget": f"{spent}: tasks wait for a person. See MAX_DAY_BUDGET_USD."}
        return {"day_budget_soon": f"{spent}. See MAX_DAY_BUDGET_USD."}

    async def _of_disk(self) -> Found:
        free = shutil.disk_usage(self._folder).free
        if free >= DISK_MIN_BYTES:
            return {}
        return {"disk": f"{free / 1e6:.0f} MB are left on the disk of DATA_DIR. Free some space."}

    async def _of_leases(self) -> Found:
        if not (lost := self._leases.news()):
            return {}
        return {
            "lease": f"{lost} tasks were taken over by another worker while they were at "
            "work here. Is this process starved, or the clock changed?"
        }

    async def _of_changes(self) -> Found:
        if not (lost := self._changes.news()):
            return {}
        return {
            "identity_write": f"{lost} changes of what roles have learned had waited for their "
            "store and contradict what stands there by now. The audit log has them."
        }

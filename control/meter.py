"""What `/metrics` shows: what was counted since the process began, and how things stand now."""

import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from control.chronicle import Records
from core.approvals import ApprovalState
from core.tasks import TaskStatus
from observability.metrics import Gauge, Metrics

WEBHOOK = re.compile(r"/webhooks?/([a-z0-9_-]{1,40})(?:/.*)?|/(slack)/.*")
RESULTS = ((500, "failed"), (402, "refused"), (401, "unsigned"), (400, "malformed"))
"""What an answer means, by its least status."""


class Meter:
    """Counts events as they come, and reads the stores when it is asked."""

    def __init__(
        self, records: Records, metrics: Metrics, folder: Path, sources: Collection[str] = ()
    ) -> None:
        """`folder` is where everything is kept, `sources` those that webhooks may come from."""
        self._records = records
        self._metrics = metrics
        self._folder = folder
        self._sources = frozenset(sources)

    async def run(self) -> None:
        """Count what happens, in whatever process, until it is cancelled."""
        async with self._records.events.listen() as happened:
            async for event in happened:
                if event is not None:
                    self._metrics.note(event)

    def answered(self, path: str, status: int) -> None:
        """Count an answer to a webhook; one that nobody knows has no name, or all would have."""
        found = WEBHOOK.fullmatch(path)
        if not found:
            return
        named = found[1] or found[2]
        source = named if named in self._sources else "unknown"
        result = next((said for least, said in RESULTS if status >= least), "accepted")
        self._metrics.count("webhooks", source=source, result=result)

    async def exposition(
        self, about: Mapping[str, Any], trouble: Mapping[str, str], streams: int
    ) -> tuple[bytes, str]:
        """The text for Prometheus and its media type; `about` is what `/health` tells of parts."""
        gauges = [
            *await self._of_tasks(),
            *await self._of_approvals(),
            *self._of_logs(),
            *await self._of_alerts(),
            *_of_breakers(about),
            Gauge("streams", "Clients that listen to events.", streams),
            Gauge("troubles", "Parts that are not well.", len(trouble)),
        ]
        return self._metrics.exposition(gauges)

    async def _of_tasks(self) -> list[Gauge]:
        counts = await self._records.tasks.counts()
        outcomes = await self._records.tasks.outcomes()
        effects = await self._records.outbox.open_effects()
        said, ended = "Tasks by status.", "Tasks that have ended, by outcome."
        return [
            *(Gauge("tasks", said, n, (("status", status),)) for status, n in counts.items()),
            *(Gauge("tasks_by_outcome", ended, n, (("outcome", o),)) for o, n in outcomes.items()),
            Gauge("queue_depth", "Tasks that wait for their turn.", counts[TaskStatus.QUEUED]),
            Gauge("effects_open", "Writes to hosts whose result is not known.", len(effects)),
        ]

    async def _of_approvals(self) -> list[Gauge]:
        counts = await self._records.approvals.counts()
        oldest = await self._records.approvals.oldest()
        waited = self._records.clock.now() - oldest.created_at if oldest else timedelta()
        return [
            Gauge(
                "approvals_waiting",
                "Questions that wait for a person.",
                counts[ApprovalState.PENDING],
            ),
            Gauge(
                "approvals_oldest_seconds",
                "How long the oldest of them has waited.",
                waited.total_seconds(),
            ),
        ]

    async def _of_alerts(self) -> list[Gauge]:
        said = "Alerts of the house itself: 1 while they last."
        alerts = await self._records.alerts.all()
        return [
            Gauge("alert", said, one.cleared_at is None, (("name", one.name),)) for one in alerts
        ]

    def _of_logs(self) -> Iterator[Gauge]:
        log = self._records.interactions.health()
        said = "Rows of the log of model calls that are not where they belong, by reason."
        for what in ("waiting", "dropped", "withheld", "refused"):
            yield Gauge("interactions", said, getattr(log, what), (("what", what),))
        for name, health in self._records.tracing.health().items():
            for what in ("written", "dropped"):
                labels = (("destination", name), ("what", what))
                yield Gauge("spans", "Spans written and dropped.", health[what], labels)
        free = shutil.disk_usage(self._folder).free
        yield Gauge("disk_free_bytes", "Space left where everything is kept.", free)


def _of_breakers(about: Mapping[str, Any]) -> Iterator[Gauge]:
    models = about.get("models") or {}
    said = "Whether a server of models is in this state."
    for label, breaker in (models.get("breakers") or {}).items():
        for state in ("closed", "open", "half-open"):
            labels = (("server", str(label)), ("state", state))
            yield Gauge("breaker", said, breaker.get("state") == state, labels)

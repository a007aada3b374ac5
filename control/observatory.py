"""What can be seen of the house from outside: figures, statistics, the settings."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from control.alerts import Alerts
from control.cases import IncidentCase, incident_cases
from control.chronicle import Records
from control.examples import Example, examples
from control.golden import Golden
from control.hours import QuietHours
from control.integrations import Offer
from control.meter import Meter
from control.pace import Way, ways
from control.services import Services
from control.stats import stats
from core.approvals import Approval, ApprovalState
from core.care import CARED
from core.ports import Standing, TaskFilter
from core.tasks import Task, TaskStatus

INBOX_MAX = 200


@dataclass(frozen=True)
class Asked:
    """A question that waits, with its task and how that stands with its budget."""

    approval: Approval
    task: Task
    budget: Standing

    @property
    def harm(self) -> tuple[str, datetime]:
        """By this the inbox is sorted: severity, then age; unrated last."""
        return self.task.severity or "P9", self.approval.created_at


@dataclass(frozen=True)
class Observatory:
    """Reads, and changes nothing."""

    records: Records
    meter: Meter
    alerts: Alerts
    golden: Golden
    redacted: Callable[[str], str] = str
    """A text without secrets."""
    settings: Sequence[Mapping[str, Any]] = ()
    """The effective options, as config describes them."""
    offers: Sequence[Offer] = ()
    """What he can work with outside, as it is configured."""
    services: Services = field(default_factory=Services)
    quiet: QuietHours | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def quiet_now(self) -> bool:
        """Whether questions that can wait are held back at this moment."""
        return self.quiet is not None and self.quiet.hold(None, self.records.clock.now())

    async def overview(self) -> dict[str, Any]:
        """How the house stands now, in a few figures, plain JSON."""
        records = self.records
        incidents, tasks = await records.incidents.counts(), await records.tasks.counts()
        today = await records.budgets.standing("")
        return {
            "tasks": tasks,
            "open_incidents": sum(incidents[state] for state in CARED),
            "agents_busy": tasks[TaskStatus.RUNNING],
            "spent_today_usd": today.spent_usd,
            "day_limit_usd": today.limit_usd or None,
            "price_known": today.price_known,
            "started_at": self.started_at,
            "alerts": [
                {"name": one.name, "said": one.said, "raised_at": one.raised_at}
                for one in await self.alerts.open()
            ],
        }

    async def inbox(self) -> list[Asked]:
        """Questions that wait: the most urgent first, then the oldest."""
        records = self.records
        page = await records.tasks.list(TaskFilter(status=TaskStatus.WAITING), limit=INBOX_MAX)
        tasks = {task.task_id: task for task in page.tasks}
        found = []
        pending = ApprovalState.PENDING
        for approval in await records.approvals.list(state=pending, limit=INBOX_MAX):
            task = tasks.get(approval.task_id) or await records.tasks.get(approval.task_id)
            found.append(Asked(approval, task, await records.budgets.standing(task.task_id)))
        return sorted(found, key=lambda one: one.harm)

    async def stats(self, since: datetime, until: datetime | None = None) -> dict[str, Any]:
        """All that can be said of the tasks and model calls of a time, plain JSON."""
        return await stats(self.records, self.golden, since, until or self.records.clock.now())

    async def ways(self, since: datetime) -> list[Way]:
        """From report to pull request, task by task."""
        return await ways(self.records.tasks, self.records.outbox, since)

    def examples(self) -> AsyncIterator[Example]:
        """Every answered model call of a task that is still known, to learn from."""
        return examples(self.records, self.redacted)

    def incident_cases(self) -> AsyncIterator[IncidentCase]:
        """Every resolved incident, as a case to measure by."""
        return incident_cases(self.records, self.redacted)

"""One engine and one bench for each drive of a task, with the models of all roles."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from agents.engine import ModelEngine
from agents.identities import IdentifiedModels, Identities
from agents.models import health
from agents.models.providers import OFFLINE
from agents.models.roster import Roster
from agents.models.waiting import Tell
from agents.offline.thinking import OfflineThinking
from agents.toolwork import Crew
from core.errors import StoreError
from core.events import EventType, Notice
from core.limits import RoleLimits
from core.ports import AuditLog, Budgets, Clock, EventLog, RepairEngine, TaskStore
from core.tasks import Lease, Task
from repair.runs import Tests
from tools.policy import Policy
from tools.toolbox import Refusal

log = logging.getLogger(__name__)


class ModelThinking:
    """Thinks with models, for any number of tasks."""

    def __init__(
        self,
        roster: Roster,
        budgets: Callable[[Lease], Budgets],
        offline: OfflineThinking,
        *,
        tasks: TaskStore,
        identities: Identities,
        events: EventLog,
        audit: AuditLog,
        clock: Clock,
        role_limits: Mapping[str, RoleLimits],
        policy: Policy,
        kind: str,
    ) -> None:
        """`kind` is the fix engine: `auto`, `workflow` or `tools`."""
        self._roster = roster
        self._budgets = budgets
        self._offline = offline
        self._tasks = tasks
        self._identities = identities
        self._events = events
        self._audit = audit
        self._clock = clock
        self._role_limits = role_limits
        self._policy = policy
        self._kind = kind

    async def check(self) -> None:
        """Return when sandboxes can be opened; raises SandboxUnavailable with the remedy."""
        await self._offline.check()

    def about(self) -> dict[str, Any]:
        """Which models think, and where code is run."""
        return {**self._offline.about(), "models": health.about(self._roster)}

    def degraded(self) -> dict[str, str]:
        """Models that are away, and who waits for them; a store of identities that is away."""
        return {**health.degraded(self._roster), **self._identities.degraded()}

    @asynccontextmanager
    async def open(self, task: Task, lease: Lease) -> AsyncIterator[tuple[RepairEngine, Tests]]:
        """The engine and the bench of one drive; its sandboxes end with it."""
        choices = self._roster.choices.values()
        served = frozenset(one.role for one in choices if one.model != OFFLINE)
        blocks = await self._identities.of_task(task.task_id, served)
        models = IdentifiedModels(self._roster.under(self._budgets(lease)), blocks)
        async with self._offline.open(task, lease) as (offline, bench):
            with self._roster.desk.waits.heard(task.task_id, self._teller(lease)):
                yield (
                    ModelEngine(
                        models=models,
                        served=served,
                        offline=offline,
                        crew=self._crew(task),
                        kind=self._kind,
                        attempts=task.request.max_iterations,
                    ),
                    bench,
                )

    def _teller(self, lease: Lease) -> Tell:
        """Writes into a task's row and its log what it waits for; a lost lease writes nothing."""

        async def tell(words: str) -> None:
            try:
                task = await self._tasks.update(lease.task_id, lease, reason=words)
                data = {"status": task.status, "reason": words}
                await self._events.append(Notice(type="status", task_id=task.task_id, data=data))
            except StoreError as error:
                log.warning("not told: %s: %s", words, error, extra={"task_id": lease.task_id})

        return tell

    def _crew(self, task: Task) -> Crew:
        async def refused(refusal: Refusal) -> None:
            await self._audit.record(refusal.entry(task.task_id))

        async def watch(event: EventType, data: dict[str, Any]) -> None:
            await self._events.append(Notice(type=event, task_id=task.task_id, data=data))

        return Crew(
            clock=self._clock,
            limits=self._role_limits,
            policy=self._policy,
            refused=refused,
            watch=watch,
        )

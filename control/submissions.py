"""Reports come in: each becomes a task, or is counted where its fault has one already."""

import logging
import uuid
from collections.abc import Callable

from control.care import Care
from control.chronicle import Records
from control.incidents import IncidentDesk
from control.services import Services
from core.approvals import Person
from core.errors import Conflict, LimitExceeded, PayloadInvalid
from core.events import Notice
from core.reports import Reported
from core.tasks import Task, TaskRequest, TaskStatus, ticket_key, trace_id_for
from graph.repair.repeats import mark_of
from observability.records import ids

log = logging.getLogger(__name__)


class Busy(LimitExceeded):
    """As many tasks run as may run at once."""


class Submissions:
    """Writes reports down, and lets their tasks begin."""

    def __init__(
        self,
        records: Records,
        incidents: IncidentDesk,
        services: Services,
        *,
        at_once: int,
        masked: Callable[[str], str],
        begun: Callable[[], None],
    ) -> None:
        """Where `at_once` tasks run, the house is busy; `begun` is called for each new task."""
        self._records = records
        self._incidents = incidents
        self._services = services
        self._care = Care(records.incidents, records.events, records.clock)
        self._at_once = at_once
        self._masked = masked
        self._begun = begun

    async def submit(self, request: TaskRequest, *, idempotency_key: str, queue: bool) -> Task:
        """As Anton.submit."""
        reported = await self.report(
            request, joins=False, fingerprint="", idempotency_key=idempotency_key, queue=queue
        )
        if reported.task is None:
            raise Conflict("No task was begun.")
        return reported.task

    async def report(
        self,
        request: TaskRequest,
        *,
        joins: bool,
        fingerprint: str,
        idempotency_key: str,
        queue: bool,
    ) -> Reported:
        """As Anton.report."""
        if not request.text.strip():
            raise PayloadInvalid(
                "The report is empty.", remedy="Say what happens and what should happen instead."
            )
        request = self._completed(request)
        store, now = self._records.incidents, self._records.clock.now()
        if idempotency_key and (earlier := await store.repeated(request, idempotency_key)):
            return earlier
        if not queue:
            await self._admit()
        task = Task(task_id=str(uuid.uuid4()), request=request, created_at=now, updated_at=now)
        reported = await store.report(
            task, fingerprint or mark_of(request), joins=joins, idempotency_key=idempotency_key
        )
        if reported.incident and not reported.repeated:
            await self._care.tell(reported.incident)
        if reported.task and reported.how == "started" and not reported.repeated:
            await self._announce(reported.task)
        return reported

    async def fix(self, ref: str, by: Person) -> Task:
        """As Anton.fix."""
        task = await self._incidents.fix(ref, by)
        await self._announce(task)
        return task

    async def _admit(self) -> None:
        running = (await self._records.tasks.counts()).get(TaskStatus.RUNNING, 0)
        if running >= self._at_once:
            raise Busy(f"{running} tasks run already.", remedy="Try again later, or queue it.")

    def _completed(self, request: TaskRequest) -> TaskRequest:
        """The request without our own secrets, with its ticket and the budgets of its service."""
        service = self._services.of(request.repository)
        if request.budget_usd is None:
            request = request.but(budget_usd=service.max_task_budget_usd)
        return request.but(
            budget_tokens=service.max_task_tokens,
            text=self._masked(request.text),
            title=self._masked(request.title),
            reproduction=self._masked(request.reproduction),
            ticket=request.ticket or ticket_key(request.title or request.text),
        )

    async def _announce(self, task: Task) -> None:
        """Say that a new task was written down."""
        with ids(task_id=task.task_id, trace_id=trace_id_for(task.task_id)):
            log.info(
                "a task from %s: %s", task.request.requested_by or task.request.source, task.title
            )
        await self._records.events.append(
            Notice(type="status", task_id=task.task_id, data={"status": task.status})
        )
        self._begun()

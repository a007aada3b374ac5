"""What people see of tasks, and how they end one."""

from collections.abc import Callable

from control.chronicle import Records, asked
from core.approvals import Person
from core.errors import Conflict, NotFound
from core.events import AuditEntry
from core.ports import AuditLog, Page, TaskFilter
from core.tasks import Task


class TaskDesk:
    """Finds, lists, cancels."""

    def __init__(self, records: Records, audit: AuditLog, cancelled: Callable[[str], None]) -> None:
        """`cancelled` is told the id of a task that is to end, for the drive that may be on it."""
        self._records = records
        self._audit = audit
        self._cancelled = cancelled

    async def one(self, ref: str) -> Task:
        """As Anton.task."""
        try:
            return await self._records.tasks.get(ref)
        except NotFound:
            found = await self._records.tasks.find(ref)
        if not found:
            raise NotFound(f"There is no task {ref}.")
        if len(found) > 1:
            raise Conflict(f"{len(found)} tasks begin with {ref}: use the whole id.")
        return found[0]

    async def list(self, only: TaskFilter, *, cursor: str = "", limit: int = 50) -> Page:
        """Tasks, newest first."""
        return await self._records.tasks.list(only, cursor=cursor, limit=limit)

    async def cancel(self, ref: str, by: Person) -> Task:
        """As Anton.cancel."""
        records, task = self._records, await self.one(ref)
        if task.status.ended:
            raise Conflict(f"The task has ended as {task.outcome}.")
        task = await records.tasks.update(task.task_id, cancel_requested=True)
        for approval in await records.approvals.void(task.task_id, "The task was cancelled."):
            await records.events.append(asked(approval))
        await self._audit.record(
            AuditEntry(action="cancel", task_id=task.task_id, actor=by.account)
        )
        self._cancelled(task.task_id)
        return task

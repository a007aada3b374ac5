"""The tasks, kept, and who drives each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from core.tasks import Lease, Task, TaskStatus


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks to list; empty fields do not narrow."""

    status: TaskStatus | None = None
    outcome: str = ""
    workflow: str = ""
    repository: str = ""
    source: str = ""
    incident: str = ""


@dataclass(frozen=True)
class Page:
    """Some tasks, newest first, and how to get the next ones."""

    tasks: tuple[Task, ...]
    cursor: str = ""
    """Opaque; empty on the last page."""


class TaskStore(Protocol):
    """The tasks, and who may drive each."""

    async def add(self, task: Task, *, idempotency_key: str = "") -> Task:
        """Write a task down; with a key seen in the last 24 h, give the earlier task instead.

        Raises Conflict when the key came with another request.
        """
        ...

    async def get(self, task_id: str) -> Task:
        """One task; raises NotFound."""
        ...

    async def find(self, prefix: str) -> Sequence[Task]:
        """Tasks whose id begins so, `latest` for the newest; at most 10."""
        ...

    async def list(self, only: TaskFilter, *, cursor: str = "", limit: int = 50) -> Page:
        """Tasks, newest first."""
        ...

    async def counts(self) -> Mapping[TaskStatus, int]:
        """How many tasks have each status."""
        ...

    async def outcomes(self) -> Mapping[str, int]:
        """How many tasks ended with each outcome."""
        ...

    async def take(self, owner: str, *, limit_running: int, ttl_s: float) -> Lease | None:
        """Lease the next task with work to do: most urgent first, then oldest.

        Work to do: queued; waiting with an answer that was not applied; running under a lease
        that expired (its crash is counted for its node); any with a cancel request; ended under a
        lease that nobody gave back. None when there is nothing, or when `limit_running` tasks run
        already.
        """
        ...

    async def lease(self, task_id: str, owner: str, *, ttl_s: float) -> Lease | None:
        """Lease this task, whatever its status; None while another holds it or it has ended."""
        ...

    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease:
        """Keep it; raises LeaseLost."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give it back; harmless when it was lost."""
        ...

    async def holds(self, task_id: str, generation: int) -> bool:
        """Whether this generation still has the word."""
        ...

    async def update(self, task_id: str, lease: Lease | None = None, **changes: Any) -> Task:
        """Change fields of a task by name; under a lease, LeaseLost when it is stale.

        `updated_at` is set. Ended tasks accept changes of `result` and `usage` only: Conflict.
        """
        ...

    async def crash(self, task_id: str, node: str) -> int:
        """Count a crash in this node; how many there are now."""
        ...

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Empty the diffs in accounts of tasks that ended before that instant; of how many.

        Their hashes and all figures stay.
        """
        ...

"""What is too old is forgotten each night, but for open tasks; the audit log is for ever."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import AntonError, StoreError
from core.ports import ArtifactStore, Clock, TaskFilter, TaskStore
from core.tasks import TaskStatus

log = logging.getLogger(__name__)

HOUR = 3
"""Of the night, UTC."""


@dataclass(frozen=True)
class Term:
    """Something that is kept for so many days."""

    name: str
    days: int
    forget: Callable[[datetime, Collection[str]], Awaitable[int]]
    """Forgets what is from before an instant, but of these tasks; how much."""


@dataclass(frozen=True)
class Leftovers:
    """The artifacts of tasks, forgotten but for what an open task may still need."""

    artifacts: ArtifactStore
    mentions: Sequence[Callable[[Collection[str]], Awaitable[Collection[str]]]]
    """Each tells which artifacts some tasks refer to; together they know of all."""

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        """Forget what was made before an instant; how many files."""
        keep = set[str]()
        for mentioned in self.mentions:
            keep |= set(await mentioned(open_tasks))
        return await self.artifacts.forget(before, keep)


class Retention:
    """Cleans up at the start and each night; a store that fails is tried again the next night."""

    def __init__(self, terms: Sequence[Term], tasks: TaskStore, clock: Clock) -> None:
        self._terms = terms
        self._tasks = tasks
        self._clock = clock

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.clean()
            await self._clock.sleep(_until_night(self._clock.now()))

    async def clean(self) -> None:
        """Forget what is too old; what fails is told, and holds up nothing else."""
        try:
            open_tasks = [task_id async for task_id in self._open_tasks()]
        except StoreError as error:
            log.error("nothing is forgotten tonight: %s", error)
            return
        for term in self._terms:
            before = self._clock.now() - timedelta(days=term.days)
            try:
                gone = await term.forget(before, open_tasks)
            except AntonError as error:
                log.error("the %s are not cleaned up tonight: %s", term.name, error)
            except Exception:  # what is behind it would never have its turn
                log.exception("the clean-up of the %s broke", term.name)
            else:
                log.info("%s older than %d days: %d forgotten", term.name, term.days, gone)

    async def _open_tasks(self) -> AsyncIterator[str]:
        for status in TaskStatus:
            cursor = ""
            while not status.ended:
                page = await self._tasks.list(TaskFilter(status=status), cursor=cursor, limit=200)
                for task in page.tasks:
                    yield task.task_id
                cursor = page.cursor
                if not cursor:
                    break


def _until_night(now: datetime) -> float:
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return (night + timedelta(days=now >= night) - now).total_seconds()

"""What was said to models is forgotten when its time has passed, each night, but for open tasks."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from core.errors import StoreError
from core.ports import Clock, InteractionLog, TaskFilter, TaskStore
from core.tasks import TaskStatus

log = logging.getLogger(__name__)

HOUR = 3
"""Of the night, UTC."""


class Retention:
    """Cleans up at the start and each night; a store that fails is tried again the next night."""

    def __init__(
        self, interactions: InteractionLog, tasks: TaskStore, clock: Clock, *, days: int
    ) -> None:
        self._interactions = interactions
        self._tasks = tasks
        self._clock = clock
        self._kept = timedelta(days=days)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.clean()
            except StoreError as error:
                log.error("the nightly clean-up failed: %s", error)
            await self._clock.sleep(_until_night(self._clock.now()))

    async def clean(self) -> int:
        """Empty what is too old; in how many calls."""
        open_tasks = [task_id async for task_id in self._open_tasks()]
        return await self._interactions.forget(self._clock.now() - self._kept, open_tasks)

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

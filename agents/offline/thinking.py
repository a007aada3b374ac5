"""One engine and one bench for each drive of a task, over sandboxes and environments shared."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from agents.offline.engine import OfflineEngine, Watch
from agents.offline.fixing import NAME, Search, figures_of
from core.events import Event, Notice
from core.ports import EventLog, Limits, SandboxProvider
from core.recipes import Recipe
from core.tasks import Lease, Task
from repair.bench import Bench
from repair.search import Progress
from sandbox.environment import Environments


class OfflineThinking:
    """Thinks without a model, for any number of tasks."""

    def __init__(
        self,
        provider: SandboxProvider,
        environments: Environments,
        search: Search,
        limits: Limits,
        events: EventLog,
        recipes: Callable[[str], Recipe],
    ) -> None:
        """Think in these sandboxes; `recipes` tells how a repository, by its name, is tested."""
        self._recipes = recipes
        self._provider = provider
        self._environments = environments
        self._search = search
        self._limits = limits
        self._events = events

    async def check(self) -> None:
        """Return when sandboxes can be opened; raises SandboxUnavailable with the remedy."""
        await self._provider.check()

    def about(self) -> dict[str, Any]:
        """What thinks and where it runs code."""
        return {
            "sandbox": self._provider.backend,
            "models": {"all roles": NAME},
        }

    def degraded(self) -> dict[str, str]:
        """Nothing that this needs can be away for a while."""
        return {}

    @asynccontextmanager
    async def open(self, task: Task, lease: Lease) -> AsyncIterator[tuple[OfflineEngine, Bench]]:
        """The engine and the bench of one drive; its sandboxes end with it."""
        bench = Bench(
            self._provider,
            self._environments,
            limits=self._limits,
            workers=self._search.workers or None,
            recipe=self._recipes(task.request.repository),
        )
        try:
            async with telling(self._events, task.task_id) as watch:
                yield OfflineEngine(bench, self._search, watch), bench
        finally:
            await bench.close()


@asynccontextmanager
async def telling(events: EventLog, task_id: str) -> AsyncIterator[Watch]:
    """Writes into the log how a search goes; all is written when the block ends."""
    told: set[asyncio.Task[Event]] = set()

    def watch(progress: Progress) -> None:
        figures = figures_of(progress).dump()
        notice = Notice(type="search", task_id=task_id, role="fix", data=figures)
        writing = asyncio.create_task(events.append(notice))
        told.add(writing)
        writing.add_done_callback(told.discard)

    try:
        yield watch
    finally:
        await asyncio.gather(*told)

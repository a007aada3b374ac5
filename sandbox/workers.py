"""Sandboxes for the threads that prepare environments: foreign code runs there or nowhere."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from core.evidence import RunEnd
from core.ports import Environment, Limits, Run, Sandbox, SandboxProvider
from core.trees import Tree
from sandbox.programs import Programs

WORK_S = 600.0
LIMITS = Limits(wall_s=WORK_S)

Made = TypeVar("Made")


class Workers:
    """Opens sandboxes on the loop that their threads came from."""

    def __init__(
        self, provider: SandboxProvider, loop: asyncio.AbstractEventLoop, programs: Programs
    ) -> None:
        """Whoever waits for a sandbox is let go when `programs` end."""
        self._provider = provider
        self._loop = loop
        self._programs = programs

    def work(
        self,
        tree: Tree,
        environment: Environment,
        argv: Sequence[str],
        collect: Callable[[Sandbox], Awaitable[Made]],
    ) -> tuple[Run, Made | None]:
        """Run a command on a tree, with no network, and collect what it made if it ended well.

        To be called in a thread; raises SandboxError.
        """
        future = asyncio.run_coroutine_threadsafe(
            self._work(tree, environment, argv, collect), self._loop
        )
        try:
            self._programs.wait_for(future.done)
        except BaseException:
            future.cancel()
            raise
        return future.result()

    async def _work(
        self,
        tree: Tree,
        environment: Environment,
        argv: Sequence[str],
        collect: Callable[[Sandbox], Awaitable[Made]],
    ) -> tuple[Run, Made | None]:
        sandbox = await self._provider.open(tree, environment, LIMITS)
        try:
            run = await sandbox.run(argv, timeout_s=WORK_S)
            return run, await collect(sandbox) if run.end is RunEnd.PASSED else None
        finally:
            await sandbox.close()

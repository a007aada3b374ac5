"""Tasks are taken as they come, driven side by side, and parked when the house closes."""

import asyncio
import contextlib
import logging
import os
import socket
import uuid

from control.chores import steady
from control.runner import HEARTBEAT_S, LEASE_TTL_S, Runner
from core.errors import Conflict, StoreError
from core.ports import Clock, TaskStore
from core.tasks import Lease, Task

log = logging.getLogger(__name__)

IDLE_S = 1.0
"""How long the work loop sleeps unwoken; decisions of other processes wait so long at most."""
TAKING_S = 2.0
"""How long the work loop may take to give back what it is just taking."""


class Worker:
    """Finds tasks with work to do, and has the runner drive them."""

    def __init__(
        self, tasks: TaskStore, clock: Clock, runner: Runner | None, *, at_once: int
    ) -> None:
        """`runner` is None in a process that only looks and decides; `at_once` tasks may run."""
        self._tasks = tasks
        self._clock = clock
        self._runner = runner
        self._at_once = at_once
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._drives: set[asyncio.Task[Task]] = set()
        self.draining = False
        """Whether nothing new is taken."""

    def start(self) -> None:
        """Take tasks by itself from now on."""
        self._loop = asyncio.create_task(steady(self._work, self._clock)())

    def wake(self) -> None:
        """There may be work to do."""
        self._woken.set()

    async def drain(self) -> None:
        """Take nothing new, and let no drive begin another node."""
        self.draining = True
        self.wake()
        if self._runner:
            self._runner.drain()
        if self._loop:
            await asyncio.wait([self._loop], timeout=TAKING_S)
            self._loop.cancel()

    async def park(self, drain_s: float) -> None:
        """Let nodes finish for so long, and park the rest."""
        if self._runner and self._drives:
            await asyncio.wait(self._drives, timeout=drain_s)
            self._runner.stop()
            await asyncio.gather(*self._drives, return_exceptions=True)

    async def drive(self, task_id: str) -> Task:
        """As Anton.drive."""
        driver = self._driver
        lease = await self._tasks.lease(task_id, self._owner, ttl_s=LEASE_TTL_S)
        if lease is None:
            task = await self._tasks.get(task_id)
            if task.status.ended:
                return task
            raise Conflict("Another process works on this task.")
        return await driver.drive(lease)

    async def work_once(self) -> int:
        """As Anton.work_once."""
        done, driver = 0, self._driver
        while lease := await self._take():
            await driver.drive(lease)
            done += 1
        return done

    def cancel(self, task_id: str) -> None:
        """End the drive of a task at once, where it is driven here."""
        if self._runner:
            self._runner.cancel(task_id)
        self.wake()

    @property
    def _driver(self) -> Runner:
        if self._runner is None:
            raise Conflict("This process does not drive tasks.")
        return self._runner

    async def _take(self) -> Lease | None:
        return await self._tasks.take(self._owner, limit_running=self._at_once, ttl_s=LEASE_TTL_S)

    async def _work(self) -> None:
        """Take tasks as they come; a store that fails is tried again."""
        while not self.draining:
            self._woken.clear()
            try:
                lease = await self._take()
            except StoreError as error:
                log.error("no task can be taken: %s", error)
                await self._clock.sleep(HEARTBEAT_S / 2)
                continue
            if lease:
                await self._begin(lease)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._woken.wait()

    async def _begin(self, lease: Lease) -> None:
        """Drive a task that was taken, unless the house is closing since."""
        if self.draining:
            await self._tasks.release(lease)
            return
        drive = asyncio.create_task(self._driver.drive(lease))
        self._drives.add(drive)
        drive.add_done_callback(self._driven)

    def _driven(self, drive: asyncio.Task[Task]) -> None:
        """Look for work at once, but for a drive that broke, whose task would break again."""
        self._drives.discard(drive)
        if not drive.cancelled() and (error := drive.exception()):
            log.error("a drive broke: %s", error, exc_info=error)
        else:
            self.wake()

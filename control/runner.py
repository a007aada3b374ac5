"""Drives one thread: lease, stream, interrupt, resume; at most one drive of a task at a time."""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, cast

from langgraph.errors import GraphDrained

from control.chronicle import Chronicle, Records
from control.decisions import Decisions
from control.documents import Documents
from control.drive import Drive
from control.standstill import Standstill
from control.thread import Graph, Thread, entry_of, input_of
from core.errors import (
    ConfigError,
    HostUnreachable,
    IntegrationError,
    LeaseLost,
    RateLimited,
    SandboxError,
    StoreUnusable,
    TaskCancelled,
)
from core.tasks import Lease, Outcome, Task, TaskStatus, trace_id_for
from graph.deps import Deps
from graph.policies import Halted
from graph.questions import trouble
from memory.checkpoints import FencedSaver
from observability.records import ids

log = logging.getLogger(__name__)

Workbench = Callable[[Task, Lease], AbstractAsyncContextManager[Deps]]
"""What a drive works with: opened for one task under one lease, closed with the drive."""

LEASE_TTL_S = 45.0
HEARTBEAT_S = 10.0
LOOK_S = 0.5
"""How often a drive looks whether it is to be cancelled."""
CRASHES_MAX = 3
WAYS_OUT = ("join", "escalate", "report")
"""Nodes that a broken thread is led to; when they break too, the task ends."""
UNTIMED = ("approve", "escalate", "publish", "report")
"""Nodes that no time limit stops: gates only wait, and an effect has to come to its end."""
STOPS = "the server stops"
CANCELLED = "Cancelled by a person."
STORE_PAUSE_S = 5.0
HOST_PAUSE_MIN_S = 1.0
HOST_PAUSE_MAX_S = 60.0


@dataclass(frozen=True)
class Bounds:
    """The numbers that bound a drive."""

    task_s: float = 3600.0
    approval_ttl_s: float = 72 * 3600.0
    host_patience_s: float = 900.0
    """How long, over all pauses, a host that is down is waited for by a step that reads."""


class Runner:
    """Takes tasks from a compiled workflow's start, or last checkpoint, to its next pause."""

    def __init__(
        self,
        graph: Graph,
        checkpoints: FencedSaver,
        records: Records,
        workbench: Workbench,
        documents: Documents,
        decisions: Decisions,
        bounds: Bounds = Bounds(),
    ) -> None:
        self._graph = graph
        self._checkpoints = checkpoints
        self._records = records
        self._chronicle = Chronicle(records)
        self._workbench = workbench
        self._bounds = bounds
        self._standstill = Standstill(
            records,
            self._chronicle,
            checkpoints,
            documents,
            decisions,
            approval_ttl_s=bounds.approval_ttl_s,
        )
        self._drives: dict[str, Drive] = {}
        self.leases_lost = 0
        """Drives that another worker took over."""
        self._draining = False
        self._stopped = False

    @property
    def busy(self) -> tuple[str, ...]:
        """Ids of the tasks that are driven here."""
        return tuple(self._drives)

    async def check(self) -> None:
        """Look whether checkpoints can be had; raises StoreUnusable."""
        await self._checkpoints.check()

    async def mentioned(self, task_ids: Collection[str]) -> set[str]:
        """References of artifacts that the states of some tasks hold."""
        return await self._checkpoints.mentioned(task_ids)

    def cancel(self, task_id: str) -> None:
        """Stop the drive of a task whose cancelling was requested, if it is driven here."""
        if drive := self._drives.get(task_id):
            drive.call_off()

    def drain(self) -> None:
        """Let every drive, also one that is about to begin, finish its node, and park."""
        self._draining = True
        for drive in self._drives.values():
            drive.control.request_drain(STOPS)
            if drive.pausing:
                drive.stop()

    def stop(self) -> None:
        """Park every drive at once; the nodes at work are repeated later."""
        self._stopped = True
        for drive in self._drives.values():
            drive.stop()

    async def drive(self, lease: Lease) -> Task:
        """Drive a leased task until it waits, ends or is parked; gives the lease back."""
        task_id = lease.task_id
        with (
            ids(task_id=task_id, trace_id=trace_id_for(task_id)),
            self._records.tracing.of_task(task_id),
        ):
            return await self._drive(lease)

    async def _drive(self, lease: Lease) -> Task:
        drive = Drive(lease)
        if self._draining:
            drive.control.request_drain(STOPS)
        self._drives[lease.task_id] = drive
        heart = asyncio.create_task(self._beat(drive))
        try:
            await self._lead(drive)
            if drive.cancelled and drive.stopping and not self._stopped:
                await self._lead(drive)
            await self._close(drive)
        except LeaseLost:
            self.leases_lost += 1
            log.warning("lease lost", extra={"task_id": lease.task_id})
        finally:
            heart.cancel()
            self._drives.pop(lease.task_id, None)
            with suppress(LeaseLost, StoreUnusable):
                await self._records.tasks.release(drive.lease)
        return await self._records.tasks.get(lease.task_id)

    async def _lead(self, drive: Drive) -> None:
        """Walk until the walk ends or is stopped; whoever is cancelled here stops it first."""
        drive.stopping = False
        drive.walk = asyncio.create_task(self._walk(drive))
        with suppress(asyncio.CancelledError):
            await asyncio.shield(drive.walk)
        if not drive.walk.done():
            drive.stop()
            await asyncio.wait({drive.walk})
            raise asyncio.CancelledError

    async def _beat(self, drive: Drive) -> None:
        """Renew the lease and look for a cancel request; a lost lease stops the drive."""
        tasks, clock, failing = self._records.tasks, self._records.clock, False
        renewed = clock.monotonic()
        while True:
            await clock.sleep(LOOK_S)
            try:
                if (await tasks.get(drive.lease.task_id)).cancel_requested:
                    self.cancel(drive.lease.task_id)
                if clock.monotonic() - renewed >= HEARTBEAT_S:
                    drive.lease = await tasks.renew(drive.lease, ttl_s=LEASE_TTL_S)
                    renewed, failing = clock.monotonic(), False
                    await self._note_work(drive)
            except StoreUnusable as error:
                if not failing:
                    log.error("heartbeat failed: %s", error)
                failing = True
            except LeaseLost:
                drive.stop()
                return

    async def _walk(self, drive: Drive) -> None:
        """Go along the thread; what is not our own error is counted against the node at work."""
        records, task_id = self._records, drive.lease.task_id
        while True:
            task = await records.tasks.get(task_id)
            if await self._is_over(drive, task):
                return
            try:
                with ids(incident_id=task.incident_id):
                    await self._at_work(drive, task)
                return
            except GraphDrained:
                return
            except TaskCancelled:
                continue
            except LeaseLost:
                raise
            except StoreUnusable as error:
                log.error("task pauses: %s", error, extra={"task_id": task_id})
                await self._wait_for_store(drive)
            except (HostUnreachable, RateLimited) as error:
                if not await self._wait_for_host(drive, error):
                    await self._end(drive, Outcome.BLOCKED, str(error))
                    return
            except Exception:
                log.exception("the step %s broke", task.node, extra={"task_id": task_id})
                if await self._breaks_each_time(drive):
                    return

    async def _is_over(self, drive: Drive, task: Task) -> bool:
        """Whether there is no way left to go; a cancelled task may have effects to look up."""
        if task.status.ended:
            await self._chronicle.end_once(task)
            return True
        if task.cancel_requested:
            drive.cancelled = drive.concluding = True
            return not await self._records.outbox.of(task.task_id)
        return False

    async def _at_work(self, drive: Drive, task: Task) -> None:
        """One go with a workbench of its own; where none can be had, the task ends."""
        async with AsyncExitStack() as stack:
            try:
                deps = await stack.enter_async_context(self._workbench(task, drive.lease))
            except (ConfigError, IntegrationError, SandboxError) as obstacle:
                await self._end(drive, Outcome.BLOCKED, str(obstacle))
                return
            drive.effects = deps.effects
            await self._stream(drive, task, deps)

    async def _breaks_each_time(self, drive: Drive) -> bool:
        """Count a break of the node at work; whether that was one too many, and the end."""
        tasks, task_id = self._records.tasks, drive.lease.task_id
        node = (await tasks.get(task_id)).node or "intake"
        count = await tasks.crash(task_id, node)
        if count < CRASHES_MAX * (1 if node in WAYS_OUT else 2):
            return False
        reason = f"Internal error: the step {node} breaks each time."
        await self._end(drive, Outcome.FAILED, reason)
        return True

    async def _wait_for_store(self, drive: Drive) -> None:
        """Sleep until the store takes writes again, and the lease with them."""
        while True:
            await self._sleep(drive, STORE_PAUSE_S)
            try:
                drive.lease = await self._records.tasks.renew(drive.lease, ttl_s=LEASE_TTL_S)
            except StoreUnusable:
                continue
            return

    async def _wait_for_host(self, drive: Drive, error: HostUnreachable | RateLimited) -> bool:
        """Sleep as asked, or ever longer; False when there is no more patience."""
        asked = min(drive.waited_s, HOST_PAUSE_MAX_S)
        if isinstance(error, RateLimited):
            asked = error.retry_after_s
        nap = max(HOST_PAUSE_MIN_S, asked)
        if drive.waited_s + nap > self._bounds.host_patience_s:
            return False
        drive.waited_s += nap
        log.warning("task waits %.0f s: %s", nap, error, extra={"task_id": drive.lease.task_id})
        await self._chronicle.wait(drive.lease, f"Waits for the host: {error}")
        await self._sleep(drive, nap)
        return True

    async def _sleep(self, drive: Drive, seconds: float) -> None:
        drive.pausing = True
        try:
            await self._records.clock.sleep(seconds)
        finally:
            drive.pausing = False

    async def _stream(self, drive: Drive, task: Task, deps: Deps) -> None:
        """From where the thread stands to its next pause or its end."""
        thread = Thread(self._graph, drive.lease)
        task = await self._chronicle.begin(task, drive.lease)
        drive.worked_s = max(drive.worked_s, task.worked_s)
        if drive.concluding:
            await self._conclude(drive, task, deps, thread)
            return
        await self._route_around_crashes(task, drive, thread)
        paused = False
        while not paused:
            snapshot = await thread.snapshot()
            given = await self._records.approvals.answers(task.task_id)
            go, entry = entry_of(task, snapshot, given)
            if go:
                drive.done = {step.id for step in snapshot.tasks if step.result is not None}
                await self._go(drive, deps, thread, entry)
            paused = await self._standstill.pause(drive, await thread.snapshot())

    async def _conclude(self, drive: Drive, task: Task, deps: Deps, thread: Thread) -> None:
        """Lead a cancelled thread to its report, which looks up what came of its effects."""
        if not (await thread.snapshot()).values.get("account"):
            update = {"outcome": Outcome.CANCELLED.value, "reason": CANCELLED}
            await thread.redirect({**input_of(task), **update})
            await self._follow(drive, deps, thread, None)
        await self._standstill.pause(drive, await thread.snapshot())

    async def _go(self, drive: Drive, deps: Deps, thread: Thread, entry: Any) -> None:
        try:
            async with asyncio.timeout(None) as limit:
                await self._follow(drive, deps, thread, entry, limit)
        except TimeoutError:
            if not limit.expired():
                raise
            reason = f"The time limit of {self._bounds.task_s:g} s was reached."
            update = {"outcome": Outcome.OUT_OF_BUDGET.value, "reason": reason}
            await thread.redirect(update)
            await self._follow(drive, deps, thread, None)

    async def _follow(
        self,
        drive: Drive,
        deps: Deps,
        thread: Thread,
        entry: Any,
        limit: asyncio.Timeout | None = None,
    ) -> None:
        started: dict[str, float] = {}
        clock = self._records.clock
        try:
            async for part in thread.steps(entry, deps, drive.control):
                if drive.stopping:
                    raise asyncio.CancelledError  # somewhere on its way it was taken for an answer
                step = cast(dict[str, Any], part["data"])
                if limit and "triggers" in step:
                    self._time(drive, limit, timed=step["name"] not in UNTIMED)
                if step["id"] not in drive.done:
                    await self._chronicle.step(drive.lease, step, started)
        except Halted as halted:
            raise halted.cause from halted
        finally:
            drive.work(clock.monotonic(), timed=False)

    def _time(self, drive: Drive, limit: asyncio.Timeout, *, timed: bool) -> None:
        """Let the limit hold for a step that begins, by what is left of the working time."""
        now = self._records.clock.monotonic()
        if timed and drive.since is None:
            left = max(0.0, self._bounds.task_s - drive.worked_s)
            limit.reschedule(asyncio.get_running_loop().time() + left)
            drive.work(now, timed=True)
        elif not timed:
            limit.reschedule(None)
            drive.work(now, timed=False)

    async def _note_work(self, drive: Drive) -> None:
        """Write down how long a task was at work, so that no restart gives it new time."""
        await self._records.tasks.update(
            drive.lease.task_id, drive.lease, worked_s=drive.worked_by(self._records.clock)
        )

    async def _route_around_crashes(self, task: Task, drive: Drive, thread: Thread) -> None:
        """Lead a thread whose node keeps killing its worker to the escalation gate."""
        node, count = max(task.crashes.items(), key=lambda item: item[1], default=("", 0))
        if count < CRASHES_MAX:
            return
        what = f"The step {node} ended its worker {count} times."
        update = {"trouble": what, "question": trouble(task.task_id, what).dump()}
        await thread.redirect({**input_of(task), **update})
        await self._records.tasks.update(task.task_id, drive.lease, crashes={})

    async def _close(self, drive: Drive) -> None:
        """After the walk: cancelled for good, or parked to go on later."""
        walk = drive.walk
        if walk and not walk.cancelled() and (error := walk.exception()):
            raise error
        task = await self._records.tasks.get(drive.lease.task_id)
        if task.status.ended:
            if walk and walk.cancelled():
                await self._chronicle.end_once(task)
            return
        if drive.cancelled and not await self._records.outbox.of(task.task_id):
            await self._end(drive, Outcome.CANCELLED, CANCELLED)
        elif task.status is TaskStatus.RUNNING:
            await self._records.tasks.update(
                task.task_id,
                drive.lease,
                status=TaskStatus.QUEUED,
                reason="Parked.",
                worked_s=drive.worked_by(self._records.clock),
            )

    async def _end(self, drive: Drive, outcome: Outcome, reason: str) -> None:
        """End a task from outside of its graph."""
        await self._standstill.end(drive, outcome, reason, await self._last_values(drive.lease))

    async def _last_values(self, lease: Lease) -> dict[str, Any]:
        """The state as it was last written; empty when it cannot be read any more."""
        try:
            return (await Thread(self._graph, lease).snapshot()).values
        except Exception:
            log.exception("the checkpoint cannot be read", extra={"task_id": lease.task_id})
            return {}

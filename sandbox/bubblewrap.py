"""Sandboxes of bubblewrap: all namespaces, no network, a system to read and memory to write."""

import asyncio
import json
import os
import select
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from typing import Any

from core.errors import SandboxError, SandboxGone, SandboxUnavailable
from core.ports import Environment, Limits, Sandbox
from core.trees import Tree
from sandbox import seccomp
from sandbox.cgroups import ControlGroup, ControlGroups
from sandbox.fitness import (
    PROBE_LIMITS,
    guarantees,
    holds_memory,
    insist,
    program,
    system_python,
    told,
    unavailable,
)
from sandbox.limits import rlimits, supervision
from sandbox.link import OPEN_S, Link
from sandbox.opening import opened
from sandbox.slots import NAME, Slot, Slots, end_processes_of
from sandbox.supervised import SupervisedSandbox
from sandbox.walls import Walls, writable
from sandbox.workspace import WORKSPACE

BACKEND = "bubblewrap"
LOCKS = Path("/run/anton-sandboxes")
END_S = 2.0


class BubblewrapProvider:
    """Serves the SandboxProvider port with bubblewrap, control groups and seccomp."""

    backend = BACKEND

    def __init__(
        self,
        scratch: Path,
        max_sandboxes: int = 4,
        *,
        allow_no_memory_limit: bool = False,
        probe: Environment | None = None,
        groups: ControlGroups | None = None,
    ) -> None:
        """Open at most `max_sandboxes` at once.

        `check` tries itself out in `probe`, by default the system's Python; `groups` are, by
        default, the control groups that are found here.
        """
        self._room = asyncio.Semaphore(max_sandboxes)
        self._slots = Slots(LOCKS if os.geteuid() == 0 else scratch / "slots")
        self._allow_no_memory_limit = allow_no_memory_limit
        self._probe = probe or system_python()
        self._groups = groups or ControlGroups.find()

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what; raises SandboxUnavailable, with the remedy, when unfit."""
        version = (await asyncio.to_thread(told, program(), "--version")).split()[-1]
        sandbox = await self.open(Tree(), self._probe, PROBE_LIMITS)
        try:
            memory_held = await holds_memory(sandbox, self._probe.python)
        finally:
            await sandbox.close()
        if not (memory_held or self._allow_no_memory_limit):
            raise SandboxUnavailable(
                "Memory cannot be limited here.",
                remedy="Make control groups writable, or set SANDBOX_ALLOW_NO_MEMORY_LIMIT=true.",
            )
        return guarantees(version, self._groups, memory_held=memory_held)

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        """A fresh sandbox whose workspace holds `tree`; waits while all places are taken.

        Raises SandboxUnavailable when bubblewrap, the kernel or the user does not allow one that
        holds what it promises.
        """
        await self._room.acquire()
        return await opened(self._open(tree, environment, limits))

    async def _open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        rooms = AsyncExitStack()
        rooms.callback(self._room.release)
        try:
            slot, group = await self._reserve(rooms, limits)
            link, info, block = await self._spawn(rooms, slot, environment, limits)
        except BaseException:
            await rooms.aclose()
            raise
        try:
            if child := await asyncio.to_thread(_child, info):
                _let_in(rooms, group, child, block)
            standing = await link.greet(self._supervision(limits))
            insist(standing)
            sandbox = SupervisedSandbox(BACKEND, link, environment, limits, group)
            await sandbox.write(tree)
        except SandboxGone as error:
            await link.close()
            raise unavailable(error.message) from error
        except BaseException:
            await link.close()
            raise
        return sandbox

    async def reap(self) -> int:
        """End what dead servers left behind; how many sandboxes that were."""
        reaped = 0
        for slot in self._slots.abandoned():
            try:
                await self._clear(slot)
                reaped += 1
            finally:
                slot.let_go()
        return reaped

    async def _reserve(self, rooms: AsyncExitStack, limits: Limits) -> tuple[Slot, ControlGroup]:
        slot = self._slots.take()
        rooms.callback(slot.let_go)
        await self._clear(slot)
        folders = self._groups.folders(slot.name)
        group = ControlGroup(folders)
        slot.note([str(folder) for folder in folders])
        rooms.push_async_callback(self._clear, slot)
        group.make(limits)
        return slot, group

    async def _clear(self, slot: Slot) -> None:
        belongings = [Path(path) for path in slot.belongings]
        await ControlGroup([path for path in belongings if path.name.startswith(NAME)]).end()
        if slot.is_noted and slot.uid:
            await asyncio.to_thread(end_processes_of, slot.uid)
        slot.forget()

    async def _spawn(
        self, rooms: AsyncExitStack, slot: Slot, environment: Environment, limits: Limits
    ) -> tuple[Link, int, int]:
        bwrap = program()
        nested_off = "--disable-userns" in await asyncio.to_thread(told, bwrap, "--help")
        filtered = seccomp.program(accounted=self._groups.enforces("memory"))
        with ExitStack() as inner, Walls(environment, limits, nested_off=nested_off) as walls:
            info, inner_info = os.pipe()
            inner.callback(os.close, inner_info)
            rooms.callback(os.close, info)
            inner_block, block = os.pipe()
            inner.callback(os.close, inner_block)
            rooms.callback(os.close, block)
            arguments = walls.arguments(filtered, inner_info, inner_block)
            process = await _started(bwrap, arguments, walls.descriptors, slot.uid)
        rooms.push_async_callback(_end, process)
        return Link(process, rooms.aclose), info, block

    def _supervision(self, limits: Limits) -> dict[str, Any]:
        accounted = self._groups.enforces("memory")
        counted = self._groups.enforces("pids")
        by_address_space = not (accounted or self._allow_no_memory_limit)
        return supervision(
            limits,
            WORKSPACE,
            [path for path, _, _ in writable(limits)],
            watch_processes=0 if counted else limits.processes,
            watch_memory=limits.memory_bytes if by_address_space else 0,
            rlimits=rlimits(limits, memory=by_address_space),
        )


async def _started(
    bwrap: str, arguments: Sequence[str], descriptors: Sequence[int], uid: int | None
) -> asyncio.subprocess.Process:
    identity: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    try:
        return await asyncio.create_subprocess_exec(
            bwrap,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=descriptors,
            start_new_session=True,
            **identity,
        )
    except OSError as error:
        raise SandboxUnavailable(
            f"bubblewrap cannot be started as an unprivileged user: {error}.",
            remedy="Run Anton as an ordinary user, or let root change its user id.",
        ) from error


def _let_in(rooms: AsyncExitStack, group: ControlGroup, child: int, block: int) -> None:
    """Put the sandbox's first process under its limits, and only then let it go on."""
    try:
        rooms.push_async_callback(_end_child, os.pidfd_open(child))
        group.add(child)
        os.write(block, b"1")
    except (ProcessLookupError, BrokenPipeError):
        return  # it ended already, and greeting it will tell why
    except OSError as error:
        raise SandboxError(f"The sandbox cannot be put under its limits: {error}.") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for bubblewrap, which ends after its child; kill it only if it does not.

    Popen looks before it kills, and would take the exit status away from asyncio's watcher.
    """
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _end_child(pidfd: int) -> None:
    """Kill the first process inside, and with it all others; wait until they are gone."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(pidfd, gone.set)
    try:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        async with asyncio.timeout(END_S):
            await gone.wait()
    except TimeoutError as error:
        raise SandboxError("A sandbox outlives SIGKILL.") from error
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


def _child(info: int) -> int:
    """The process id of the sandbox's first process, as bubblewrap tells; 0 when it failed."""
    said = b""
    poll = select.poll()
    poll.register(info, select.POLLIN)
    while poll.poll(1000 * OPEN_S) and (part := os.read(info, 4096)):
        said += part
    return int(json.loads(said)["child-pid"]) if said.strip() else 0

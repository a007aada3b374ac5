"""Sandboxes of bubblewrap: all namespaces, no network, a system to read and memory to write."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from core.errors import SandboxError, SandboxGone, SandboxUnavailable
from core.evidence import RunEnd
from core.ports import Environment, Limits, Sandbox
from core.trees import Tree
from sandbox import seccomp
from sandbox.cgroups import ControlGroup, ControlGroups
from sandbox.limits import MIB, rlimits, supervision
from sandbox.link import Link
from sandbox.opening import opened
from sandbox.slots import Slot, Slots, end_processes_of
from sandbox.supervised import SupervisedSandbox
from sandbox.walls import Walls, writable
from sandbox.workspace import WORKSPACE

BACKEND = "bubblewrap"
PROGRAM = "bwrap"
LOCKS = Path("/run/anton-sandboxes")
END_S = 2.0
PROBE_LIMITS = Limits(
    wall_s=20.0, memory_bytes=96 * MIB, processes=16, disk_bytes=16 * MIB, output_bytes=10_000
)
PROBE_BOMB = "x = bytearray(192 * 1024 * 1024); x[::4096] = bytes(len(x) // 4096)"
INSTALL = "Install it (Debian: apt-get install bubblewrap)."
USER_NAMESPACES = (
    "Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0; a container needs seccomp=unconfined and "
    "systempaths=unconfined."
)
REMEDIES = {
    "namespace": USER_NAMESPACES,
    "uid map": USER_NAMESPACES,
    "proc": USER_NAMESPACES,
    "Unknown option": "Install bubblewrap 0.6 or later.",
    "find source path": "Let every user read that path and enter the folders above it.",
    "execvp": "Prepare the environment anew: its interpreter does not start in the sandbox.",
}


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
        self._probe = probe or _system_python()
        self._groups = groups or ControlGroups.find()
        self._help: dict[str, str] = {}

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what; raises SandboxUnavailable, with the remedy, when unfit."""
        version = (await asyncio.to_thread(_ask, self._program(), "--version")).split()[-1]
        sandbox = await self.open(Tree(), self._probe, PROBE_LIMITS)
        try:
            hello = await sandbox.run(["true"])
            bomb = await sandbox.run([self._probe.python, "-I", "-S", "-c", PROBE_BOMB])
        finally:
            await sandbox.close()
        if hello.end is not RunEnd.PASSED:
            raise SandboxUnavailable(f"A sandbox opens, but `true` ends there as {hello.end}.")
        holds = bomb.end is not RunEnd.PASSED
        if not (holds or self._allow_no_memory_limit):
            raise SandboxUnavailable(
                "Memory cannot be limited here.",
                remedy="Make control groups writable, or set SANDBOX_ALLOW_NO_MEMORY_LIMIT=true.",
            )
        return self._guarantees(version, "memory" if holds else "nothing")

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
                rooms.push_async_callback(_end_child, os.pidfd_open(child))
                group.add(child)
                os.write(block, b"1")
            standing = await link.greet(self._supervision(limits))
            _insist(standing)
            sandbox = SupervisedSandbox(BACKEND, link, environment, limits, group)
            await sandbox.write(tree)
        except SandboxGone as error:
            await link.close()
            raise _unavailable(error.message) from error
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
        await ControlGroup([path for path in belongings if path.name == slot.name]).end()
        if slot.is_noted and slot.uid:
            await asyncio.to_thread(end_processes_of, slot.uid)
        slot.forget()

    async def _spawn(
        self, rooms: AsyncExitStack, slot: Slot, environment: Environment, limits: Limits
    ) -> tuple[Link, int, int]:
        program = self._program()
        nested_off = "--disable-userns" in await asyncio.to_thread(self._options, program)
        accounted = self._groups.enforces("memory")
        info, inner_info = os.pipe()
        inner_block, block = os.pipe()
        rooms.callback(os.close, block)
        identity: dict[str, Any] = {}
        if slot.uid is not None:
            identity = {"user": slot.uid, "group": slot.uid, "extra_groups": []}
        try:
            with Walls(environment, limits, nested_off=nested_off) as walls:
                arguments = walls.arguments(
                    seccomp.program(accounted=accounted), inner_info, inner_block
                )
                process = await asyncio.create_subprocess_exec(
                    program,
                    *arguments,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    env={},
                    cwd="/",
                    pass_fds=walls.descriptors,
                    start_new_session=True,
                    **identity,
                )
        except BaseException as error:
            os.close(info)
            if isinstance(error, OSError):
                raise SandboxUnavailable(
                    f"bubblewrap cannot be started as an unprivileged user: {error}.",
                    remedy="Run Anton as an ordinary user, or let root change its user id.",
                ) from error
            raise
        finally:
            os.close(inner_info)
            os.close(inner_block)
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

    def _guarantees(self, version: str, memory: str) -> dict[str, str]:
        group = f"cgroup v{self._groups.version}"
        limited = group if self._groups.enforces("memory") else "rlimit and the supervisor"
        counted = self._groups.enforces("pids")
        return {
            "walls": f"bubblewrap {version}: user, process, network, IPC, name, file namespaces",
            "user": "an unprivileged one for each sandbox"
            if os.geteuid() == 0
            else "this one, without capabilities",
            "network": "namespace with loopback alone",
            "files": "read-only system; memory file systems of limited size",
            "system calls": "seccomp",
            "processes": f"{group} and rlimit" if counted else "rlimit and the supervisor",
            "memory": limited if memory == "memory" else "not limited, as was allowed",
            "disk": "memory file systems of limited size",
            "time": "the supervisor",
            "output": "the supervisor",
        }

    def _program(self) -> str:
        found = shutil.which(PROGRAM)
        if found is None:
            raise SandboxUnavailable("bubblewrap (bwrap) is not on the PATH.", remedy=INSTALL)
        if not Path(found).is_absolute():
            raise SandboxUnavailable(f"bubblewrap was found at {found}, relative to this folder.")
        return found

    def _options(self, program: str) -> str:
        if program not in self._help:
            self._help[program] = _ask(program, "--help")
        return self._help[program]


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
    with os.fdopen(info, "rb") as file:
        said = file.read()
    return int(json.loads(said)["child-pid"]) if said.strip() else 0


def _insist(standing: Mapping[str, Any]) -> None:
    """Refuse a sandbox whose first process is not held as it should be."""
    flaws = {
        "it is not the first process of its own namespace": standing.get("pid") != 1,
        "it may gain privileges": not standing.get("no_new_privileges"),
        "its system calls are not filtered": not standing.get("seccomp"),
        "it has capabilities": standing.get("capabilities") != 0,
        "it could change the host's kernel settings": standing.get("kernel_writable") is not False,
    }
    found = [flaw for flaw, is_so in flaws.items() if is_so]
    if found:
        raise SandboxUnavailable(
            f"The sandbox does not hold what it promises: {', '.join(found)}.",
            remedy="Run Anton as an ordinary user, with bubblewrap 0.8 or later.",
        )


def _unavailable(said: str) -> SandboxUnavailable:
    remedy = next((cure for sign, cure in REMEDIES.items() if sign in said), None)
    return SandboxUnavailable(f"No sandbox can be opened: {said}", remedy=remedy)


def _system_python() -> Environment:
    for path in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(path).exists():
            return Environment("probe", path)
    base = Path(sys.base_prefix)
    executable = str(Path(sys.executable).resolve())
    return Environment("probe", executable, ((base, str(base)),))


def _ask(program: str, question: str) -> str:
    try:
        return subprocess.run(
            [program, question], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxUnavailable(f"{program} does not run: {error}.", remedy=INSTALL) from error

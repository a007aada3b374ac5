"""Untrusted code as ordinary processes of this machine: no walls, so only by explicit opt-in."""

import asyncio
import fcntl
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from core.errors import SandboxUnavailable
from core.ports import Environment, Limits, Sandbox
from core.trees import Tree
from sandbox.limits import UNCOUNTED, rlimits, supervision
from sandbox.link import Link
from sandbox.opening import opened
from sandbox.storage import remove
from sandbox.supervised import NoGauge, SupervisedSandbox
from sandbox.walls import BOOT
from sandbox.workspace import HOME, WORKSPACE

BACKEND = "subprocess"
HOUSE = Path(__file__).parent.parent
END_S = 6.0
"""The supervisor takes up to five seconds to kill what it started."""
PREFIX = "subprocess-"


class SubprocessProvider:
    """Serves the SandboxProvider port on the bare machine, for those who asked for just that."""

    backend = BACKEND

    def __init__(
        self,
        scratch: Path,
        max_sandboxes: int = 4,
        *,
        allow_host: bool = False,
        allow_no_memory_limit: bool = False,
    ) -> None:
        """Keep workspaces below `scratch`; raises SandboxUnavailable without `allow_host`."""
        if not allow_host:
            raise SandboxUnavailable(
                "Running untrusted code on the bare machine was not allowed.",
                remedy="Install bubblewrap, or set SANDBOX_ALLOW_HOST=true if nothing is at stake.",
            )
        self._scratch = scratch
        self._room = asyncio.Semaphore(max_sandboxes)
        self._has_memory_limit = not allow_no_memory_limit

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what: little."""
        return {
            "walls": "none: untrusted code is an ordinary process of this user",
            "network": "not limited",
            "files": "not limited",
            "processes": "counted by the supervisor",
            "memory": "rlimit" if self._has_memory_limit else "not limited",
            "disk": "rlimit, for each file",
            "time": "the supervisor",
            "output": "the supervisor",
        }

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        """A fresh workspace with a supervisor beside it."""
        await self._room.acquire()
        return await opened(self._open(tree, environment, limits))

    async def _open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        rooms = AsyncExitStack()
        rooms.callback(self._room.release)
        try:
            folder = await asyncio.to_thread(self._make_folder, environment)
            rooms.push_async_callback(asyncio.to_thread, remove, folder)
            link = await self._spawn(rooms, folder)
        except BaseException:
            await rooms.aclose()
            raise
        try:
            await link.greet(self._config(folder, limits))
            locate = _locator(folder, environment)
            sandbox = SupervisedSandbox(BACKEND, link, environment, limits, NoGauge(), locate)
            await sandbox.write(tree)
        except BaseException:
            await link.close()
            raise
        return sandbox

    async def reap(self) -> int:
        """Remove the workspaces of processes that are gone; how many."""
        return await asyncio.to_thread(self._reap)

    async def _spawn(self, rooms: AsyncExitStack, folder: Path) -> Link:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        rooms.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", BOOT, str(HOUSE)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={},
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxUnavailable(f"The supervisor cannot be started: {error}.") from error
        rooms.push_async_callback(_end, process)
        return Link(process, rooms.aclose)

    def _config(self, folder: Path, limits: Limits) -> dict[str, Any]:
        chosen = rlimits(limits, memory=self._has_memory_limit)
        del chosen["NPROC"]  # it would count the other processes of this user, or for root none
        work = str(folder / "work")
        return supervision(
            limits,
            work,
            [work],
            inodes=UNCOUNTED,
            watch_processes=limits.processes,
            watch_memory=limits.memory_bytes if self._has_memory_limit else 0,
            rlimits=chosen,
            tick=0.1,
        )

    def _make_folder(self, environment: Environment) -> Path:
        """A folder for one sandbox; what it sees at its root lies beside the workspace here."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._scratch))
        for name in ("work", "home"):
            (folder / name).mkdir()
        for host, inside in environment.layers:
            if inside.count("/") == 1:
                (folder / inside.strip("/")).symlink_to(host)
        return folder

    def _reap(self) -> int:
        reaped = 0
        for folder in self._scratch.glob(PREFIX + "*"):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(folder)
                reaped += 1
            except BlockingIOError:
                continue
            finally:
                os.close(lock)
        return reaped


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _locator(folder: Path, environment: Environment) -> Callable[[str], str]:
    """Turns the places that were agreed for the inside into where they lie on this machine."""
    places = {WORKSPACE: str(folder / "work"), HOME: str(folder / "home")}
    places.update({inside: str(host) for host, inside in environment.layers})
    names = "|".join(re.escape(name) for name in sorted(places, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./-])(?:{names})(?![\w.-])")
    return lambda text: pattern.sub(lambda found: places[found[0]], text)

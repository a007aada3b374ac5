"""Sandboxes of Docker: hardened containers with no network, over the engine's own interface."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from core.errors import SandboxGone, SandboxUnavailable
from core.ports import Environment, Limits, Sandbox
from core.trees import Tree
from sandbox import seccomp
from sandbox.cgroups import groups_of
from sandbox.container import LABEL, container
from sandbox.docker_engine import Attached, Engine
from sandbox.docker_image import OwnImage
from sandbox.fitness import PROBE_LIMITS, holds_memory, insist, system_python
from sandbox.limits import rlimits, supervision
from sandbox.link import Link
from sandbox.opening import opened
from sandbox.slots import COUNT, FIRST_UID, LOW_UID, Slot, Slots
from sandbox.supervised import Gauge, NoGauge, SupervisedSandbox
from sandbox.walls import supervisor_archive, writable
from sandbox.workspace import WORKSPACE

BACKEND = "docker"
LOCKS = Path("/run/anton-docker")
REMEDY = "Let the Docker daemon run with its default seccomp profile, and not privileged."


class DockerProvider:
    """Serves the SandboxProvider port with containers of a Docker engine."""

    backend = BACKEND

    def __init__(
        self,
        scratch: Path,
        max_sandboxes: int = 4,
        *,
        allow_no_memory_limit: bool = False,
        host: str = "",
        image: str = "",
    ) -> None:
        """Open at most `max_sandboxes` at once.

        `host` is the engine's address, by default its socket on this machine; `image` is one that
        it has, by default one that is made of this machine's own Python and tools.
        """
        self._room = asyncio.Semaphore(max_sandboxes)
        self._locks = LOCKS if os.geteuid() == 0 else scratch / "docker-slots"
        self._allow_no_memory_limit = allow_no_memory_limit
        self._engine = Engine(host)
        self._image = OwnImage(self._engine, image)

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what; raises SandboxUnavailable, with the remedy, when unfit."""
        environment = system_python()
        sandbox = await self.open(Tree(), environment, PROBE_LIMITS)
        try:
            memory_held = await holds_memory(sandbox, environment.python)
        finally:
            await sandbox.close()
        if not (memory_held or self._allow_no_memory_limit):
            raise SandboxUnavailable(
                "The Docker engine does not limit memory.",
                remedy="Give it control groups, or set SANDBOX_ALLOW_NO_MEMORY_LIMIT=true.",
            )
        return await self._guarantees(memory_held=memory_held)

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        """A fresh container whose workspace holds `tree`; waits while all places are taken.

        Raises SandboxUnavailable when the engine does not answer, lacks the image, or does not
        give a container that holds what it promises.
        """
        await self._room.acquire()
        return await opened(self._open(tree, environment, limits))

    async def reap(self) -> int:
        """Remove the containers of dead servers; how many. None where no engine answers."""
        try:
            slots = await self._slots()
            found = await self._engine.labelled(f"{LABEL}={slots.prefix}")
        except SandboxUnavailable:
            return 0
        reaped = 0
        for name in found:
            number = name.removeprefix(f"{slots.prefix}-")
            if number.isdigit() and (slot := slots.lock(int(number))):
                try:
                    reaped += await self._engine.remove(name)
                finally:
                    slot.let_go()
        return reaped

    async def _open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        rooms = AsyncExitStack()
        rooms.callback(self._room.release)
        try:
            slot = await self._reserve(rooms)
            streams, gauge = await self._start(rooms, slot, environment, limits)
        except BaseException:
            await rooms.aclose()
            raise
        link = Link(streams, rooms.aclose)
        try:
            insist(await link.greet(await self._supervision(limits)), REMEDY)
            sandbox = SupervisedSandbox(BACKEND, link, environment, limits, gauge)
            await sandbox.write(tree)
        except SandboxGone as error:
            await link.close()
            raise SandboxUnavailable(f"No container serves: {error.message}") from error
        except BaseException:
            await link.close()
            raise
        return sandbox

    async def _reserve(self, rooms: AsyncExitStack) -> Slot:
        slots = await self._slots()
        slot = slots.take()
        rooms.callback(slot.let_go)
        await self._engine.remove(slot.name)
        rooms.push_async_callback(self._engine.remove, slot.name)
        return slot

    async def _start(
        self, rooms: AsyncExitStack, slot: Slot, environment: Environment, limits: Limits
    ) -> tuple[Attached, Gauge]:
        archive = supervisor_archive()
        wanted = container(
            environment.image or await self._image.name(),
            slot,
            environment,
            limits,
            supervisor_bytes=len(archive),
        )
        made = await self._engine.create(slot.name, wanted)
        streams = await self._engine.attach(made)
        rooms.push_async_callback(streams.close)
        streams.stdin.write(archive)
        process = Path("/proc", str(await self._engine.start(made)))
        group = groups_of(process, made)
        if group:
            group.limit_sockets(limits)
        return streams, group or NoGauge()

    async def _supervision(self, limits: Limits) -> dict[str, Any]:
        counted = (await self._engine.facts()).get("PidsLimit")
        return supervision(
            limits,
            WORKSPACE,
            [path for path, _, _ in writable(limits)],
            watch_processes=0 if counted else limits.processes,
            rlimits=rlimits(limits, memory=False),
            filter=seccomp.program(accounted=True).hex(),
        )

    async def _slots(self) -> Slots:
        facts = await self._engine.facts()
        options = " ".join(facts.get("SecurityOptions") or ())
        nested = "name=rootless" in options or "name=userns" in options
        return Slots(self._locks, LOW_UID if nested else FIRST_UID + COUNT)

    async def _guarantees(self, *, memory_held: bool) -> dict[str, str]:
        facts = await self._engine.facts()
        group = f"cgroup v{facts.get('CgroupVersion', '1')}"
        return {
            "walls": f"Docker {facts['ServerVersion']}: all capabilities dropped, read-only root",
            "user": "one for each sandbox, unprivileged",
            "network": "loopback alone",
            "files": f"image {await self._image.name()}; memory file systems of limited size",
            "system calls": "seccomp, the engine's and ours",
            "processes": f"{group} and rlimit" if facts.get("PidsLimit") else "the supervisor",
            "memory": group if memory_held else "not limited, as was allowed",
            "disk": "memory file systems of limited size",
            "time": "the supervisor",
            "output": "the supervisor",
        }

"""What a run of compose may use and Docker does not limit: tried, watched, and told."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core.errors import SandboxUnavailable
from core.evidence import RunEnd
from sandbox.compose_file import BUILD_LABEL, DISK, LABEL, PROCESSES
from sandbox.docker_engine import Engine

PROJECT = "com.docker.compose.project"
QUOTAS = ("overlay2", "btrfs", "zfs")
"""Storage drivers that can limit what a container writes, on a file system that can."""
LOOK_S = 1.0
REST = 3
"""Times as long as a look took until the next, since sizes are costly to tell."""


async def has_quotas(engine: Engine, image: str, project: str, label: str) -> bool:
    """Whether the engine limits what a container writes: tried with one that is never started."""
    if not image or (await engine.facts()).get("Driver") not in QUOTAS:
        return False
    name = f"{project}-quota"
    wanted = {
        "Image": image,
        "Cmd": ["true"],
        "Labels": {PROJECT: project, LABEL: label},
        "HostConfig": {"NetworkMode": "none", "StorageOpt": {"size": str(DISK)}},
    }
    try:
        await engine.create(name, wanted)
    except SandboxUnavailable:
        return False
    return await engine.remove(name)


def unlimited(*, quotas: bool, builds: bool) -> tuple[str, ...]:
    """What is not limited by the engine, as people are told."""
    size = f"{DISK // 1024**3} GiB"
    what = "in volumes" if quotas else "outside of memory"
    notes = [f"compose: what services write {what} is not limited, but ended at {size} when seen"]
    if builds:
        notes.append(
            "compose: processes and disk are not limited while images are built, but ended at"
            f" {PROCESSES} and {size} when seen"
        )
    return tuple(notes)


@dataclass
class Watch:
    """Looks at the containers of one run, those of its builds too."""

    engine: Engine
    project: str
    disk_bytes: int = DISK
    _written: dict[str, int] = field(default_factory=dict)
    """Bytes by container; a step of a build that is over has left them in its image."""

    async def broken(self) -> RunEnd:
        """Return when a bound is broken; which one it is."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            with suppress(SandboxUnavailable):  # what goes on under way ends under way
                if end := await self._look():
                    return end
            await asyncio.sleep(max(LOOK_S, REST * (loop.time() - began)))

    async def _look(self) -> RunEnd | None:
        services = await self._containers(f"{PROJECT}={self.project}")
        steps = await self._containers(f"{BUILD_LABEL}={self.project}")
        for one in (*services, *steps):
            self._written[one["Id"]] = int(one.get("SizeRw") or 0)
        if sum(self._written.values()) + await self._in_volumes(services) > self.disk_bytes:
            return RunEnd.LIMIT_DISK
        for one in steps:
            told = await self.engine.call("stats", one["Id"], stream=False, one_shot=True)
            if int((told.get("pids_stats") or {}).get("current") or 0) > PROCESSES:
                return RunEnd.LIMIT_PROCESSES
        return None

    async def _containers(self, label: str) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self.engine.call(
            "containers", all=True, size=True, filters={"label": label}
        )
        return found

    async def _in_volumes(self, containers: Sequence[Mapping[str, Any]]) -> int:
        names = set(_volumes(containers))
        if not names:
            return 0
        used = await self.engine.call("df")
        return sum(
            max(0, int((volume.get("UsageData") or {}).get("Size") or 0))
            for volume in used.get("Volumes") or ()
            if volume["Name"] in names
        )


def _volumes(containers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in containers:
        for mount in one.get("Mounts") or ():
            if mount.get("Type") == "volume":
                yield str(mount.get("Name"))

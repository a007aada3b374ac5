"""What a dead server left on this machine: processes, control groups, containers, folders."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.bubblewrap import LOCKS
from sandbox.docker_engine import Engine
from sandbox.storage import UNFINISHED

TEMPORARY = (UNFINISHED, "tmp", "anton-")
"""How names begin of what is there for a while only."""


@dataclass(frozen=True)
class Beginning:
    """One process, told apart from a later one of the same number."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        stat = _stat(self.pid)
        return bool(stat) and stat[19] == self.started and stat[0] not in "ZX"


def descendants(pid: int) -> set[Beginning]:
    """All processes below this one."""
    children: dict[int, list[Beginning]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if stat := _stat(int(folder.name)):
            children.setdefault(int(stat[1]), []).append(Beginning(int(folder.name), stat[19]))
    found: list[Beginning] = list(children.get(pid, ()))
    for one in found:
        found += children.get(one.pid, ())
    return set(found)


def carrying(mark: str) -> list[int]:
    """Processes of any user that sleep for so long."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            if arguments[:2] == [b"sleep", mark.encode()]:
                found.append(int(folder.name))
    return found


def noted(pid: int, scratch: Path) -> dict[str, list[Path]]:
    """Places of sandboxes whose owner is this process, each with its control groups."""
    folder = LOCKS if os.geteuid() == 0 else scratch / "sandboxes" / "slots"
    found = {}
    for lock in folder.glob("*.lock"):
        first, *groups = lock.read_text().splitlines() or [""]
        if first == f"process {pid}":
            found[lock.name] = [Path(group) for group in groups]
    return found


def temporary(folders: list[Path]) -> list[str]:
    """What lies in these folders, at any depth of the first two, and was for a while only."""
    found = []
    for folder in folders:
        for path in (*folder.glob("*"), *folder.glob("*/*"), *folder.glob("*/*/*")):
            if path.name.startswith(TEMPORARY):
                found.append(str(path))
    return found


async def running(options: Mapping[str, Any]) -> int:
    """Containers that run."""
    return len(await Engine(options.get("host", "")).call("containers"))


async def containers(options: Mapping[str, Any]) -> dict[str, int]:
    """Containers, volumes and networks that the engine has beside its own."""
    engine = Engine(options.get("host", ""))
    volumes = await engine.call("volumes")
    networks = await engine.call("networks")
    return {
        "containers": len(await engine.call("containers", all=True)),
        "volumes": len(volumes.get("Volumes") or ()),
        "networks": len([one for one in networks if one["Name"] not in ("none", "host", "bridge")]),
    }


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, … and as the 20th the start."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []

"""Control groups, version 1 or 2, wherever this process may make them: one for each sandbox."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from core.errors import SandboxError
from core.ports import Limits
from sandbox.supervised import Strain

CONTROLLERS = ("memory", "pids")
SHARING = "cpu"
"""Where it can be had, all programs of a sandbox together get the processor time of one."""
SUPERVISOR = 1
SOCKETS = "memory.kmem.tcp.limit_in_bytes"
SOCKET_SHARE = 4
END_S = 2.0


class ControlGroup:
    """The limits of one sandbox, and the count of what they refused."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Be the group at these folders: one in version 2, one for each controller in 1."""
        self._folders = tuple(dict.fromkeys(folders))

    def make(self, limits: Limits) -> None:
        """Create it; raises SandboxError where the kernel does not let us after all."""
        sizes = {
            "memory.max": limits.memory_bytes,
            "memory.swap.max": 0,
            "memory.limit_in_bytes": limits.memory_bytes,
            "memory.memsw.limit_in_bytes": limits.memory_bytes,
            SOCKETS: limits.memory_bytes // SOCKET_SHARE,
            "pids.max": limits.processes + SUPERVISOR,
        }
        try:
            for folder in self._folders:
                folder.mkdir(exist_ok=True)
                for name, size in sizes.items():
                    if (folder / name).exists():
                        (folder / name).write_text(str(size))
        except OSError as error:
            raise SandboxError(f"The control group cannot be made: {error}.") from error

    def limit_sockets(self, limits: Limits) -> None:
        """Limit what buffers of sockets take, where version 1 counts them apart and lets us."""
        for folder in self._folders:
            with suppress(OSError):
                if (folder / SOCKETS).exists():
                    (folder / SOCKETS).write_text(str(limits.memory_bytes // SOCKET_SHARE))

    def add(self, pid: int) -> None:
        """Put a process in, before it starts others."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def read(self) -> Strain:
        """What it refused so far."""
        return Strain(
            refused_forks=self._count("pids.events", "max"),
            memory_kills=max(
                self._count("memory.events", "oom_kill"),
                self._count("memory.oom_control", "oom_kill"),
            ),
        )

    def pids(self) -> list[int]:
        """The processes in it."""
        found: set[int] = set()
        for folder in self._folders:
            with suppress(FileNotFoundError):
                found.update(map(int, (folder / "cgroup.procs").read_text().split()))
        return sorted(found)

    async def end(self) -> bool:
        """Kill what is left in it and remove it, within two seconds; whether it was there."""
        existed = any(folder.exists() for folder in self._folders)
        for _ in range(int(END_S / 0.005)):
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if all(self._removed(folder) for folder in self._folders):
                return existed
            await asyncio.sleep(0.005)
        raise SandboxError(f"The control group {self._folders[0].name} does not get empty.")

    def _count(self, name: str, key: str) -> int:
        for folder in self._folders:
            with suppress(FileNotFoundError):
                for line in (folder / name).read_text().splitlines():
                    if line.startswith(key + " "):
                        return int(line.split()[1])
        return 0

    @staticmethod
    def _removed(folder: Path) -> bool:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


class ControlGroups:
    """Where groups for sandboxes can be made."""

    def __init__(self, parents: dict[str, Path], version: int) -> None:
        """Make groups below these folders, one for each controller."""
        self.parents = parents
        self.version = version
        """Of the interface: 1 or 2; 0 where there is none."""

    @classmethod
    def find(cls, proc: Path = Path("/proc/self")) -> Self:
        """Look through the mounts for memory and pids below our own group."""
        mounts = [_Mount(line) for line in (proc / "mountinfo").read_text().splitlines()]
        own = dict(_memberships((proc / "cgroup").read_text()))
        for mount in mounts:
            if mount.kind == "cgroup2" and (parent := _version_2(mount.resolve(own.get("", "/")))):
                return cls(dict.fromkeys(CONTROLLERS, parent), 2)
        parents = {}
        for mount in (mount for mount in mounts if mount.kind == "cgroup"):
            for controller in set(mount.options) & {*CONTROLLERS, SHARING}:
                folder = mount.resolve(own.get(controller, "/"))
                if os.access(folder, os.W_OK):
                    parents[controller] = folder
        return cls(parents, 1 if parents else 0)

    def enforces(self, controller: str) -> bool:
        """Whether this is limited by a group."""
        return controller in self.parents

    def folders(self, name: str) -> list[Path]:
        """Where the group of this name lies."""
        return [parent / name for parent in self.parents.values()]


def groups_of(process: Path, mark: str) -> ControlGroup | None:
    """The group of a process of this machine, for reading; None where it cannot be seen.

    `process` is its folder in /proc; `mark` must be in the group's name, for another machine's
    process may have the same number here.
    """
    try:
        memberships = dict(_memberships((process / "cgroup").read_text()))
        mounts = [_Mount(line) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    except OSError:
        return None
    folders = []
    for mount in mounts:
        names = [""] if mount.kind == "cgroup2" else sorted(set(mount.options) & {*CONTROLLERS})
        for group in (memberships.get(name, "") for name in names if mount.kind[:6] == "cgroup"):
            if mark in group:
                folders.append(mount.resolve(group))
    return ControlGroup(folders) if folders else None


class _Mount:
    """One line of mountinfo."""

    def __init__(self, line: str) -> None:
        before, _, after = line.partition(" - ")
        self.root, self.point = before.split()[3:5]
        self.kind, _, options = after.split(" ", 2)
        self.options = options.split(",")

    def resolve(self, group: str) -> Path:
        """The folder of a group; the mount itself where the group lies beyond it."""
        inner = os.path.relpath(group, self.root)
        folder = Path(self.point) / inner
        return Path(self.point) if inner.startswith("..") or not folder.is_dir() else folder


def _memberships(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        _, controllers, group = line.split(":", 2)
        found.extend((controller, group) for controller in controllers.split(","))
    return found


def _version_2(own: Path) -> Path | None:
    """Our own group or the one above, whichever may hand its controllers down.

    A group that holds processes may not, so a service gets a group below its own for itself
    (systemd: Delegate=yes with DelegateSubgroup=).
    """
    for folder in (own, own.parent):
        control = folder / "cgroup.subtree_control"
        if not (os.access(folder, os.W_OK) and os.access(control, os.W_OK)):
            continue
        with suppress(OSError):
            control.write_text("+" + SHARING)
        with suppress(OSError):
            if not set(CONTROLLERS) <= set(control.read_text().split()):
                control.write_text(" ".join("+" + name for name in CONTROLLERS))
            return folder
    return None

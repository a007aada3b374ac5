"""The processes below the supervisor: reaped, watched, and ended to the last one."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import Any

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
PAGE = os.sysconf("SC_PAGE_SIZE")
KILL_S = 5.0
NEARLY = 0.75


class Immortal(Exception):
    """A process outlived SIGKILL."""


class Family:
    """All that the supervisor's children started, and their children.

    As the first process of its own process namespace the supervisor owns every other process
    there; elsewhere it adopts orphans, and finds its descendants by their parents.
    """

    def __init__(self) -> None:
        self.alone = os.getpid() == 1
        self.statuses: dict[int, int] = {}
        self.peak = 0
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl
        self._prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if self.alone:
            self._prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

    def offer(self) -> None:
        """Called in a child: when memory ends, it goes before the supervisor.

        A process that is hidden from others may not write this about itself either.
        """
        self._prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        with open("/proc/self/oom_score_adj", "wb") as file:
            file.write(b"1000")

    def reap(self) -> bool:
        """Collect those that ended; whether any process may be left."""
        try:
            while True:
                pid, status, used = os.wait4(-1, os.WNOHANG)
                if not pid:
                    return True
                self.statuses[pid] = status
                self.peak = max(self.peak, used.ru_maxrss * 1024)
        except ChildProcessError:
            return False

    def end(self) -> None:
        """Kill and collect all of them; raises Immortal after five seconds."""
        deadline = time.monotonic() + KILL_S
        while True:
            self._kill()
            if not self.reap():
                return
            if time.monotonic() > deadline:
                raise Immortal
            time.sleep(0.001)

    def status(self, pid: int) -> int | None:
        """How this child ended, as waitpid tells; None while it runs."""
        self.reap()
        return self.statuses.get(pid)

    def forget(self) -> None:
        """Drop what is known of those that ended."""
        self.statuses.clear()
        self.peak = 0

    def sizes(self) -> dict[int, int]:
        """For each living process its bytes of memory, what it shares with a parent included."""
        found = {}
        for pid in self._members():
            try:
                with open(f"/proc/{pid}/statm", "rb") as file:
                    resident, shared = file.read().split()[1:3]
                found[pid] = (int(resident) - int(shared)) * PAGE
            except (OSError, ValueError):
                continue
        return found

    def _kill(self) -> None:
        if self.alone:
            _signal(-1)
        else:
            for pid in self._members():
                _signal(pid)

    def _members(self) -> list[int]:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        if self.alone:
            return [pid for pid in pids if pid != 1]
        children: dict[int, list[int]] = {}
        for pid in pids:
            children.setdefault(_parent(pid), []).append(pid)
        found = list(children.get(os.getpid(), ()))
        for pid in found:
            found.extend(children.get(pid, ()))
        return found


class Disk:
    """What programs wrote to file systems that nobody else writes to, since this looked first."""

    def __init__(self, places: list[int], max_bytes: int, max_files: int) -> None:
        self._places = list({os.fstat(place).st_dev: place for place in places}.values())
        self._most = (max_bytes, max_files)
        self._before = self._used()
        self._begun = (0, 0)

    def begin(self) -> None:
        """A run begins: what is there already does not end it, so that it may clear away."""
        self._begun = self._grown()

    def is_spent(self) -> bool:
        """Whether it grew by more than it may, and did so since the run began."""
        grown = self._grown()
        return any(grown[kind] > max(self._most[kind], self._begun[kind]) for kind in (0, 1))

    def _grown(self) -> tuple[int, int]:
        (used, files), (used_before, files_before) = self._used(), self._before
        return used - used_before, files - files_before

    def _used(self) -> tuple[int, int]:
        rooms = [os.fstatvfs(place) for place in self._places]
        used = sum((room.f_blocks - room.f_bfree) * room.f_frsize for room in rooms)
        return used, sum(room.f_files - room.f_ffree for room in rooms)


class Watch:
    """Sees limits that the kernel enforces without a word, and those it does not enforce."""

    def __init__(self, family: Family, config: dict[str, Any]) -> None:
        self.disk_full = False
        self._family = family
        self._places = [os.open(path, os.O_PATH) for path in config["places"]]
        self._inodes: int = config["inodes"]
        growth: int = config.get("watch_disk", 0)
        self._disk = Disk(self._places, growth, self._inodes) if growth else None
        self._processes: int = config["watch_processes"]
        self._memory: int = config["watch_memory"]
        self._crowded = 0
        self._pause = config["tick"]
        self._next = 0.0

    def begin(self) -> None:
        """A run begins."""
        self.disk_full = False
        if self._disk:
            self._disk.begin()

    def breach(self, now: bool = False) -> str:
        """The limit that calls for an end, or nothing; looks once a tick, or `now`."""
        if time.monotonic() < self._next and not now:
            return ""
        self._next = time.monotonic() + self._pause
        if self._is_disk_crowded():
            return "disk"
        if not (self._processes or self._memory):
            return ""
        sizes = self._family.sizes()
        self._crowded = self._crowded + 1 if len(sizes) >= self._processes > 0 else 0
        if self._crowded > 1:
            return "pids"
        return "memory" if self._is_memory_spent(sizes) else ""

    def is_memory_short(self) -> bool:
        """Whether some process came so near to its limit that it must have felt it."""
        return 0 < self._memory * NEARLY < self._family.peak

    def _is_memory_spent(self, sizes: dict[int, int]) -> bool:
        """Counting shared pages takes longer, so it is done only when the quick sum is too much."""
        if not self._memory or sum(sizes.values()) <= self._memory:
            return False
        return sum(_share(pid, size) for pid, size in sizes.items()) > self._memory

    def _is_disk_crowded(self) -> bool:
        if self._disk:
            self.disk_full = self._disk.is_spent()
            return self.disk_full
        crowded = False
        for place in self._places:
            room = os.fstatvfs(place)
            has_room = room.f_bavail and (room.f_favail or not room.f_files)
            self.disk_full = self.disk_full or not has_room
            crowded = crowded or room.f_files - room.f_ffree > self._inodes
        return crowded


def _signal(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _share(pid: int, otherwise: int) -> int:
    """The bytes of a process, where those that it shares are divided among all who do."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return (
                sum(int(line.split()[1]) for line in file if line.startswith(b"Pss_Anon:")) * 1024
            )
    except OSError:
        return otherwise


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return -1

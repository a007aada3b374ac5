"""How the limits of a sandbox are shared out among what enforces them."""

from dataclasses import dataclass
from typing import Any

from core.ports import Limits

MIB = 1024**2
FLOOD_BYTES = 4 * 1024**3
"""Output beyond this is an attack, and ends the run."""
OPEN_FILES = 4096
SPARE_PROCESSES = 50
UNCOUNTED = 1 << 62


@dataclass(frozen=True)
class Places:
    """Bytes for each writable place; together they leave memory for the programs."""

    work: int
    temporary: int
    home: int
    shared: int


def places(limits: Limits) -> Places:
    """Sizes of the writable places, all of which live in memory."""
    memory = limits.memory_bytes
    small = max(MIB, min(64 * MIB, memory // 16))
    return Places(
        work=max(MIB, min(limits.disk_bytes, memory // 2)),
        temporary=max(MIB, min(limits.disk_bytes // 2, memory // 8)),
        home=small,
        shared=small,
    )


def rlimits(limits: Limits, *, memory: bool) -> dict[str, int]:
    """Limits of each process, its memory only when asked.

    A process is refused by these a little later than by a control group or by the supervisor, for
    only with those it leaves a trace.
    """
    chosen = {
        "CORE": 0,
        "FSIZE": limits.disk_bytes,
        "NOFILE": OPEN_FILES,
        "MSGQUEUE": 0,
        "NPROC": limits.processes + SPARE_PROCESSES,
    }
    return {**chosen, "AS": limits.memory_bytes} if memory else chosen


def inodes(limits: Limits) -> int:
    """Files that may lie in one writable place."""
    return max(100_000, limits.disk_bytes // 4096)


def supervision(limits: Limits, workspace: str, writable: list[str], **more: Any) -> dict[str, Any]:
    """The configuration of a supervisor; `more` overrides single entries."""
    return {
        "workspace": workspace,
        "places": writable,
        "inodes": inodes(limits),
        "watch_processes": 0,
        "watch_memory": 0,
        "rlimits": {},
        "output": limits.output_bytes,
        "flood": FLOOD_BYTES,
        "tick": 0.05,
        **more,
    }

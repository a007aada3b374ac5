"""How a child tells its parent how far it is, and under which limits it works."""

import contextlib
import ctypes
import json
import os
import resource
import signal
from typing import Any

EXTRA_MEMORY = 1 << 30
"""Bytes of address space that a child may take beyond what it starts with."""
GRACE_S = 1.0
"""Wall time beyond the limits of a test before the parent ends the child."""
WORDS = 160
"""Characters of an error that are told."""


class Line:
    """A child's end of the pipe to its parent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def tell(self, **facts: Any) -> None:
        """One fact, or the verdict."""
        write_all(self._fd, (json.dumps(facts) + "\n").encode())

    def limit(self, seconds: float) -> None:
        """Let the kernel end this process after so much processor time, or more wall time.

        The default actions of the signals do it, so that code which never returns to the
        interpreter ends as well.
        """
        wall = 2 * seconds + GRACE_S
        self.tell(deadline=wall + GRACE_S)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, wall)

    def unlimited(self) -> None:
        """Stop both clocks."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def limit_memory() -> None:
    """Bound this process's address space."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = now + EXTRA_MEMORY
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (soft if hard < 0 else min(soft, hard), hard))

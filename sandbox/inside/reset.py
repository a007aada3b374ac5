"""Takes away all that a program can leave in a sandbox, or says that something may be left."""

from __future__ import annotations

import ctypes
import os
import stat

from sandbox.inside.files import FOLDER, Refused, remove

IPC_RMID = 0
KINDS = ("shm", "sem", "msg")
SOCKETS = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "udplite", "udplite6", "unix", "packet")
"""Tables of the kernel that hold one line for each socket, behind a heading."""


class Places:
    """The folders that programs may write to, as they were when nothing had run."""

    def __init__(self, paths: list[str]) -> None:
        self._modes = {path: stat.S_IMODE(os.stat(path).st_mode) for path in paths}

    def empty(self) -> bool:
        """Remove what lies in them; whether nothing is left there."""
        try:
            for path, mode in self._modes.items():
                _empty(path, mode)
        except (OSError, RecursionError, Refused):
            return False
        return True


def forget_shared_memory() -> bool:
    """Remove what outlives processes without being a file; whether nothing is left of it."""
    libc = ctypes.CDLL(None, use_errno=True)
    ends = {
        "shm": lambda number: libc.shmctl(number, IPC_RMID, None),
        "sem": lambda number: libc.semctl(number, 0, IPC_RMID),
        "msg": lambda number: libc.msgctl(number, IPC_RMID, None),
    }
    for kind in KINDS:
        for line in _table(f"/proc/sysvipc/{kind}"):
            ends[kind](int(line.split()[1]))
    return not any(_table(f"/proc/sysvipc/{kind}") for kind in KINDS)


def are_sockets_gone() -> bool:
    """Whether no socket lingers, as those do that were closed a moment ago."""
    return not any(_table(f"/proc/net/{kind}") for kind in SOCKETS)


def _empty(path: str, mode: int) -> None:
    is_ours = os.stat(path).st_uid == os.getuid()
    if is_ours:
        os.chmod(path, 0o700)
    folder = os.open(path, FOLDER)
    try:
        for name in os.listdir(folder):
            remove(folder, name)
        for name in os.listxattr(folder):
            os.removexattr(folder, name)
    finally:
        os.close(folder)
    if is_ours:
        os.chmod(path, mode)


def _table(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().splitlines()[1:]
    except FileNotFoundError:
        return []

"""Numbered places for running sandboxes, each with a user id that nobody else has at the time."""

import fcntl
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core.errors import SandboxError, SandboxUnavailable

FIRST_UID = 1_900_000_000
"""Between the ranges that distributions give to containers and the end of signed numbers."""
LOW_UID = 60_600
"""For a user namespace that does not reach that far."""
COUNT = 512
NAME = "anton-"
"""How the names of all that belongs to a sandbox begin."""
END_S = 2.0


class Slot:
    """One place, held by a lock that ends with this process."""

    def __init__(self, fd: int, name: str, uid: int | None) -> None:
        """Own the locked descriptor."""
        self.name = name
        """Name of all that belongs to it, as control groups."""
        self.uid = uid
        """User to run as; None to stay who we are."""
        self._fd = fd

    @property
    def is_noted(self) -> bool:
        """Whether its last owner did not clear away."""
        return bool(self._text())

    @property
    def belongings(self) -> list[str]:
        """The folders of control groups that were noted here."""
        return self._text().splitlines()[1:]

    def note(self, belongings: list[str]) -> None:
        """Write down what will have to be cleared away if this process dies."""
        self.forget()
        os.pwrite(self._fd, "\n".join([f"process {os.getpid()}", *belongings]).encode(), 0)

    def forget(self) -> None:
        """All that was noted is cleared away."""
        os.ftruncate(self._fd, 0)

    def let_go(self) -> None:
        """Unlock; a note that still stands is for whoever comes next."""
        os.close(self._fd)

    def _text(self) -> str:
        return os.pread(self._fd, 1 << 16, 0).decode()


class Slots:
    """The places of this machine, or where we are not root, of this user."""

    def __init__(self, folder: Path, first: int | None = None) -> None:
        """Keep the locks in `folder`.

        The places have the user ids from `first` on; by default those of this machine, or for
        who is not root none.
        """
        self._folder = folder
        self._first = first_uid() if first is None and os.geteuid() == 0 else first
        place = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:8]
        self.prefix = f"{NAME}{os.geteuid()}-{place}"
        """How the names of these places begin."""

    def take(self) -> Slot:
        """The first free place; raises SandboxUnavailable when there is none."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SandboxUnavailable(
                f"The locks of sandboxes cannot be kept in {self._folder}: {error}.",
                remedy="Make that folder writable.",
            ) from error
        for number in range(COUNT):
            if slot := self.lock(number):
                return slot
        raise SandboxUnavailable(
            f"All {COUNT} places for sandboxes are taken.",
            remedy="Lower MAX_CONCURRENT_TASKS, or stop other servers on this machine.",
        )

    def abandoned(self) -> Iterator[Slot]:
        """Places whose owner died before it could clear away."""
        for file in self._folder.glob("*.lock"):
            if file.stem.isdigit() and (slot := self.lock(int(file.stem))):
                if slot.is_noted:
                    yield slot
                else:
                    slot.let_go()

    def lock(self, number: int) -> Slot | None:
        """The place of this number, if nobody holds it."""
        path = self._folder / f"{number}.lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        if self._first is None:
            return Slot(fd, f"{self.prefix}-{number}", None)
        return Slot(fd, f"{self.prefix}-{number}", self._first + number)


def first_uid(uid_map: Path = Path("/proc/self/uid_map")) -> int:
    """The first user id to give to sandboxes; raises SandboxUnavailable where none exists here."""
    ranges = [tuple(map(int, line.split())) for line in uid_map.read_text().splitlines()]
    for first in (FIRST_UID, LOW_UID):
        if any(start <= first and first + COUNT <= start + size for start, _, size in ranges):
            return first
    raise SandboxUnavailable(
        "This user namespace has no unprivileged users to run sandboxes as.",
        remedy="Run Anton as an ordinary user, or give its container a larger range of user ids.",
    )


def end_processes_of(uid: int) -> None:
    """Kill all processes of a user that is a sandbox's alone, within two seconds."""
    deadline = time.monotonic() + END_S
    while pids := _processes_of(uid):
        if time.monotonic() > deadline:
            raise SandboxError(f"Processes of user {uid} outlive SIGKILL: {pids}.")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _processes_of(uid: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and f"\nUid:\t{uid}\t" in (folder / "status").read_text():
                found.append(int(folder.name))
    return found

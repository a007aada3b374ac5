"""Prepared folders that are kept by name: made once, locked while in use, the oldest removed.

A server that never ends would else keep all that it ever prepared.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sandbox.programs import Programs
from sandbox.storage import UNFINISHED, Lock, open_folder, remove, sweep

MAX_KEPT = 20
MAX_BYTES = 20 * 1024**3
"""Of all folders of one kind together; the latest stays whatever its size."""
MAX_AGE_S = 30 * 24 * 3600.0
"""Time without use after which a folder is removed."""
IDLE_S = 24 * 3600.0
"""Time after which a folder that was not asked for again counts as in use no more."""
RETRY_S = 600.0
"""Time after which what could not be made whole is tried anew."""
TRIES = 50


class Shelf:
    """The folders of one kind, which processes share."""

    def __init__(
        self, place: Path, locks: Path, programs: Programs, max_kept: int = MAX_KEPT
    ) -> None:
        """Keep at most `max_kept` below `place`; whoever waits is let go when `programs` end."""
        self._place = place
        self._locks = locks
        self._programs = programs
        self._max_kept = max_kept
        self._in_use: dict[str, Lock] = {}
        self._guard = threading.Lock()
        open_folder(place)

    def held(self, name: str, make: Callable[[Path], None]) -> Path:
        """The folder of this name, made if need be, and locked against removal for a day."""
        folder = self._place / name
        with self._guard:
            if name in self._in_use and folder.exists():
                os.utime(folder)
                return folder
        lock, is_new = Lock(self._locks / name), False
        lock.share()
        try:
            if not folder.exists():
                # Whoever came at the same time and was first shares its lock for good.
                self._programs.wait_for(lambda: folder.exists() or lock.alone_at_once())
                if not folder.exists():
                    make(folder)
                    is_new = True
                lock.share()
        except BaseException:
            lock.release()
            raise
        os.utime(folder)
        with self._guard:
            if name in self._in_use:
                lock.release()
            else:
                self._in_use[name] = lock
        self._prune(name, weighed=is_new)
        return folder

    def whole(self, name: str, make: Callable[[Path], None], lacks: Callable[[Path], bool]) -> Path:
        """The folder of this name; one that `lacks` something is made anew after a while.

        The older one stays beside it, for whoever uses it still.
        """
        folder = self.held(name, make)
        for number in range(1, TRIES):
            if not lacks(folder) or time.time() - _made_at(folder) < RETRY_S:
                break
            folder = self.held(f"{name}-{number}", make)
        return folder

    def close(self) -> None:
        """Let go of all folders; harmless when repeated."""
        with self._guard:
            while self._in_use:
                self._in_use.popitem()[1].release()

    def _prune(self, latest: str, *, weighed: bool) -> None:
        """Remove what dead processes were making, and the folders not used for longest.

        Too many, too old, or, where they are `weighed`, too large together; none in use.
        """
        sweep(self._place)
        self._let_go_of_idle(latest)
        folders = sorted(
            self._place.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True
        )
        finished = [folder for folder in folders if not folder.name.startswith(UNFINISHED)]
        room = MAX_BYTES
        for number, folder in enumerate(finished):
            room -= _bytes_of(folder) if weighed else 0
            is_old = time.time() - folder.stat().st_mtime > MAX_AGE_S
            if folder.name == latest or not (number >= self._max_kept or is_old or room < 0):
                continue
            lock = Lock(self._locks / folder.name)
            if lock.alone_at_once():
                remove(folder)
            lock.release()

    def _let_go_of_idle(self, latest: str) -> None:
        with self._guard:
            for name in [name for name in self._in_use if name != latest]:
                folder = self._place / name
                if not folder.exists() or time.time() - folder.stat().st_mtime > IDLE_S:
                    self._in_use.pop(name).release()


def _made_at(folder: Path) -> float:
    """When it was made: its own time is that of its last use."""
    return max((file.stat().st_mtime for file in folder.iterdir() if file.is_file()), default=0.0)


def _bytes_of(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).lstat().st_size
    return total

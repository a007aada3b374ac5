"""Prepared folders that are kept by name: made once, locked while in use, the oldest removed."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from sandbox.programs import Programs
from sandbox.storage import UNFINISHED, Lock, open_folder, remove, sweep

MAX_KEPT = 20


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
        """The folder of this name, made if need be, and locked against removal while we live."""
        folder = self._place / name
        with self._guard:
            known = name in self._in_use
        if known and folder.exists():
            os.utime(folder)
            return folder
        lock = Lock(self._locks / name)
        lock.share()
        try:
            if not folder.exists():
                # Whoever came at the same time and was first shares its lock for good.
                self._programs.wait_for(lambda: folder.exists() or lock.alone_at_once())
                if not folder.exists():
                    make(folder)
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
        self._prune(name)
        return folder

    def close(self) -> None:
        """Let go of all folders; harmless when repeated."""
        with self._guard:
            while self._in_use:
                self._in_use.popitem()[1].release()

    def _prune(self, latest: str) -> None:
        """Remove what dead processes were making, and the folders not used for longest."""
        sweep(self._place)
        folders = sorted(
            self._place.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True
        )
        finished = [folder for folder in folders if not folder.name.startswith(UNFINISHED)]
        for folder in finished[self._max_kept :]:
            lock = Lock(self._locks / folder.name)
            if folder.name != latest and lock.alone_at_once():
                remove(folder)
            lock.release()

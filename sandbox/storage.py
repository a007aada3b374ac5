"""Prepared folders on disk: made aside, renamed into place at once, locked while in use."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".new-"
ALONE_AT_ONCE = fcntl.LOCK_EX | fcntl.LOCK_NB


@contextmanager
def publish(target: Path) -> Iterator[Path]:
    """A fresh folder beside `target` that becomes `target` when the block ends well.

    It is locked as long as this process makes it, so that `sweep` knows those of dead ones.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent, fcntl.LOCK_SH):
        fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
        making = _opened(fresh)
        fcntl.flock(making, fcntl.LOCK_EX)
    try:
        yield fresh
        try:
            fresh.rename(target)
        except OSError:
            if not target.exists():
                raise
    finally:
        remove(fresh)
        os.close(making)


def sweep(place: Path) -> None:
    """Remove what processes that are gone were making in this folder; harmless without it."""
    if not place.is_dir():
        return
    with _locked(place, fcntl.LOCK_EX):
        for folder in place.glob(f"{UNFINISHED}*"):
            with suppress(FileNotFoundError, BlockingIOError), _locked(folder, ALONE_AT_ONCE):
                remove(folder)


def remove(folder: Path) -> None:
    """Take a folder away, read-only parts and all; harmless when it is not there."""
    if not folder.exists():
        return
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def world_readable(folder: Path) -> None:
    """Let everybody read all of it and nobody write."""
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o555 if path.stat().st_mode & stat.S_IXUSR else 0o444)
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o555)
    folder.chmod(0o555)


def open_folder(folder: Path) -> None:
    """Make a folder that everybody can enter, whatever the umask."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o055 != 0o055:
        folder.chmod(0o755)


def reachable(path: Path) -> bool:
    """Whether an unprivileged sandbox gets there; one that keeps our own uid always does."""
    if os.geteuid() != 0:
        return True
    return all(
        not folder.exists() or folder.stat().st_mode & stat.S_IXOTH
        for folder in (path, *path.parents)
    )


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    fd = _opened(folder)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


class Lock:
    """A lock file: held alone while a folder is made, shared while it is in use."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def alone_at_once(self) -> bool:
        """Hold it alone if nobody else holds it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Hold it together with others."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def release(self) -> None:
        """Hold it no more."""
        os.close(self._file)

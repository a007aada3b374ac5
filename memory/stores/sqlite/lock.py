"""One driving process per data folder."""

import fcntl
import os
from pathlib import Path

from core.errors import StoreTaken, StoreUnusable


class FileLock:
    """An exclusive lock that ends with its holder, however that one ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "FileLock":
        """Lock the file; raises StoreTaken, naming the holder, when another process has it."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise _failure(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StoreTaken(
                f"Another Anton works on {path.parent} (process {holder or 'unknown'}).",
                remedy="stop it, or choose another DATA_DIR",
            ) from error
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(descriptor)
            raise _failure(path, error) from error
        return cls(descriptor)

    def release(self) -> None:
        """Give it back; the file stays, as removing it would let two processes lock two files."""
        os.close(self._descriptor)


def _failure(path: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        f"{path} cannot be written: {error.strerror}.",
        remedy="make its folder writable, with space left, or choose another DATA_DIR",
    )

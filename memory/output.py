"""Files for people: `{directory}/{task_id}/…` below one folder, and never outside of it."""

import asyncio
import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from core.errors import StoreError, StoreUnusable

PART_MAX = 255


class OutputFolder:
    """Writes a task's files, each atomically; links on the way are refused, not followed."""

    def __init__(self, root: Path) -> None:
        """Take LOCAL_OUTPUT_DIR; the operator chose it, so it may itself be reached by a link."""
        self._root = root

    async def write(self, task_id: str, files: Mapping[str, bytes], *, directory: str = "") -> Path:
        """Write files by relative path; the folder that holds them.

        Raises StoreError, before anything is written, when a path leads elsewhere, and
        StoreUnusable when the disk does not take them.
        """
        places = {path: (*parts_of(directory), task_id, *parts_of(path)) for path in files}
        if not all(parts_of(path) for path in files) or len(parts_of(task_id)) != 1:
            raise StoreError("An output file needs a name.")
        for path, place in places.items():
            await asyncio.to_thread(self._write, place, files[path])
        return self._root.joinpath(*parts_of(directory), task_id)

    def _write(self, place: tuple[str, ...], data: bytes) -> None:
        *folders, name = place
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with _walk(self._root, folders) as folder:
                _refuse_link(folder, name)
                _replace(folder, name, data)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise StoreError(f"{'/'.join(place)} leads over a link or a file.") from error
            raise StoreUnusable(
                f"{'/'.join(place)} cannot be written: {error.strerror}."
            ) from error


def parts_of(path: str) -> tuple[str, ...]:
    """The parts of a relative path; raises StoreError for one that could lead elsewhere."""
    parts = PurePosixPath(path).parts
    odd = "\0" in path or "\\" in path or path.startswith("/")
    if odd or ".." in parts or any(len(os.fsencode(part)) > PART_MAX for part in parts):
        raise StoreError(f"{path[:80]!r} does not lead to a place below the output folder.")
    return parts


@contextmanager
def _walk(root: Path, folders: list[str]) -> Iterator[int]:
    """Open folder after folder, each by its parent's descriptor, making those that are missing."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in folders:
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=here)
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _refuse_link(folder: int, name: str) -> None:
    entries = {entry.name: entry for entry in os.scandir(folder)}
    if name in entries and not entries[name].is_file(follow_symlinks=False):
        raise StoreError(f"{name} is a link or a folder: it is not overwritten.")


def _replace(folder: int, name: str, data: bytes) -> None:
    draft = f".{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(draft, dir_fd=folder)
        raise
    os.fsync(folder)

"""The workspace, seen from inside: every path is walked folder by folder, and no link is followed.

Untrusted code may swap files while this reads, so each step opens by descriptor with O_NOFOLLOW,
and nothing but a regular file is ever read.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MAX_DEPTH = 64
LINK = "120000"
"""Git's mode of a link."""
KINDS = {
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
}
KINDS[stat.S_IFBLK] = tarfile.BLKTYPE


class Refused(Exception):
    """Something that is no regular file, or too much of it."""


class Workspace:
    """The folder that the host fills and reads, held open by descriptor."""

    def __init__(self, path: str) -> None:
        self.root = os.open(path, FOLDER)

    def put(self, archive: bytes) -> None:
        """Write the files of a tar, replacing whatever stands in their way."""
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                content = None if member.issym() else tar.extractfile(member)
                with self._parent(member.name, make=True) as (folder, name):
                    remove(folder, name)
                    if member.issym():
                        os.symlink(member.linkname, name, dir_fd=folder)
                        continue
                    fd = os.open(name, WRITE, member.mode & 0o777, dir_fd=folder)
                    with open(fd, "wb") as file:
                        file.write(content.read() if content else b"")

    def remove(self, paths: list[str]) -> None:
        """Take files or folders out; harmless for those that are not there."""
        for path in paths:
            try:
                with self._parent(path) as (folder, name):
                    remove(folder, name)
            except (FileNotFoundError, NotADirectoryError):
                continue

    def read(self, path: str, max_bytes: int) -> bytes:
        """A regular file; raises FileNotFoundError or Refused."""
        try:
            with self._parent(path) as (folder, name):
                return _content(folder, name, path, max_bytes)
        except NotADirectoryError:
            raise Refused(f"{path} lies beyond something that is no folder") from None

    def changes(
        self, base: dict[str, list[object]], max_files: int, max_bytes: int
    ) -> tuple[bytes, list[str]]:
        """A tar of all that differs from `base` (path: mode, git id, size), and what is gone."""
        seen: set[str] = set()
        room = max_bytes
        count = 0
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, folder, name, status in _walk(self.root):
                seen.add(path)
                known = base.get(path)
                if known and _is_unchanged(folder, name, status, known):
                    continue
                count += 1
                member = tarfile.TarInfo(path)
                member.type = KINDS.get(stat.S_IFMT(status.st_mode), tarfile.REGTYPE)
                member.mode = status.st_mode & 0o777
                if stat.S_ISSOCK(status.st_mode):
                    raise Refused(f"{path} is a socket")
                content = b""
                if stat.S_ISREG(status.st_mode):
                    content = _content(folder, name, path, room)
                    room -= len(content)
                    member.size = len(content)
                elif stat.S_ISLNK(status.st_mode):
                    member.linkname = os.readlink(name, dir_fd=folder)
                tar.addfile(member, io.BytesIO(content))
                if count > max_files:
                    raise Refused(f"more than {max_files} changed files")
        return buffer.getvalue(), sorted(set(base) - seen)

    @contextmanager
    def _parent(self, path: str, make: bool = False) -> Iterator[tuple[int, str]]:
        *folders, name = path.split("/")
        here = os.dup(self.root)
        try:
            for part in folders:
                if make:
                    _make_folder(here, part)
                below = os.open(part, FOLDER, dir_fd=here)
                os.close(here)
                here = below
            yield here, name
        finally:
            os.close(here)


def _make_folder(folder: int, name: str) -> None:
    try:
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            return
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
    os.mkdir(name, 0o755, dir_fd=folder)


def remove(folder: int, name: str) -> None:
    """Take a file away, or a folder with all that is in it, whatever its permissions."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        _unlock(folder, name)
        below = os.open(name, FOLDER, dir_fd=folder)
        try:
            os.fchmod(below, 0o700)
            for entry in os.listdir(below):
                remove(below, entry)
        finally:
            os.close(below)
        os.rmdir(name, dir_fd=folder)


def _unlock(folder: int, name: str) -> None:
    """Let ourselves into a folder of our own. A link in its place leads nowhere new: it is ours."""
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode) and not mode & stat.S_IRUSR:
        os.chmod(name, 0o700, dir_fd=folder)


def _content(folder: int, name: str, path: str, max_bytes: int) -> bytes:
    try:
        fd = os.open(name, READ, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Refused(f"{path} cannot be opened as a file: {error.strerror}") from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"{path} is no regular file")
        with open(fd, "rb", closefd=False) as file:
            content = file.read(max_bytes + 1) if status.st_size <= max_bytes else None
    finally:
        os.close(fd)
    if content is None or len(content) > max_bytes:
        raise Refused(f"{path} holds more than {max_bytes} bytes")
    return content


def _is_unchanged(folder: int, name: str, status: os.stat_result, known: list[object]) -> bool:
    mode, digest, size = known
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(name, dir_fd=folder)
        return mode == LINK and _digest(os.fsencode(target)) == digest
    if not stat.S_ISREG(status.st_mode) or status.st_size != size:
        return False
    if bool(status.st_mode & 0o100) != (mode == "100755"):
        return False
    return mode != LINK and _digest(_content(folder, name, name, status.st_size)) == digest


def _digest(content: bytes) -> str:
    """The id that git gives a file, or a link by its target."""
    blob = b"blob %d\0" % len(content) + content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest()


def _walk(
    folder: int, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, int, str, os.stat_result]]:
    if depth > MAX_DEPTH:
        raise Refused(f"{prefix} lies deeper than {MAX_DEPTH} folders")
    for name in os.listdir(folder):
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            yield prefix + name, folder, name, status
            continue
        below = os.open(name, FOLDER, dir_fd=folder)
        try:
            yield from _walk(below, f"{prefix}{name}/", depth + 1)
        finally:
            os.close(below)

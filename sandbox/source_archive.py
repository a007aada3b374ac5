"""Source archives of packages, strictly read: plain regular files below one folder."""

import io
import tarfile
import zipfile
from collections.abc import Iterator

from core.errors import ArchiveRefused
from core.trees import EXECUTABLE, REGULAR, File, Tree
from sandbox.workspace import flaw

MAX_FILES = 20_000
MAX_BYTES = 300_000_000


def unpacked(data: bytes, filename: str) -> Tree:
    """The files of an archive without its outermost folder; links and odd paths are left out.

    Raises ArchiveRefused for what is no archive, or a bomb.
    """
    files: dict[str, File] = {}
    room = MAX_BYTES
    try:
        for path, size, executable, content in _members(data, filename):
            inner = path.partition("/")[2]
            room -= size
            if room < 0 or len(files) >= MAX_FILES:
                raise ArchiveRefused(f"{filename} unpacks to too much.")
            if inner and not flaw(inner):
                files[inner] = File(content(), EXECUTABLE if executable else REGULAR)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, OSError) as error:
        raise ArchiveRefused(f"{filename} cannot be read: {error}.") from error
    return Tree(files)


def _members(data: bytes, filename: str) -> Iterator[tuple[str, int, bool, "_Content"]]:
    if filename.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                kind = entry.external_attr >> 28
                if not entry.is_dir() and kind in (0, 8):
                    runs = bool(entry.external_attr >> 16 & 0o100)
                    yield entry.filename, entry.file_size, runs, _Content(archive, entry)
        return
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as tar:
        while (member := tar.next()) is not None:
            if member.isreg() and not member.issparse():
                runs = bool(member.mode & 0o100)
                yield member.name.removeprefix("./"), member.size, runs, _Content(tar, member)


class _Content:
    """The bytes of one member, read when they are wanted and never more than were announced."""

    def __init__(
        self,
        archive: tarfile.TarFile | zipfile.ZipFile,
        member: tarfile.TarInfo | zipfile.ZipInfo,
    ) -> None:
        self._archive, self._member = archive, member

    def __call__(self) -> bytes:
        if isinstance(self._archive, zipfile.ZipFile) and isinstance(self._member, zipfile.ZipInfo):
            with self._archive.open(self._member) as file:
                return file.read(self._member.file_size)
        if isinstance(self._archive, tarfile.TarFile) and isinstance(self._member, tarfile.TarInfo):
            file_in_tar = self._archive.extractfile(self._member)
            return file_in_tar.read() if file_in_tar else b""
        raise ArchiveRefused("No archive that is known here.")

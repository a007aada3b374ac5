"""What crosses the border of a sandbox: a tree goes in as a tar, a strictly read tar comes out."""

import io
import posixpath
import tarfile
from collections.abc import Iterable, Mapping

from core.errors import ArchiveRefused
from core.trees import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, File, Tree
from sandbox.output import harmless

WORKSPACE = "/work"
HOME = "/home/sandbox"
MAX_FILES = 2_000
MAX_BYTES = 20_000_000
MAX_NAME = 255
MAX_PATH = 1_024
RESERVED = {".git", "git~1"}


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
NAMED = 3
"""Files that a note names; more are counted."""


def misplaced(path: str) -> str:
    """Why this path may not be written in a workspace; empty when it may."""
    parts = path.split("/")
    if not path or path.startswith("/"):
        return "is not relative"
    if any(part in ("", ".", "..") for part in parts):
        return "is not plain"
    if any(part.lower().rstrip(" .") in RESERVED for part in parts):
        return "belongs to git"
    if len(path) > MAX_PATH or any(
        len(part.encode("utf-8", "surrogatepass")) > MAX_NAME for part in parts
    ):
        return "is too long"
    return "" if "\0" not in path else "holds a zero byte"


def flaw(path: str) -> str:
    """Why this path may not come out of a workspace; empty when it may."""
    if reason := misplaced(path):
        return reason
    return "" if path.isprintable() else "holds characters that cannot be shown"


def checked(path: str) -> str:
    """The path, if it may come out; raises ArchiveRefused."""
    if reason := flaw(path):
        raise ArchiveRefused(f"The path {path!r} {reason}.")
    return path


def enters(path: str, file: File) -> bool:
    """Whether an entry of a tree goes into the workspace as a file."""
    return file.is_regular and not misplaced(path)


def is_link_within(path: str, file: File) -> bool:
    """Whether an entry is a link that leads to a place of its own tree, be there anything or not.

    Such a link goes in. It comes out as what it was, and nothing is ever read through it.
    """
    if file.mode != SYMLINK or misplaced(path):
        return False
    try:
        target = file.data.decode()
    except UnicodeDecodeError:
        return False
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return bool(target) and not misplaced(place if place != "." else "root")


def left_outside(tree: Tree) -> tuple[str, ...]:
    """What of a tree no test can see, in words for people; submodules are told of elsewhere."""
    outside = [
        path
        for path, file in tree.files.items()
        if file.mode != SUBMODULE and not enters(path, file) and not is_link_within(path, file)
    ]
    pointers = [path for path, file in tree.files.items() if file.data.startswith(LFS_POINTER)]
    notes = []
    if outside:
        notes.append(f"not in the sandbox, since they lead out of the tree: {_named(outside)}")
    if pointers:
        notes.append(f"the content of {_named(pointers)} is in Git LFS, which is not fetched")
    return tuple(notes)


def _named(paths: Iterable[str]) -> str:
    found = sorted(paths)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    names = ", ".join(found[:NAMED]).replace("\n", " ")
    return harmless(names) + more


def pack(files: Mapping[str, File]) -> bytes:
    """A tar of those entries that go into a workspace."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, file in files.items():
            if enters(path, file):
                member = tarfile.TarInfo(path)
                member.size = len(file.data)
                member.mode = 0o755 if file.mode == EXECUTABLE else 0o644
                tar.addfile(member, io.BytesIO(file.data))
            elif is_link_within(path, file):
                link = tarfile.TarInfo(path)
                link.type, link.linkname = tarfile.SYMTYPE, file.data.decode()
                tar.addfile(link)
    return buffer.getvalue()


def manifest(base: Tree) -> dict[str, list[object]]:
    """What a workspace filled from `base` holds: path to mode, git id and size."""
    return {
        path: [file.mode, file.id, len(file.data)]
        for path, file in base.files.items()
        if enters(path, file) or is_link_within(path, file)
    }


def unpack(archive: bytes) -> dict[str, File]:
    """The regular files of an untrusted tar; raises ArchiveRefused for anything else."""
    files: dict[str, File] = {}
    room = MAX_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            while (member := tar.next()) is not None:
                path = checked(member.name)
                room -= member.size
                _check(member, path in files, len(files), room)
                content = tar.extractfile(member)
                mode = EXECUTABLE if member.mode & 0o100 else REGULAR
                files[path] = File(content.read() if content else b"", mode)
    except (tarfile.TarError, ValueError, EOFError, OverflowError) as error:
        raise ArchiveRefused(f"The archive cannot be read: {error}.") from error
    return files


def merge(base: Tree, changed: Mapping[str, File], gone: Iterable[str]) -> Tree:
    """`base` with these changes; what never went in stays as it was.

    Raises ArchiveRefused where a file came to lie below another, or clashes with one by case.
    """
    removed = set(gone)
    if not removed <= manifest(base).keys():
        raise ArchiveRefused("Files were reported as gone that had never been there.")
    tree = base.with_files({**dict.fromkeys(removed), **changed})
    for path in tree:
        parts = path.split("/")
        if any("/".join(parts[:end]) in tree for end in range(1, len(parts))):
            raise ArchiveRefused(f"The path {path!r} lies below what is no folder.")
    folded = {path.casefold() for path in tree if path in base}
    for path in changed.keys() - base.keys():
        if path.casefold() in folded:
            raise ArchiveRefused(f"The path {path!r} differs from another by case alone.")
        folded.add(path.casefold())
    return tree


def _check(member: tarfile.TarInfo, is_known: bool, count: int, room: int) -> None:
    if member.type != tarfile.REGTYPE or member.issparse():
        kind = "link" if member.issym() or member.islnk() else "special file"
        raise ArchiveRefused(f"{member.name!r} is a {kind}, and only regular files come out.")
    if is_known:
        raise ArchiveRefused(f"The path {member.name!r} comes twice.")
    if count >= MAX_FILES:
        raise ArchiveRefused(f"More than {MAX_FILES:,} files were changed.")
    if room < 0:
        raise ArchiveRefused(f"More than {MAX_BYTES:,} bytes were changed.")

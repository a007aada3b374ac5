"""Where a fault may lie, and the change that mends it."""

import base64
import difflib
import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import Self

from core.trees import File, Mode, Tree
from core.values import Value

NO_NEWLINE = "\\ No newline at end of file\n"


class Line(Value):
    """A line of code."""

    path: str
    line: int
    """Counted from 1."""


class Suspect(Value):
    """A line with a score."""

    path: str
    line: int
    function: str = ""
    """Qualified name of the innermost function; empty at module level."""
    score: float
    """From 0.0 to 1.0; comparable within one ranking only."""
    why: str = ""
    """What raised it, in words."""


class FileChange(Value):
    """What becomes of one file."""

    path: str
    mode: Mode | None = "100644"
    """None deletes the file."""
    content: str = ""
    """The new content, base64."""

    @classmethod
    def of(cls, path: str, file: File | None) -> Self:
        """The change that leads to `file`; None deletes."""
        if file is None:
            return cls(path=path, mode=None)
        return cls(path=path, mode=file.mode, content=base64.b64encode(file.data).decode())

    def file(self) -> File | None:
        """The file as it will be; None when it is deleted."""
        return None if self.mode is None else File(base64.b64decode(self.content), self.mode)


class Patch(Value):
    """A change of some files against a base, with the diff that people read and approve."""

    base_sha: str
    """Commit id of the base."""
    changes: tuple[FileChange, ...]
    diff: str
    """Canonical unified diff: paths in order, three lines of context, full object ids."""
    tree_hash: str
    """Git tree id of the result."""

    @classmethod
    def between(cls, base_sha: str, base: Tree, result: Tree) -> Self:
        """The patch that turns `base` into `result`."""
        paths = sorted(
            path for path in {*base.files, *result.files} if base.get(path) != result.get(path)
        )
        return cls(
            base_sha=base_sha,
            changes=tuple(FileChange.of(path, result.get(path)) for path in paths),
            diff="".join(file_diff(path, base.get(path), result.get(path)) for path in paths),
            tree_hash=result.id,
        )

    def apply(self, base: Tree) -> Tree:
        """The tree after the change."""
        return base.with_files({change.path: change.file() for change in self.changes})

    def with_changes(self, base: Tree, changes: Iterable[FileChange]) -> Self:
        """The patch with further files put in; `base` is what it is made against."""
        further = {change.path: change.file() for change in changes}
        return type(self).between(self.base_sha, base, self.apply(base).with_files(further))

    @cached_property
    def sha256(self) -> str:
        """The `patch_hash`: SHA-256 of the canonical diff, in hex."""
        return hashlib.sha256(self.diff.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the changed files, in order."""
        return tuple(change.path for change in self.changes)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Lines added and lines deleted."""
        sizes = file_sizes(self.diff).values()
        return sum(added for added, _ in sizes), sum(deleted for _, deleted in sizes)


def file_sizes(diff: str) -> dict[str, tuple[int, int]]:
    """Lines added and lines deleted of each file of a canonical diff, by path."""
    sizes: dict[str, tuple[int, int]] = {}
    path, in_hunk = "", False
    for line in diff.split("\n"):
        if line.startswith("diff --git a/"):
            path, in_hunk = line.removeprefix("diff --git a/").split(" b/")[0], False
            sizes[path] = (0, 0)
        elif line.startswith("@@"):
            in_hunk = True
        elif in_hunk and line.startswith(("+", "-")):
            added, deleted = sizes[path]
            sizes[path] = (added + 1, deleted) if line[0] == "+" else (added, deleted + 1)
    return sizes


def file_diff(path: str, before: File | None, after: File | None) -> str:
    """The canonical diff of one file; empty when nothing changed."""
    if before == after:
        return ""
    head = [f"diff --git a/{path} b/{path}\n"]
    if before is None and after is not None:
        head.append(f"new file mode {after.mode}\n")
    elif after is None and before is not None:
        head.append(f"deleted file mode {before.mode}\n")
    elif before is not None and after is not None and before.mode != after.mode:
        head += [f"old mode {before.mode}\n", f"new mode {after.mode}\n"]
    head.append(f"index {before.id if before else '0' * 40}..{after.id if after else '0' * 40}\n")
    old, new = (_lines(before), _lines(after))
    if old is None or new is None:
        return "".join([*head, "Binary files differ\n"])
    source = f"a/{path}" if before else "/dev/null"
    target = f"b/{path}" if after else "/dev/null"
    return "".join([*head, *_terminated(difflib.unified_diff(old, new, source, target))])


def _lines(file: File | None) -> list[str] | None:
    """Lines with their ends; None for what is not text."""
    if file is None:
        return []
    if b"\0" in file.data or not file.is_regular:
        return None
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return [part + "\n" for part in text.split("\n")[:-1]] + (
        [tail] if (tail := text.split("\n")[-1]) else []
    )


def _terminated(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}"

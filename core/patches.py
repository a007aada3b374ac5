"""Where a fault may lie, and the change that mends it."""

import base64
import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Self

from core.trees import File, Mode, Tree
from core.values import Value

CONTEXT = 3
COMPARISONS_MAX = 25_000_000
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
            names = line.removeprefix("diff --git a/")
            path, in_hunk = names[: (len(names) - len(" b/")) // 2], False
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
    path = _printable(path)
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
    return "".join([*head, f"--- {source}\n", f"+++ {target}\n", *_hunks(old, new)])


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    """The hunks of a unified diff, ends of lines included."""
    matcher = difflib.SequenceMatcher(None, "", "")
    matcher.opcodes = _opcodes(old, new)  # type: ignore[attr-defined]
    for group in matcher.get_grouped_opcodes(CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n"
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                yield from (_terminated(" " + line) for line in old[a1:a2])
                continue
            yield from (_terminated("-" + line) for line in old[a1:a2])
            yield from (_terminated("+" + line) for line in new[b1:b2])


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    """What to do with which lines; what both have at either end is left out of the comparison.

    That keeps the comparison small enough to do without difflib's heuristic for frequent lines,
    which would make a diff larger than its change.
    """
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    middle = difflib.SequenceMatcher(
        None,
        old[head : len(old) - tail],
        new[head : len(new) - tail],
        autojunk=(len(old) - tail - head) * (len(new) - tail - head) > COMPARISONS_MAX,
    )
    codes = [
        (str(tag), a1 + head, a2 + head, b1 + head, b2 + head)
        for tag, a1, a2, b1, b2 in middle.get_opcodes()
    ]
    if head:
        codes.insert(0, ("equal", 0, head, 0, head))
    if tail:
        codes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return codes


def _range(start: int, stop: int) -> str:
    """Lines of a hunk as a unified diff counts them."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _printable(path: str) -> str:
    """The path, escaped when it holds anything that could disturb the lines of a diff."""
    return path if path.isprintable() else json.dumps(path)[1:-1]


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


def _terminated(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}"

"""Unified diffs, and the `*** Begin Patch` form, read as search and replace: no number counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_OLD = re.compile(r"^--- (?!-)(?P<path>\S.*?)(?:\t.*)?$")
_NEW = re.compile(r"^\+\+\+ (?P<path>\S.*?)(?:\t.*)?$")
_HUNK = re.compile(r"^@@")
_HEAD = re.compile(
    r"^(?:diff --git |index [0-9a-f]+\.\.|(?:new|deleted) file mode|similarity|rename|"
    r"(?:old|new) mode)"
)
_NAMED = re.compile(r"^\*\*\* (?P<what>Update|Add|Delete) File: (?P<path>\S.*?)\s*$")
_NULL = "/dev/null"


@dataclass(frozen=True)
class Hunk:
    """One place of a diff, as text before and after."""

    path: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    fault: str = ""
    creates: bool = False


def begins(lines: Sequence[str], at: int) -> bool:
    """Whether a diff begins at this line."""
    line = lines[at]
    if line.startswith(("diff --git ", "*** Begin Patch")) or _NAMED.match(line):
        return True
    if re.match(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", line):
        return True
    return bool(_OLD.match(line)) and at + 1 < len(lines) and bool(_NEW.match(lines[at + 1]))


def hunks_of(lines: Sequence[str], at: int, stop: int, path: str) -> tuple[list[Hunk], int]:
    """The hunks of a diff that begins at `at`, and the line at which it ends."""
    hunks: list[Hunk] = []
    creates, fault = False, ""
    body: list[str] = []

    def flush() -> None:
        while body and not body[-1].strip():
            body.pop()
        if body or fault:
            hunks.append(_hunk(path, body, fault, creates=creates))
        body.clear()

    while at < stop:
        line = lines[at]
        old = _OLD.match(line) if at + 1 < stop and _NEW.match(lines[at + 1]) else None
        named = _NAMED.match(line)
        if old or named:
            flush()
            fault = ""
        if old:
            new = _NEW.match(lines[at + 1])
            target = new["path"] if new else ""
            creates = old["path"] == _NULL
            fault = _DELETES if target == _NULL else ""
            path = re.sub(r"^[ab]/", "", old["path"] if target == _NULL else target)
            at += 1
        elif named:
            path, creates = named["path"], named["what"] == "Add"
            fault = _DELETES if named["what"] == "Delete" else ""
        elif _HUNK.match(line):
            flush()
        elif line.startswith("\\") or _HEAD.match(line) or line.startswith("*** "):
            pass
        elif line[:1] in ("+", "-", " ") or not line.strip():
            body.append(line)
        elif line.startswith("```") or _ends(lines, at, stop):
            break
        else:
            fault = fault or _MALFORMED
        at += 1
    flush()
    return hunks, at


def _ends(lines: Sequence[str], at: int, stop: int) -> bool:
    """Whether words begin here, and nothing of a diff follows."""
    return not lines[at - 1].strip() and not any(
        line.startswith(("+", "-", "@@", " ", "*** ")) for line in lines[at:stop]
    )


_DELETES = "A diff may not delete a file. If the file must go, say so in words."
_MALFORMED = (
    "The diff has lines that begin neither with a space nor with + or -. "
    "Send the whole function, or SEARCH/REPLACE blocks, instead of a diff."
)


def _hunk(path: str, body: Sequence[str], fault: str, *, creates: bool) -> Hunk:
    before = tuple(line[1:] for line in body if line[:1] != "+")
    after = tuple(line[1:] for line in body if line[:1] != "-")
    if not fault and before == after:
        fault = "A hunk of the diff changes nothing."
    return Hunk(path, before, after, fault, creates)

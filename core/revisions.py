"""What changed from one revision of a patch to the next, without the files of their base."""

import re
from collections.abc import Iterator

from core.patches import Patch, file_diff

HUNK = re.compile(r"^@@ -(\S+) \+(\S+) @@(.*)$")


def changes_between(older: Patch, newer: Patch) -> str:
    """The canonical diff from the result of `older` to the result of `newer`.

    A file that only `newer` changes has its diff against the base; one that only `older` changed
    has that undone. Both patches are made against the same base, or the answer says nothing.
    """
    before = {change.path: change for change in older.changes}
    after = {change.path: change for change in newer.changes}
    whole = {"older": sections(older.diff), "newer": sections(newer.diff)}
    parts = []
    for path in sorted({*before, *after}):
        if path in before and path in after:
            parts.append(file_diff(path, before[path].file(), after[path].file()))
        elif path in after:
            parts.append(whole["newer"].get(path, ""))
        else:
            parts.append(undone(whole["older"].get(path, "")))
    return "".join(parts)


def sections(diff: str) -> dict[str, str]:
    """The parts of a canonical diff by path; content never begins with `diff`."""
    found: dict[str, list[str]] = {}
    path = ""
    for line in diff.splitlines(keepends=True):
        if line.startswith("diff --git a/"):
            names = line.removeprefix("diff --git a/").rstrip("\n")
            path = names[: (len(names) - len(" b/")) // 2]
        found.setdefault(path, []).append(line)
    return {path: "".join(lines) for path, lines in found.items()}


def undone(section: str) -> str:
    """The diff of one file the other way round."""
    lines = section.split("\n")
    start = next((at for at, line in enumerate(lines) if line.startswith("@@")), len(lines))
    return "\n".join([*_head(lines[:start]), *_body(lines[start:])])


def _head(lines: list[str]) -> Iterator[str]:
    old = next((line for line in lines if line.startswith("--- ")), "")
    for line in lines:
        if line.startswith("new file"):
            yield line.replace("new file", "deleted file", 1)
        elif line.startswith("deleted file"):
            yield line.replace("deleted file", "new file", 1)
        elif line.startswith("index "):
            first, _, second = line.removeprefix("index ").partition("..")
            yield f"index {second}..{first}"
        elif line.startswith("--- "):
            new = next(one for one in lines if one.startswith("+++ "))
            yield "--- " + new[4:].replace("b/", "a/", 1)
        elif line.startswith("+++ "):
            yield "+++ " + old[4:].replace("a/", "b/", 1)
        else:
            yield line


def _body(lines: list[str]) -> Iterator[str]:
    """Hunks turned round; within a run of changes what goes stands before what comes."""
    gone: list[str] = []
    fresh: list[str] = []
    run = fresh
    for line in lines:
        if line.startswith("-"):
            run = fresh
            run.append(f"+{line[1:]}")
        elif line.startswith("+"):
            run = gone
            run.append(f"-{line[1:]}")
        elif line.startswith("\\") and (gone or fresh):
            run.append(line)
        else:
            yield from (*gone, *fresh)
            gone, fresh = [], []
            match = HUNK.match(line)
            yield f"@@ -{match[2]} +{match[1]} @@{match[3]}" if match else line
    yield from (*gone, *fresh)

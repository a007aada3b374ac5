"""Look through the workspace from inside the sandbox: list a folder, find paths, search text.

Runs alone, as `python -I -S -c`, with an order on standard input and an answer on standard output.
Every folder is opened by descriptor and no link is followed, whatever untrusted code swaps.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from typing import Any

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
SKIPPED = {".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox"}
MAX_DEPTH = 64
MAX_FILE_BYTES = 2_000_000
LINE_CHARACTERS = 500


def main() -> None:
    """Answer the one order."""
    order = json.load(sys.stdin)
    path = order["path"]
    orders = {"list": entries, "glob": paths, "grep": matches}
    try:
        answer = orders[order["do"]](order)
    except FileNotFoundError:
        answer = {"error": f"there is no {path!r} in the workspace"}
    except NotADirectoryError:
        answer = {"error": f"{path!r} is no folder; links are not followed"}
    except OSError as error:
        answer = {"error": f"{path!r} cannot be opened: {error.strerror}"}
    except re.error as error:
        answer = {"error": f"the pattern is no regular expression: {error}"}
    sys.stdout.write(json.dumps(answer))


def entries(order: dict[str, Any]) -> dict[str, Any]:
    """A page of what is in one folder: name, kind and size."""
    folder = opened(order["path"])
    found: list[tuple[str, str, int]] = []
    for name in sorted(os.listdir(folder)):
        if name in SKIPPED:
            continue
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        found.append((name, kind_of(status.st_mode), status.st_size))
    first = order["offset"] - 1
    return {"found": found[first : first + order["limit"]], "total": len(found)}


def paths(order: dict[str, Any]) -> dict[str, Any]:
    """A page of the paths that match a pattern, in order."""
    wanted = matcher(order["pattern"])
    found = [path for path, _, _ in files(order["path"]) if wanted(path)]
    first = order["offset"] - 1
    return {"found": found[first : first + order["limit"]], "total": len(found)}


def matches(order: dict[str, Any]) -> dict[str, Any]:
    """A page of the lines that match, counted in the first files that hold any."""
    flags = re.IGNORECASE if order["ignore_case"] else 0
    search = re.compile(order["pattern"], flags).search
    wanted = matcher(order["glob"]) if order["glob"] else lambda path: True
    first, last = order["offset"], order["offset"] + order["limit"]
    found: list[tuple[str, int, str]] = []
    total, holding, skipped, more = 0, 0, 0, False
    for path, folder, name in files(order["path"]):
        if not wanted(path):
            continue
        text = content(folder, name)
        if text is None:
            skipped += 1
            continue
        before = total
        for number, line in enumerate(text.split("\n"), 1):
            if search(line):
                total += 1
                if first <= total < last:
                    found.append((path, number, line[:LINE_CHARACTERS]))
        holding += total > before
        if holding >= order["files"]:
            more = True
            break
    return {"found": found, "total": total, "holding": holding, "skipped": skipped, "more": more}


def opened(path: str) -> int:
    """The descriptor of a folder of the workspace."""
    here = os.open(".", FOLDER)
    for part in path.split("/") if path else []:
        below = os.open(part, FOLDER, dir_fd=here)
        os.close(here)
        here = below
    return here


def files(path: str) -> Iterator[tuple[str, int, str]]:
    """Path, folder and name of each regular file at or below a path, less what is skipped."""
    *folders, name = path.split("/")
    try:
        folder = opened(path)
    except NotADirectoryError:
        parent = opened("/".join(folders))
        if stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            yield path, parent, name
            return
        raise
    for root, below, names, here in os.fwalk(".", dir_fd=folder):
        parts = [part for part in [path, root[2:]] if part]
        if "pyvenv.cfg" in names or root.count("/") >= MAX_DEPTH:
            below.clear()
            continue
        below[:] = sorted(set(below) - SKIPPED)
        for name in sorted(names):
            if stat.S_ISREG(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
                yield "/".join([*parts, name]), here, name


def content(folder: int, name: str) -> str | None:
    """The text of a regular file; None for what is none, or too long."""
    try:
        fd = os.open(name, FILE, dir_fd=folder)
    except OSError:
        return None
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            return None
        data = file.read(MAX_FILE_BYTES)
    return None if b"\0" in data else data.decode("utf-8", "replace")


def kind_of(mode: int) -> str:
    """What an entry is, in one word."""
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "special"


def matcher(pattern: str) -> Any:
    """Whether a path matches; a pattern without a slash is held against names in any folder."""
    if "/" not in pattern:
        pattern = "**/" + pattern
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|\{[^{}]*\}|.", pattern, re.DOTALL)
    return re.compile("".join(map(translated, tokens)), re.DOTALL).fullmatch


def translated(token: str) -> str:
    """One token of a pattern as a regular expression."""
    fixed = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in fixed:
        return fixed[token]
    if token[0] == "[" and len(token) > 2:
        inner = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return "[" + ("^" + inner[1:] if inner[0] == "!" else inner) + "]"
    if token[0] == "{" and len(token) > 2:
        return "(?:" + "|".join(map(re.escape, token[1:-1].split(","))) + ")"
    return re.escape(token)


if __name__ == "__main__":
    main()

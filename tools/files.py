"""Tools for single files: read, write, edit. They work in the sandbox, confined as the shell is."""

import difflib
import re
from typing import Annotated

from pydantic import Field

from core.errors import NotFound, ToolError, ToolRefused
from tools.observations import restored
from tools.pages import paged
from tools.paths import FilePath
from tools.tool import tool
from tools.workplace import READ_CHARACTERS, Workplace

READ_BYTES_MAX = 10_000_000
LINE_CHARACTERS = 2_000
SEARCHED_LINES = 5_000
"""Of a file in which similar lines are looked for."""
AROUND = 3
"""Lines shown on either side of an edit."""


@tool(risk="read", parallel=True, characters=READ_CHARACTERS)
async def read_file(
    place: Workplace,
    path: FilePath,
    offset: Annotated[int, Field(ge=1)] = 1,
    limit: Annotated[int, Field(ge=1, le=10_000)] = 2_000,
) -> str:
    """Read a text file; each line comes with its number and a tab, which are not in the file.

    Args:
        path: The file, relative to the workspace.
        offset: First line to show, counted from 1.
        limit: How many lines to show at most.
    """
    text = _text(path, await place.file(path, READ_BYTES_MAX))
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return f"{path} is empty."
    if offset > len(lines):
        raise ToolError(f"{path} has {len(lines):,} lines; offset {offset} lies beyond its end.")
    wanted = lines[offset - 1 : offset - 1 + limit]
    numbered = [f"{number:>6}\t{_cut(line)}" for number, line in enumerate(wanted, offset)]
    return paged(numbered, place.characters, start=offset, total=len(lines), what="lines")


@tool(risk="edit")
async def write_file(place: Workplace, path: FilePath, content: str) -> str:
    """Write a whole file, new or in place of what it held.

    Args:
        path: The file, relative to the workspace.
        content: All of its text.
    """
    try:
        before: bytes | None = await place.file(path, READ_BYTES_MAX)
    except NotFound:
        before = None
    if before is not None:
        content = restored(content, before.decode("utf-8", "replace"))
    data = content.encode("utf-8", "replace")
    if data == before:
        raise ToolError(f"{path} holds exactly this already; nothing was written.")
    await place.change(path, data)
    count = content.count("\n") + (not content.endswith("\n") and content != "")
    return f"{'Wrote' if before is not None else 'Made'} {path}: {count:,} lines."


@tool(risk="edit")
async def edit_file(
    place: Workplace, path: FilePath, old: str, new: str, replace_all: bool = False
) -> str:
    """Replace text in a file; `old` must stand there exactly once, unless all are replaced.

    The file must be sound after each edit: put an import in before what uses it.

    Args:
        path: The file, relative to the workspace.
        old: The text to replace, exactly as it stands, without line numbers.
        new: The text to put there.
        replace_all: Whether to replace every place where `old` stands.
    """
    if not old:
        raise ToolRefused("old is empty; to write a whole file, use write_file.", rule="arguments")
    if old == new:
        raise ToolError("old and new are the same; nothing was changed.")
    data = await place.file(path, READ_BYTES_MAX)
    text = _editable(path, data)
    windows = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    if windows:
        text, old, new = (part.replace("\r\n", "\n") for part in (text, old, new))
    old, new = restored(old, text), restored(new, text)
    places = [found.start() for found in re.finditer(re.escape(old), text)]
    if not places:
        raise ToolError(_not_found(path, text, old, new))
    if len(places) > 1 and not replace_all:
        raise ToolError(_several(path, text, places))
    edited = text.replace(old, new)
    await place.change(path, (edited.replace("\n", "\r\n") if windows else edited).encode())
    return f"Edited {path}, {_times(len(places))}.\n{_around(edited, places[0], new)}"


def _text(path: str, data: bytes) -> str:
    """The text of a file; raises ToolError for what is none."""
    if b"\0" in data:
        raise ToolError(f"{path} is binary and is not shown; it has {len(data):,} bytes.")
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _editable(path: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ToolError(f"{path} is not UTF-8 text, so it cannot be edited.") from error


def _cut(line: str) -> str:
    missing = len(line) - LINE_CHARACTERS
    return line if missing <= 0 else f"{line[:LINE_CHARACTERS]} [... {missing:,} more characters]"


def _times(count: int) -> str:
    return "in one place" if count == 1 else f"in {count} places"


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _around(text: str, position: int, new: str) -> str:
    first = max(1, _line_of(text, position) - AROUND)
    last = _line_of(text, position) + new.count("\n") + AROUND
    lines = text.split("\n")[first - 1 : last]
    return "\n".join(f"{number:>6}\t{_cut(line)}" for number, line in enumerate(lines, first))


def _several(path: str, text: str, places: list[int]) -> str:
    lines = ", ".join(str(_line_of(text, place)) for place in places[:10])
    return (
        f"old stands {len(places)} times in {path}, at lines {lines}; nothing was changed. "
        "Give more of the lines around the one you mean, or set replace_all."
    )


def _not_found(path: str, text: str, old: str, new: str) -> str:
    words = [f"old does not stand in {path}; nothing was changed."]
    if new and new in text:
        words.append(f"new stands there already, at line {_line_of(text, text.index(new))}.")
    if re.match(r"\s*\d+\t", old):
        words.append("Leave out the line numbers.")
    if candidates := _similar(text, old):
        words.append("Similar lines:\n" + "\n".join(candidates))
    return " ".join(words)


def _similar(text: str, old: str) -> list[str]:
    """The lines most like the first telling line of `old`, with their numbers."""
    wanted = next((line.strip() for line in old.split("\n") if line.strip()), "")
    numbers: dict[str, int] = {}
    for number, line in enumerate(text.split("\n")[:SEARCHED_LINES], 1):
        numbers.setdefault(line.strip()[:LINE_CHARACTERS], number)
    close = difflib.get_close_matches(wanted[:LINE_CHARACTERS], numbers, n=3, cutoff=0.5)
    lines = text.split("\n")
    return [f"{numbers[line]:>6}\t{_cut(lines[numbers[line] - 1])}" for line in close]

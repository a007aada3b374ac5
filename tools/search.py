"""Tools that look through many files: list a folder, find paths, search text.

The looking is done by a small program in the sandbox, so that it sees what the shell sees and no
path of the host; names and patterns reach it on its standard input, never on a command line.
"""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from core.errors import SandboxError, ToolError
from core.evidence import RunEnd
from tools.pages import paged
from tools.paths import FolderPath
from tools.tool import tool
from tools.workplace import READ_CHARACTERS, Workplace

PROGRAM = (Path(__file__).parent / "inside" / "looking.py").read_text()
LOOK_S = 30.0
LISTED_MAX = 500
FOUND_MAX = 1_000
HOLDING_MAX = 500
"""Files with a match, after which a search stops."""
LINES_SHOWN = 50

Offset = Annotated[int, Field(ge=1)]


@tool(risk="read", parallel=True, characters=READ_CHARACTERS)
async def list_dir(
    place: Workplace,
    path: FolderPath = "",
    offset: Offset = 1,
    limit: Annotated[int, Field(ge=1, le=LISTED_MAX)] = 200,
) -> str:
    """List a folder; folders end with a slash. Caches, .git and dependencies are left out.

    Args:
        path: The folder, relative to the workspace; empty for the workspace itself.
        offset: First entry to show, counted from 1.
        limit: How many to show at most.
    """
    order = {"do": "list", "path": path, "offset": offset, "limit": limit}
    answer = await _look(place, order)
    lines = [_entry(*found) for found in answer["found"]]
    return _page(place, lines, answer["total"], offset, "entries", f"{path or '.'} is empty.")


@tool(risk="read", parallel=True, characters=READ_CHARACTERS)
async def glob(
    place: Workplace,
    pattern: str,
    path: FolderPath = "",
    offset: Offset = 1,
    limit: Annotated[int, Field(ge=1, le=FOUND_MAX)] = 200,
) -> str:
    """Find files by a pattern such as `src/**/*.py`; one without a slash is held against names.

    Args:
        pattern: With *, ?, [abc], {a,b}, and ** for any folders.
        path: The folder to look in; empty for the workspace.
        offset: First path to show, counted from 1.
        limit: How many to show at most.
    """
    whole = f"{path}/{pattern}" if path and "/" in pattern else pattern
    order = {"do": "glob", "path": path, "pattern": whole, "offset": offset, "limit": limit}
    answer = await _look(place, order)
    lines = [_name(found) for found in answer["found"]]
    return _page(place, lines, answer["total"], offset, "paths", "No file matches.")


@tool(risk="read", parallel=True, characters=READ_CHARACTERS)
async def grep(
    place: Workplace,
    pattern: str,
    path: FolderPath = "",
    glob: str = "",
    ignore_case: bool = False,
    offset: Offset = 1,
) -> str:
    """Search the text of files for a regular expression; shows path, line number and line.

    Args:
        pattern: A regular expression in Python's syntax, held against each line.
        path: The folder or file to search; empty for the workspace.
        glob: Only in files that match, such as `*.py`.
        ignore_case: Whether case does not matter.
        offset: First matching line to show, counted from 1.
    """
    order = {
        **{"do": "grep", "path": path, "pattern": pattern, "glob": glob, "files": HOLDING_MAX},
        **{"ignore_case": ignore_case, "offset": offset, "limit": LINES_SHOWN},
    }
    answer = await _look(place, order)
    lines = [f"{_name(where)}:{number}: {line}" for where, number, line in answer["found"]]
    shown = _page(place, lines, answer["total"], offset, "matching lines", "No line matches.")
    if answer["more"]:
        shown += f"\n(stopped after {HOLDING_MAX} files with matches; narrow path or glob)"
    if answer["skipped"]:
        shown += f"\n({answer['skipped']:,} files were not searched: binary or over 2 MB)"
    return shown


async def _look(place: Workplace, order: dict[str, Any]) -> Any:
    seconds = min(LOOK_S, place.seconds_left())
    if seconds <= 0:
        raise ToolError("No time is left to look.")
    run = await place.sandbox.run(
        [place.environment.python, "-I", "-S", "-X", "utf8", "-c", PROGRAM],
        stdin=json.dumps(order).encode("utf-8", "replace"),
        timeout_s=seconds,
    )
    if run.end is RunEnd.TIMEOUT:
        raise ToolError(f"The search took longer than {seconds:g} s; narrow pattern or path.")
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        raise ToolError(f"The search was ended at a limit: {run.end}; narrow pattern or path.")
    if run.end is RunEnd.FAILED:
        said = run.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise SandboxError(f"The workspace could not be searched: {said}")
    if run.dropped_bytes:
        raise ToolError("There is too much to show; narrow pattern or path, or lower the limit.")
    answer = json.loads(run.stdout)
    if said := answer.get("error"):
        raise ToolError(f"Not possible: {said}.")
    return answer


def _page(
    place: Workplace, lines: list[str], total: int, offset: int, what: str, nothing: str
) -> str:
    if not total:
        return nothing
    if not lines:
        raise ToolError(f"There are {total:,} {what}; offset {offset} lies beyond the last.")
    return paged(lines, place.characters, start=offset, total=total, what=what)


def _entry(name: str, kind: str, size: int) -> str:
    match kind:
        case "folder":
            return f"{_name(name)}/"
        case "file":
            return f"{_name(name)}  {size:,} bytes"
    return f"{_name(name)}  ({kind}, not followed)"


def _name(path: str) -> str:
    """A path on one line, quoted where it holds what cannot be shown."""
    return path if path.isprintable() else json.dumps(path)

"""Where a fenced block of Markdown ends, though the code within may hold fences of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.edits.texts import dedented, parsed

_OPEN = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_CLOSE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*$")


@dataclass(frozen=True)
class Fence:
    """The line that opens a fence."""

    mark: str
    info: str

    @property
    def language(self) -> str:
        """The first word of the info string, in lower case."""
        return re.split(r"[\s:{,]", self.info.strip(), maxsplit=1)[0].lower()


@dataclass(frozen=True)
class End:
    """Where a fence ends."""

    stop: int
    """Index of the closing line, or of the line behind the last one."""
    closed: bool
    fault: str = ""

    @property
    def next(self) -> int:
        """The first line behind it."""
        return self.stop + 1 if self.closed else self.stop


def opening(line: str) -> Fence | None:
    """The fence that a line opens, if it does; a bare one may as well be a closing one."""
    match = _OPEN.match(line)
    return Fence(match["mark"], match["info"].strip()) if match else None


def closes(line: str) -> bool:
    """Whether a line can be the end of a fence."""
    return _CLOSE.match(line) is not None


def end_of(lines: Sequence[str], start: int, fence: Fence, limit: int, path: str = "") -> End:
    """The end of a fence whose code begins at `start`, not behind `limit`.

    Of several lines that could close it, Python takes the first at which the code parses; other
    text the one at which the fences within are paired.
    """
    ends = [
        index
        for index in range(start, limit)
        if (match := _CLOSE.match(lines[index]))
        and match["mark"][0] == fence.mark[0]
        and len(match["mark"]) >= len(fence.mark)
    ]
    if not ends:
        return End(limit, closed=False)
    if path.endswith(".py") or fence.language in ("python", "py"):
        for end in ends:
            if parsed("\n".join(dedented(lines[start:end]))) is not None:
                return End(end, closed=True)
        return End(ends[0], closed=True)
    return _paired(lines, start, ends, fence, limit)


def _paired(lines: Sequence[str], start: int, ends: list[int], fence: Fence, limit: int) -> End:
    depth = 0
    for index in range(start, ends[-1] + 1):
        inner = _rival(lines[index], fence)
        if inner and inner.info:
            depth += 1
        elif index in ends:
            if depth == 0:
                rest = [_rival(line, fence) for line in lines[index + 1 : limit]]
                bare = sum(1 for one in rest if one and not one.info)
                named = sum(1 for one in rest if one and one.info)
                fault = "" if bare == named else _UNPAIRED
                return End(index, closed=True, fault=fault)
            depth -= 1
    return End(ends[-1], closed=True, fault=_UNPAIRED)


def _rival(line: str, fence: Fence) -> Fence | None:
    """The fence that a line opens, if it is of the same kind and as long."""
    other = opening(line)
    return other if other and other.mark.startswith(fence.mark) else None


_UNPAIRED = (
    "It is not clear where the fence ends, since there are fences within. "
    "Send it again inside a longer fence, such as ````."
)

"""Stack traces and logs to the places that they name."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_FRAME = re.compile(
    r'^[ \t|>+]*File "(?P<path>[^"\n]{1,400})", line (?P<line>\d{1,7})'
    r"(?:, in (?P<function>[^\n]{1,200}))?",
    re.MULTILINE,
)
_PYTEST = re.compile(
    r"^(?P<path>[\w./\\-]{1,300}\.py):(?P<line>\d{1,7}): (?:in (?P<function>[\w<>.]{1,200})|\w+)?",
    re.MULTILINE,
)
_NODE = re.compile(
    r"^[ \t]*(?:at |\u276f )(?:async )?(?:(?P<function>[^\n(]{1,200}?) \(?)?"
    r"(?:file://)?(?P<path>[\w@./\\:+-]{1,400}\.[cm]?[jt]sx?):(?P<line>\d{1,7}):\d{1,7}\)?[ \t]*$",
    re.MULTILINE,
)
"""A call as Node.js shows it, or Vitest: the innermost comes first."""
_ERROR = re.compile(
    r"^[ \t|>E]*(?:Uncaught )?(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z]\w*"
    r"(?:Error|Exception|Warning|Interrupt|Exit|Iteration))(?::[ \t]*(?P<words>[^\n]*))?[ \t]*$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Frame:
    """A place in a stack trace."""

    path: str
    """As written there."""
    line: int
    function: str = ""


def frames_of(text: str) -> list[Frame]:
    """All frames of all stack traces in a text, in its order: outermost call first in each."""
    found = [(match.start(), match) for form in (_FRAME, _PYTEST) for match in form.finditer(text)]
    found.sort(key=lambda pair: pair[0])
    of_node = reversed(list(_NODE.finditer(text)))
    return [_frame(match) for match in (*(match for _, match in found), *of_node)]


def _frame(match: re.Match[str]) -> Frame:
    function = (match["function"] or "").strip()
    return Frame(match["path"].replace("\\", "/"), int(match["line"]), function)


def last_exception(text: str) -> str:
    """Name of the exception that a text shows last, without its module; empty if it shows none."""
    names = [match["type"].rpartition(".")[2] for match in _ERROR.finditer(text)]
    return names[-1] if names else ""


def located(frames: Iterable[Frame], paths: Iterable[str]) -> Iterator[Frame]:
    """Frames that lie in one of these files, under its name there.

    A trace comes from another machine, so the file with the longest common end is taken; where two
    are equally near, none is.
    """
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    for frame in frames:
        near = by_name.get(frame.path.rpartition("/")[2], [])
        common = sorted(((_common_end(frame.path, path), path) for path in near), reverse=True)
        if common and (len(common) == 1 or common[0][0] > common[1][0]):
            yield Frame(common[0][1], frame.line, frame.function)


def _common_end(left: str, right: str) -> int:
    count = 0
    for one, other in zip(reversed(left.split("/")), reversed(right.split("/")), strict=False):
        if one != other:
            break
        count += 1
    return count

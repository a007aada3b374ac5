"""Code of a reply at the indentation of its place, without a change of what its strings say."""

import re
from collections.abc import Sequence

from agents.edits.code import Code, Piece, docstring_lines
from agents.edits.texts import converted, indent_of, indent_unit, string_lines
from agents.edits.values import Refused, Why


def fitted(
    code: Code, piece: Piece, indent: str, around: Sequence[str], old: Sequence[str]
) -> list[str]:
    """The lines of a piece of the reply at `indent`, with tabs or spaces as `around` has them.

    Strings over several lines keep their text, or move when only so they are what the `old` lines
    have; docstrings always move. Raises Refused where neither is known.
    """
    lines, base = code.lines, indent_of(code.lines[piece.start])
    unit, wanted = indent_unit(lines), indent_unit(around)
    unmoved = code.shift + base == indent
    still = _still(code, piece, indent, old)
    result: list[str] = []
    for index in range(piece.start, piece.stop):
        line = lines[index]
        inner = indent_of(line).removeprefix(base)
        if index in still:
            result.append(code.shift + line if unmoved and line.strip() else line)
        elif not line.strip():
            result.append("")
        elif not line.startswith(base):
            result.append(line)
        else:
            result.append(indent + converted(inner, unit, wanted) + line.lstrip(" \t"))
    return result


def _still(code: Code, piece: Piece, indent: str, old: Sequence[str]) -> set[int]:
    """Indices of the lines that begin within a string and must not be moved."""
    base, docs = indent_of(code.lines[piece.start]), docstring_lines(piece.node)
    inside = {at for at in string_lines(code.lines) if piece.start <= at < piece.stop}
    inside -= docs
    texts = [_within(code.lines[at]) for at in sorted(inside) if code.lines[at].strip()]
    known = {_within(line) for line in old}
    if code.shift + base == indent or known.issuperset(texts):
        return inside
    if known.issuperset(indent + text.removeprefix(base) for text in texts):
        return set()
    raise Refused(
        Why.FORM,
        f"A string over several lines in `{piece.name}` would change if the code were moved. Send "
        "the function at the indentation that it has in the file.",
    )


def _within(line: str) -> str:
    """What of a line belongs to a string that began above it."""
    return re.split("\"\"\"|'''", line, maxsplit=1)[0]

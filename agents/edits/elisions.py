"""What a model leaves out, as with `...`, put back where only one reading exists."""

import ast
import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

from agents.edits.texts import parsed, trimmed
from agents.edits.values import Refused, Why

_COMMENT = re.compile(
    r"^\s*(?:#+|//+|--|;|/\*+|<!--|\{#|%)\s*(?P<words>.*?)\s*(?:\*+/|-->|#\})?\s*$"
)
_DOTS = re.compile(r"^\s*[(\[{]?\s*(?:\.\.\.|…)+\s*[)\]}]?\s*,?\s*$")
_DOTTED = re.compile(r"^\W*(?:\.\.\.|…)|(?:\.\.\.|…)\W*$")
_WORDS = re.compile(
    r"^\W*(?:the\s+|all\s+|your\s+|keep\s+|and\s+)*"
    r"(?:rest|remainder|remaining|existing|previous|original|unchanged|omitted|snip(?:ped)?|same|other|"
    r"code\s+(?:above|below)|no\s+changes?)\b"
    r"(?:.*\b(?:code|file|function|functions|method|methods|class|body|logic|implementation|"
    r"unchanged|same|before|above|below|remains?|omitted|here|changes?|lines?|imports?|"
    r"as\s+is)\b.*)?\W*$",
    re.IGNORECASE,
)
_UNCHANGED = re.compile(r"\b(?:unchanged|omitted for brevity|same as before|no changes)\b", re.I)

_REQUIRED = frozenset("Body Cookie Field File Form Header Path Query Security".split())
"""Calls in which `...` says that a value is required, as pydantic and FastAPI have them."""

_SEND_ALL = "Send it again in full, with every line written out and nothing left out."


def is_marker(line: str, real: Collection[str] = ()) -> bool:
    """Whether a line stands for lines that were left out; `real` lines of the file never do."""
    if line.strip() in real:
        return False
    if _DOTS.match(line):
        return True
    comment = _COMMENT.match(line)
    if not comment or not comment["words"]:
        return False
    words = comment["words"]
    return bool(_DOTTED.search(words) or _WORDS.match(words) or _UNCHANGED.search(words))


def real_lines(lines: Sequence[str]) -> set[str]:
    """Lines as `is_marker` compares them."""
    return {line.strip() for line in lines}


def marked(new: Sequence[str], old: Sequence[str]) -> list[int]:
    """Indices of the lines in `new` that stand for lines of `old`.

    A bare `...` is code where the old text has as many of them; more are refused as two readings.
    """
    real = real_lines(old)
    dots = [index for index, line in enumerate(new) if _DOTS.match(line)]
    known = sum(bool(_DOTS.match(line)) for line in old)
    if known and len(dots) > known:
        raise Refused(
            Why.ELIDED, f"`...` is part of the code here, so it cannot mean lines. {_SEND_ALL}"
        )
    return [index for index, line in enumerate(new) if is_marker(line, real)]


def filled(new: Sequence[str], old: Sequence[str], what: str) -> list[str]:
    """`new` with the lines of `old` in place of its marks; both stand at the same indentation.

    A mark is resolved when the lines beside it are met once in the old text, in order: two of
    them, or all that there are up to the end of the text or the next mark.
    """
    marks = marked(new, old)
    if not marks:
        return list(new)
    parts = _parts(new, marks)
    spans = _places(parts, old, what)
    result: list[str] = []
    left_out = [old[one[1] : two[0]] for one, two in pairwise(spans)]
    hidden = {line.strip() for lines in left_out for line in lines if line.strip()}
    for part, (begin, end), lines in zip(parts, spans, [*left_out, []], strict=True):
        if _loses(part, old[begin:end]) or _repeats(part, old[begin:end], hidden):
            raise _unclear(what)
        result += [*part, *lines]
    return result


def _loses(part: Sequence[str], old: Sequence[str]) -> bool:
    """Whether lines of the old text are gone with nothing in their place, and no mark to say so."""
    return any(
        action == "delete" and any(line.strip() for line in old[first:last])
        for action, first, last, _, _ in _opcodes(old, part)
    )


def _repeats(part: Sequence[str], old: Sequence[str], hidden: Collection[str]) -> bool:
    """Whether a new line is among those left out: it may have been moved."""
    return any(
        action in ("insert", "replace") and any(line.strip() in hidden for line in part[start:stop])
        for action, _, _, start, stop in _opcodes(old, part)
    )


def _opcodes(
    old: Sequence[str], new: Sequence[str]
) -> list[tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]]:
    one, two = ([line.rstrip() for line in lines] for lines in (old, new))
    return SequenceMatcher(None, one, two, autojunk=False).get_opcodes()


def _parts(lines: Sequence[str], marks: Sequence[int]) -> list[list[str]]:
    edges = [-1, *marks, len(lines)]
    return [trimmed(lines[a + 1 : b]) for a, b in pairwise(edges)]


def _places(parts: Sequence[list[str]], old: Sequence[str], what: str) -> list[tuple[int, int]]:
    """Where in the old text each part ends and begins, as far as its marks need it."""
    spans: list[tuple[int, int]] = []
    after = 0
    for index, part in enumerate(parts):
        first, last = index == 0, index == len(parts) - 1
        if not part:
            if not (first or last):
                raise _unclear(what)
            spans.append((0, 0) if first else (len(old), len(old)))
            continue
        begin = 0 if first else _only(part, old, after, what, from_start=True)
        end = len(old) if last else _only(part, old, max(after, begin), what, from_start=False)
        if end < begin:
            raise _unclear(what)
        spans.append((begin, end))
        after = end
    return spans


def _only(part: list[str], old: Sequence[str], after: int, what: str, *, from_start: bool) -> int:
    """The one place of the edge of a part, at or behind `after`, as an index of a line."""
    solid = [line.rstrip() for line in part if line.strip()]
    edge = solid[:2] if from_start else solid[-2:]
    numbered = [(index, line.rstrip()) for index, line in enumerate(old) if line.strip()]
    hits = [
        (numbered[at][0], numbered[at + len(edge) - 1][0] + 1)
        for at in range(len(numbered) - len(edge) + 1)
        if [line for _, line in numbered[at : at + len(edge)]] == edge
    ]
    if len(hits) != 1 or hits[0][0] < (after if from_start else 0):
        raise _unclear(what)
    return hits[0][0] if from_start else hits[0][1]


def _unclear(what: str) -> Refused:
    return Refused(
        Why.ELIDED, f"{what} leaves lines out, and it is not clear which ones. {_SEND_ALL}"
    )


def invented_ellipses(new: str, old: str) -> bool:
    """Whether Python code has more `...` among its values than before, as in `total(...)`."""
    return _ellipses(new) > _ellipses(old)


def _ellipses(code: str) -> int:
    count = 0
    for node in ast.walk(parsed(code) or ast.Module([], [])):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            declares = ast.unparse(node.func).rpartition(".")[2] in _REQUIRED
            values = node.args[1:] if declares else list(node.args)
        elif isinstance(node, ast.List | ast.Set | ast.Tuple):
            values = node.elts
        elif isinstance(node, ast.Dict):
            values = node.values
        elif isinstance(node, ast.Return | ast.Assign) and node.value:
            values = [node.value]
        count += sum(isinstance(value, ast.Constant) and value.value is ... for value in values)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            count -= sum(
                isinstance(item, ast.Constant) and item.value is ... for item in node.slice.elts
            )
    return count

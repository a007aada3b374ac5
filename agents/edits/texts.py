"""Lines of a file with their ends kept, and the indentation that a text has or should have."""

import ast
import io
import re
import tokenize
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Self

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_BOM = "\ufeff"
_LOOKALIKES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u202f": " "}  # noqa: RUF001
)


@dataclass(frozen=True)
class Source:
    """A text file as lines that keep their ends, so that what is not edited stays as it is."""

    lines: tuple[str, ...]
    bom: bool = False

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(tuple(_LINE.findall(text.removeprefix(_BOM))), text.startswith(_BOM))

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """The lines without their ends."""
        return tuple(line.rstrip("\r\n") for line in self.lines)

    @cached_property
    def end(self) -> str:
        """The line ending that most lines have."""
        found = Counter(line[len(bare) :] for line, bare in zip(self.lines, self.bare, strict=True))
        found.pop("", None)
        return found.most_common(1)[0][0] if found else "\n"

    @cached_property
    def text(self) -> str:
        return _BOM * self.bom + "".join(self.lines)

    @cached_property
    def code(self) -> str:
        """The text as a parser wants it: no byte order mark, plain line ends."""
        return "".join(line + "\n" for line in self.bare)

    def replaced(self, start: int, stop: int, new: Sequence[str]) -> Self:
        """The file with lines `start` to `stop` (from 0, the latter excluded) exchanged.

        New lines get the file's line ending; a file without a final newline stays without.
        """
        ended = [line + self.end for line in new]
        before = list(self.lines[:start])
        if stop >= len(self.lines) and self.lines and not self._ends_with_newline:
            if start >= len(self.lines) and ended:
                before[-1] += self.end
            whole = [*before, *ended]
            if whole:
                whole[-1] = whole[-1].removesuffix(self.end)
            return type(self)(tuple(whole), self.bom)
        return type(self)((*before, *ended, *self.lines[stop:]), self.bom)

    @property
    def _ends_with_newline(self) -> bool:
        return bool(self.lines) and self.lines[-1] != self.bare[-1]


def bare_lines(text: str) -> list[str]:
    """The lines of a text without their ends; only real line breaks count."""
    return list(Source.of(text).bare)


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def trimmed(lines: Sequence[str]) -> list[str]:
    """Without the blank lines at both ends."""
    kept = [index for index, line in enumerate(lines) if line.strip()]
    return list(lines[kept[0] : kept[-1] + 1]) if kept else []


def plain(text: str) -> str:
    """Curly quotes and hard spaces as a keyboard has them."""
    return text.translate(_LOOKALIKES)


def is_hidden(character: str) -> bool:
    """Whether a character cannot be seen, yet is no white space of a source file."""
    return character not in "\n\r\t\f" and unicodedata.category(character) in ("Cf", "Cc")


def hidden_in(text: str) -> set[str]:
    """Characters that nobody sees: zero-width, direction marks, tags, controls."""
    return {character for character in set(text) if is_hidden(character)}


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of Python; None for what is not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def dedented(lines: Sequence[str]) -> list[str]:
    """Moved left by the indentation that all lines share, those within strings included."""
    cut = len(shared_indent(lines))
    return [line[cut:] for line in lines]


def shared_indent(lines: Iterable[str]) -> str:
    """The indentation that all lines have that are not blank."""
    shared: str | None = None
    for line in lines:
        if line.strip():
            indent = indent_of(line)
            shared = indent if shared is None else _common(shared, indent)
    return shared or ""


def _common(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return one[:length]


def string_lines(code: Sequence[str]) -> set[int]:
    """Indices of the lines that begin within a string; Python code that can be tokenised."""
    inside: set[int] = set()
    opened: list[int] = []
    text = "".join(line + "\n" for line in code)
    if not any(mark in text for mark in ('"""', "'''", "\\\n")):
        return inside
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            if name == "STRING":
                inside.update(range(token.start[0], token.end[0]))
            elif name.endswith("STRING_START"):
                opened.append(token.start[0])
            elif name.endswith("STRING_END") and opened:
                inside.update(range(opened.pop(), token.end[0]))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return inside
    return inside


def indent_unit(lines: Iterable[str]) -> str:
    """One step of indentation in a text: a tab, or its most usual number of spaces."""
    steps: Counter[str] = Counter()
    previous = 0
    for line in lines:
        if not line.strip():
            continue
        indent = indent_of(line)
        if "\t" in indent:
            steps["\t"] += 1
        elif 1 < len(indent) - previous <= 8:
            steps[" " * (len(indent) - previous)] += 1
        previous = len(indent)
    return steps.most_common(1)[0][0] if steps else "    "


def converted(indent: str, unit: str, wanted: str) -> str:
    """An indentation written with the other kind of white space, where the kinds differ."""
    if "\t" in indent and wanted != "\t":
        return indent.replace("\t", wanted)
    if wanted == "\t" and indent and "\t" not in indent:
        steps, rest = divmod(len(indent), len(unit))
        return "\t" * steps + " " * rest
    return indent


def with_old_blanks(before: str, after: str) -> str:
    """The new text, with old lines where a line differs from one in blanks at its end alone.

    Blanks at the end of a line get lost on their way through a model; nobody meant to change them.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = SequenceMatcher(
        None, [line.rstrip() for line in old], [line.rstrip() for line in new], autojunk=False
    )
    for first, second, size in matcher.get_matching_blocks():
        new[second : second + size] = old[first : first + size]
    return "".join(new)

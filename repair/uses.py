"""Who uses a function: the lines in other functions of the sources that name it."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from core.trees import Tree
from repair.holding import is_code, is_test_path
from repair.units import functions_of, parsed
from sandbox.node_detection import is_script
from sandbox.scripts import script_of

USES_MAX = 6
WHOLE_MAX_LINES = 25
"""A function of so many lines that uses another is shown whole."""
AROUND_LINES = 1
"""Shown on either side of a line that uses a function, where the user is long or none."""
Place = tuple[str, str]
"""A path, and a qualified name of a function in it."""


@dataclass(frozen=True)
class Use:
    """One function that uses another."""

    path: str
    function: str
    """Qualified; empty for code outside of functions."""
    line: int
    text: str
    """The user where it is short, else the line with its neighbours, as they stand."""


def uses_of(tree: Tree, places: Collection[Place], *, most: int = USES_MAX) -> tuple[Use, ...]:
    """Direct users of some functions by name, those in the same files first, each once.

    A function counts where it is defined and where its module or itself is imported; a method
    wherever an attribute of its name is read, since what an object is cannot be told from names.
    """
    found: list[tuple[bool, Use]] = []
    homes = {path for path, _ in places}
    for path in tree:
        if not is_code(path) or is_test_path(path) or not tree[path].is_regular:
            continue
        text = tree.text(path)
        wanted = {place for place in places if _short(place) in text}
        if is_script(path):
            found += [(path not in homes, use) for use in _in_script(path, text, wanted)]
            continue
        module = parsed(text) if wanted else None
        if module is not None:
            known = {place for place in wanted if _is_known(module, path, place)}
            found += [(path not in homes, use) for use in _uses(path, text, module, known)]
    return tuple(use for _, use in sorted(found, key=lambda entry: entry[0]))[:most]


def _in_script(path: str, text: str, places: Collection[Place]) -> Iterator[Use]:
    """Each function of a script that reads the name of one of the places, by its first line."""
    script = script_of(path, text)
    lines = text.split("\n")
    own = {name for home, name in places if home == path}
    names = {_short(place) for place in places if is_script(place[0])}
    for part in script.functions:
        if part.name in own or not names & part.used:
            continue
        form = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        inside = range(part.first, part.last + 1)
        hits = [number for number in inside if form.search(lines[number - 1])]
        if hits:
            yield _use(path, part.name, hits[0], lines, (part.first, part.last))


def in_words(uses: Collection[Use]) -> str:
    """The uses as one text, each under its place."""
    return "\n\n".join(
        f"{one.path}, line {one.line}{f', in {one.function}' if one.function else ''}:\n{one.text}"
        for one in uses
    )


def _short(place: Place) -> str:
    return place[1].rpartition(".")[2]


def _is_known(module: ast.Module, path: str, place: Place) -> bool:
    """Whether a file can mean this function by its name."""
    home, name = place
    if path == home or "." in name:
        return True
    stem = re.sub(r"(/__init__)?\.py$", "", home).rpartition("/")[2]
    imported = {
        part
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        for part in one.split(".")
    }
    return bool(imported & {stem, name})


def _uses(path: str, text: str, module: ast.Module, places: Collection[Place]) -> Iterator[Use]:
    """Each function of a file that uses one of the places, by its first line that does."""
    own = {name for home, name in places if home == path}
    lines = text.split("\n")
    inside: set[int] = set()
    for name, node in functions_of(module):
        inside |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        hits = sorted(_lines_with(node, places))
        if hits and name not in own:
            yield _use(path, name, hits[0], lines, (node.lineno, node.end_lineno or node.lineno))
    outside = sorted(_lines_with(module, places) - inside)
    if outside:
        yield _use(path, "", outside[0], lines)


def _lines_with(node: ast.AST, places: Collection[Place]) -> set[int]:
    functions = {name for _, name in places if "." not in name}
    every = {_short(place) for place in places}
    return {
        one.lineno
        for one in ast.walk(node)
        if (isinstance(one, ast.Name) and one.id in functions)
        or (isinstance(one, ast.Attribute) and one.attr in every)
    }


def _use(
    path: str, function: str, line: int, lines: list[str], span: tuple[int, int] | None = None
) -> Use:
    first, last = span or (line, line)
    if span is None or last - first >= WHOLE_MAX_LINES:
        first, last = max(1, line - AROUND_LINES), line + AROUND_LINES
    shown = lines[first - 1 : last]
    return Use(path, function, line, "\n".join(shown))

"""What a model is shown and asked to send back: whole functions, whole small files, or places."""

import ast
from typing import Literal

from agents.edits.code import Code, Function, code_of, found_at, functions
from agents.edits.texts import Source
from agents.edits.values import WHOLE_FILE_LINES, Unit
from core.trees import Tree

Rung = Literal["function", "file", "blocks"]
FAILED_BEFORE_WHOLE = 2
"""Search blocks that could not be applied before the whole unit is asked for."""


def unit_at(tree: Tree, path: str, line: int) -> Unit:
    """The function or method around a line (from 1), or the file where there is none.

    A function within a function belongs to the outer one.
    """
    code = _code(tree, path)
    for name, node in functions(code.module) if code else ():
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
        if first <= line <= (node.end_lineno or node.lineno):
            return Unit(path, name)
    return Unit(path)


def units_in(tree: Tree, path: str) -> list[Unit]:
    """All functions and methods of a Python file; the file itself where it has none."""
    code = _code(tree, path)
    found = [Unit(path, name) for name, _ in functions(code.module)] if code else []
    return found or [Unit(path)]


def text_of(tree: Tree, unit: Unit) -> str:
    """A unit as a model is shown it: decorators and the comments above it are part of a function.

    Empty when the file has no such function.
    """
    source = Source.of(tree.text(unit.path))
    if not unit.name:
        return source.text
    code = _code(tree, unit.path)
    node = found_at(code.module, unit.name) if code else None
    if code is None or not isinstance(node, Function | ast.ClassDef):
        return ""
    piece = code.piece(node)
    return "".join(line + "\n" for line in source.bare[piece.head : piece.stop])


def rung_for(tree: Tree, unit: Unit, failed: int = 0) -> Rung:
    """In which form to ask for a change, after so many replies that could not be applied.

    A short function or file whole; a long one in search blocks, until they failed twice.
    """
    lines = text_of(tree, unit).count("\n")
    if lines > WHOLE_FILE_LINES and failed < FAILED_BEFORE_WHOLE:
        return "blocks"
    if not unit.name:
        return "file" if lines <= WHOLE_FILE_LINES else "blocks"
    return "function"


def _code(tree: Tree, path: str) -> Code | None:
    return code_of(Source.of(tree.text(path)).bare) if path.endswith(".py") else None

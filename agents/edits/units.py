"""The unit around a place, and its text as a model is shown it."""

import ast

from agents.edits.code import Code, Function, code_of, found_at, functions
from agents.edits.texts import Source
from agents.edits.values import Unit
from core.trees import Tree


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


def _code(tree: Tree, path: str) -> Code | None:
    return code_of(Source.of(tree.text(path)).bare) if path.endswith(".py") else None

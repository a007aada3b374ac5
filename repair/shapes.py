"""The types that some code takes and gives: what has to be built to call it."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from core.trees import Tree
from repair.holding import is_source
from repair.units import Excerpt, functions_of, parsed, used_in
from sandbox.node_detection import is_script
from sandbox.scripts import script_of

SHAPE_MAX_LINES = 20
"""A longer type is shown by its fields, and what its making takes."""
_DECLARES = r"\b(?:class|interface|type|enum)\s+(?:{})\b"


def types_beside(tree: Tree, code: Sequence[Excerpt], *, max_chars: int) -> str:
    """Types that the functions of the code shown name and that do not stand in it, by file."""
    names = _named_in(tree, code)
    if not names:
        return ""
    shown = "\n".join(one.text for one in code)
    kinds = {is_script(one.path) for one in code}
    found, spent = [], 0
    for path in tree:
        if not is_source(path) or is_script(path) not in kinds or not tree[path].is_regular:
            continue
        fresh = [text for text in _types(path, tree.text(path), names) if text not in shown]
        text = f"FILE: {path} (parts)\n" + "\n\n".join(fresh)
        if fresh and spent + len(text) <= max_chars:
            found.append(text)
            spent += len(text)
    return "\n\n".join(found)


def _named_in(tree: Tree, code: Sequence[Excerpt]) -> frozenset[str]:
    """Names that the singled out functions read; of a file without one those of all of it."""
    names: set[str] = set()
    for one in code:
        text = tree.text(one.path)
        if is_script(one.path):
            for part in script_of(one.path, text).functions:
                names |= part.used if not one.functions or part.name in one.functions else set()
        elif module := parsed(text):
            for name, node in functions_of(module):
                names |= used_in(node) if not one.functions or name in one.functions else set()
    return frozenset(names)


def _types(path: str, text: str, names: Collection[str]) -> Iterator[str]:
    """The types of a file that have one of these names."""
    if not re.search(_DECLARES.format("|".join(map(re.escape, sorted(names)))), text):
        return
    if is_script(path):
        script = script_of(path, text)
        for name, declared in script.types:
            if name in names and declared.count("\n") < SHAPE_MAX_LINES:
                yield declared
        return
    module, lines = parsed(text), text.split("\n")
    for node in module.body if module else ():
        if isinstance(node, ast.ClassDef) and node.name in names:
            yield "\n".join(_shape(node, lines))


def _shape(node: ast.ClassDef, lines: Sequence[str]) -> list[str]:
    """A class; where it is long its head, its fields, and the head of what makes it."""
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    last = node.end_lineno or node.lineno
    if last - first < SHAPE_MAX_LINES:
        return list(lines[first - 1 : last])
    kept = list(lines[first - 1 : node.lineno])
    for one in node.body:
        end = one.end_lineno or one.lineno
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            end = max(one.lineno, one.body[0].lineno - 1)
        elif not isinstance(one, ast.AnnAssign | ast.Assign):
            continue
        kept += lines[one.lineno - 1 : end]
    return kept

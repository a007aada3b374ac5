"""Imports that new code needs and a file does not have yet."""

import ast
from collections.abc import Iterable

from agents.edits.code import Function, target_of
from agents.edits.texts import bare_lines, dedented, parsed


def needed(new: ast.Module, old: ast.Module, texts: Iterable[str]) -> list[str]:
    """Import lines of `new` whose names these texts use and `old` does not bind."""
    bound = bound_by(old)
    trees = [parsed("\n".join(dedented(bare_lines(text)))) for text in texts]
    used = {
        node.id
        for tree in trees
        if tree is not None
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
    }
    return [
        line
        for node in new.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in _missing(node, bound, used)
    ]


def bound_by(module: ast.Module, *, imports_only: bool = False) -> set[str]:
    """Names that a module has at its top level, those of guarded imports among them."""
    names: set[str] = set()
    for node in module.body:
        inner = ast.walk(node) if isinstance(node, ast.If | ast.Try | ast.With) else [node]
        for one in inner:
            if isinstance(one, ast.Import | ast.ImportFrom):
                names.update(_name_bound(alias) for alias in one.names)
            elif imports_only:
                continue
            elif isinstance(one, Function | ast.ClassDef):
                names.add(one.name)
            elif isinstance(one, ast.stmt) and target_of(one):
                names.add(target_of(one))
    return names


def _name_bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _missing(node: ast.Import | ast.ImportFrom, bound: set[str], used: set[str]) -> list[str]:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return []
    names = [
        alias
        for alias in node.names
        if _name_bound(alias) in used and _name_bound(alias) not in bound
    ]
    if not names:
        return []
    fresh: ast.stmt = (
        ast.Import(names)
        if isinstance(node, ast.Import)
        else ast.ImportFrom(node.module, names, node.level)
    )
    return [ast.unparse(fresh)]

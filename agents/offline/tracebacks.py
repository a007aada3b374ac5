"""A pasted traceback whose call can be rebuilt, turned into an example that must not raise."""

import ast
import re
from collections.abc import Iterator

from agents.offline.examples import Example
from core.trees import Tree

_SHOWN_CALL = re.compile(r'^[ \t]*File "[^"\n]+", line \d+, in \S+\n[ \t]+(?P<code>\S[^\n]*)', re.M)
PATHS_LEFT_OUT = ("src", "lib")
"""Folders that are put on the import path instead of being packages."""


def calls_in(report: str, tree: Tree) -> Iterator[Example]:
    """Calls that the traceback shows, of functions of the repository, with literal arguments."""
    homes: dict[str, list[str]] | None = None
    for match in _SHOWN_CALL.finditer(report):
        call = _literal_call(match["code"])
        if call is None:
            continue
        homes = homes if homes is not None else _homes(tree)
        if example := _rebuilt(call, homes):
            yield example


def _rebuilt(call: ast.Call, homes: dict[str, list[str]]) -> Example | None:
    """The call with its import; None when the name does not lead to one place."""
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        name, hint = function.attr, function.value.id
    elif isinstance(function, ast.Name):
        name, hint = function.id, ""
    else:
        return None
    modules = [m for m in homes.get(name, ()) if not hint or m.rsplit(".", 1)[-1] == hint]
    if len(modules) != 1:
        return None
    arguments = ast.unparse(call).removeprefix(ast.unparse(function))
    return Example((f"from {modules[0]} import {name}",), f"{name}{arguments}", asserts=False)


def _literal_call(code: str) -> ast.Call | None:
    """The outermost call of a line, when every argument is a literal."""
    try:
        (statement,) = ast.parse(code.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Call):
        return None
    try:
        for argument in [*value.args, *(keyword.value for keyword in value.keywords)]:
            ast.literal_eval(argument)
    except (ValueError, RecursionError):
        return None
    return value


def _homes(tree: Tree) -> dict[str, list[str]]:
    """Top-level functions and classes of the repository, by name, with their modules."""
    homes: dict[str, list[str]] = {}
    for path in tree:
        if not path.endswith(".py") or not tree[path].is_regular:
            continue
        try:
            module = ast.parse(tree.text(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                homes.setdefault(node.name, []).append(module_name(path))
    return homes


def module_name(path: str) -> str:
    """The name a module is imported by, from its path."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] in PATHS_LEFT_OUT and len(parts) > 1:
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

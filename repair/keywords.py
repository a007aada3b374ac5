"""What red tests ask for by name: the keywords of their calls."""

import ast
from collections.abc import Sequence

from core.trees import Tree


def keywords_of(tree: Tree, tests: Sequence[str]) -> list[str]:
    """Keywords with which these tests call anything, in order; none of what is no Python."""
    found: dict[str, None] = {}
    for test in tests:
        path, *names = test.split("[", maxsplit=1)[0].split("::")
        try:
            module = ast.parse(tree.text(path)) if path in tree else ast.Module([], [])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == names[-1]:
                calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]
                found |= dict.fromkeys(k.arg for call in calls for k in call.keywords if k.arg)
    return list(found)

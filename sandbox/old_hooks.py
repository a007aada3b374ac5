"""For which pytest a repository's conftest files were written, read as data."""

import ast
from collections.abc import Iterator

from packaging.requirements import Requirement

from core.trees import Tree

LAST_TO_GIVE = Requirement("pytest<9")
"""pytest 9 gives hooks no `py.path` arguments any more, and refuses those that ask for one."""
GONE = {
    "pytest_ignore_collect": "path",
    "pytest_collect_file": "path",
    "pytest_pycollect_makemodule": "path",
    "pytest_report_header": "startdir",
    "pytest_report_collectionfinish": "startdir",
}


def asking_for_paths(tree: Tree) -> str:
    """The first conftest file with a hook that only an older pytest calls; empty without one."""
    for path in tree:
        if path.rpartition("/")[2] == "conftest.py" and tree[path].is_regular:
            for name, arguments in _functions(tree.text(path)):
                if GONE.get(name) in arguments:
                    return path
    return ""


def _functions(text: str) -> Iterator[tuple[str, set[str]]]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            given = node.args
            every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            yield node.name, {argument.arg for argument in every}

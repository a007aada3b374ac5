"""Code that looks for the test runner, or reaches into it: what it does depends on being tested."""

import ast
import re
from collections.abc import Iterator

from sandbox.scripts import script_of

SCRIPT_RUNNER = re.compile(
    r"^(vitest|jest|vi|expect|mocha|ava|describe)$|^(node:test|@jest/|@vitest/|vitest/)"
    r"|^(VITEST|JEST|__vitest|__jest|MOCHA|AVA_|NODE_TEST_)|^(VITEST|JEST)_"
)
RUNNER = re.compile(r"(^|\W)_?pytest($|\W)|^PYTEST_|^get_objects$")


def reaches_for_runner(before: str, after: str) -> bool:
    """Whether a file names pytest, or lists all objects in memory, and did not do so before.

    Comments and docstrings may name what they like. Names put together at run time are not seen.
    """
    return _names_runner(after) and not _names_runner(before)


def script_reaches_for_runner(path: str, before: str, after: str) -> bool:
    """Whether a script names a runner or what it leaves behind, more than it did before."""
    old, new = (script_of(path, text).words for text in (before, after))
    return any(SCRIPT_RUNNER.search(word) for word in new - old)


def _names_runner(text: str) -> bool:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(RUNNER.search(word) for word in _words(module))


def _words(module: ast.Module) -> Iterator[str]:
    """Names, and texts that are not docstrings."""
    bare = {id(n.value) for n in ast.walk(module) if isinstance(n, ast.Expr)}
    for node in ast.walk(module):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word):
                yield word
            case ast.ImportFrom(module=str(word)):
                yield word
            case ast.Constant(value=str(word)) if id(node) not in bare:
                yield word

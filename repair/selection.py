"""Which test files are near a change, in Python, JavaScript and TypeScript."""

import re
from collections.abc import Sequence

from core.trees import Tree
from repair.holding import is_test_path
from repair.reach import of_package, reaching
from sandbox.node_detection import is_script, is_script_test


def touching(tree: Tree, changed: Sequence[str]) -> tuple[str, ...]:
    """Test files that import a changed module, are named after it, or are changed themselves.

    In JavaScript and TypeScript those that import it by others too.
    """
    sources = [path for path in changed if path.endswith(".py")]
    patterns = [re.compile(_imports(path).encode(), re.MULTILINE) for path in sources]
    stems = {_stem(path) for path in sources}
    found = [
        path
        for path in _test_files(tree)
        if path in changed
        or re.sub(r"^test_|_tests?$", "", _stem(path)) in stems
        or any(pattern.search(tree[path].data) for pattern in patterns)
    ]
    return (*found, *reaching(tree, _script_tests(tree), changed))


def neighbouring(tree: Tree, changed: Sequence[str]) -> tuple[str, ...]:
    """Test files of the package that a change lies in, those that touch it first."""
    near = touching(tree, changed)
    packages = {part for path in changed for part in path.split("/")[:-1]}
    packages -= {"src", "lib", "tests", "test", "testing"}
    own = {max(_folders(path), key=len, default="") for path in changed}
    rest = [
        path
        for path in _test_files(tree)
        if path not in near
        and (packages & set(path.split("/")) or any(o and path.startswith(f"{o}/") for o in own))
    ]
    scripts = of_package(tree, _script_tests(tree), [path for path in changed if is_script(path)])
    return (*near, *rest, *(path for path in scripts if path not in near))


def test_files(tree: Tree) -> tuple[str, ...]:
    """All that look like files of tests."""
    return (*_test_files(tree), *_script_tests(tree))


def _script_tests(tree: Tree) -> list[str]:
    return [path for path in tree if is_script_test(path)]


def _test_files(tree: Tree) -> list[str]:
    return [
        path
        for path in tree
        if path.endswith(".py")
        and is_test_path(path)
        and re.search(r"(^|/)(test\w*|\w+_tests?)\.py$", path)
    ]


def _imports(path: str) -> str:
    """A pattern for lines that import the module of a path."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    name = parts[-1]
    package = parts[-2] if len(parts) > 1 else ""
    plain = rf"^[ \t]*(?:from|import)\s+[\w.]*\b{re.escape(name)}\b"
    if not package or package in ("src", "lib"):
        return plain
    inside = rf"^[ \t]*from\s+[\w.]*\b{re.escape(package)}\s+import\b[^#\n]*\b{re.escape(name)}\b"
    return f"{plain}|{inside}"


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]

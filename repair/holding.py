"""Which files of a repository hold tests, by the usual names and by its own settings."""

import ast
import doctest
import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Self

from core.trees import Tree
from repair.links import Links
from repair.script_gate import is_settings
from sandbox.node_detection import is_script
from sandbox.pytest_options import configured, own_options


def is_test_path(path: str) -> bool:
    """Whether a path holds tests, or what serves them, by the usual conventions."""
    *folders, name = path.lower().split("/")
    return (
        name == "conftest.py"
        or re.fullmatch(r"(tests?|test_.*|.*_tests?)\.py|(.*\.)?(test|spec)\.[cm]?[jt]sx?", name)
        is not None
        or name.endswith(".snap")
        or bool({"test", "tests", "__tests__", "__mocks__", "__snapshots__"} & set(folders))
    )


def is_source(path: str) -> bool:
    """Whether a path holds code that a fault may lie in: no test, and no settings of tools."""
    return is_code(path) and not is_test_path(path) and not is_settings(path)


def is_code(path: str) -> bool:
    """Whether a path holds code that is read here: Python, JavaScript or TypeScript."""
    return path.endswith(".py") or is_script(path)


@dataclass(frozen=True)
class Holding:
    """What counts as a test in one repository."""

    patterns: tuple[str, ...] = ()
    """Names of test files, as `python_files` gives them; such as would take in every file are
    left out.
    """
    examples: bool = False
    """Whether examples in docstrings are run as tests."""
    links: Links = field(default_factory=Links)

    @classmethod
    def of(cls, tree: Tree) -> Self:
        """As the settings at its root have it."""
        settings = configured(tree)
        return cls(
            patterns=tuple(word for word in _words(settings.get("python_files")) if _narrow(word)),
            examples="--doctest-modules" in own_options(settings, named=False),
            links=Links.of(tree),
        )

    def holds_tests(self, path: str) -> bool:
        """Whether a file holds tests, or what serves them, by its name or by that of a link."""
        return any(map(self._is_test, (path, *self.links.own_names(path))))

    def _is_test(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return is_test_path(path) or any(
            fnmatchcase(path if "/" in pattern else name, pattern) for pattern in self.patterns
        )


def examples_of(module: ast.Module) -> Counter[tuple[str, str]]:
    """The examples in the docstrings of a module, each with what it shows."""
    found: Counter[tuple[str, str]] = Counter()
    for node in ast.walk(module):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and (text := ast.get_docstring(node)):
            try:
                found.update((e.source, e.want) for e in doctest.DocTestParser().get_examples(text))
            except ValueError:
                continue
    return found


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else [str(word) for word in value or ()]


def _narrow(pattern: str) -> bool:
    """Whether a pattern names some files, and not every one, as `*.py` does."""
    return bool(re.sub(r"[*?]|\.py$", "", pattern))

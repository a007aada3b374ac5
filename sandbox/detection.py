"""Which runner a repository's tests need, told from its files."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.ports import Environment
from core.trees import Tree


@dataclass(frozen=True)
class Runner:
    """A runner by name, and why it cannot be used here, if so."""

    name: str
    """`command`, `pytest`, `unittest`, `jest`, `vitest`, `npm test`, or empty."""
    hindrance: str = ""

    @property
    def usable(self) -> bool:
        """Whether tests can be run."""
        return not self.hindrance


def detect(tree: Tree, tests: Sequence[str] = (), environment: Environment | None = None) -> Runner:
    """The runner for these tests, or for all; a command that is named runs all, whatever it is."""
    if environment and environment.test_command and not tests:
        return Runner("command")
    runner = _told_by_files(tree, tests)
    if environment and environment.test_command and not runner.usable:
        return Runner("command")
    return runner


def _told_by_files(tree: Tree, tests: Sequence[str]) -> Runner:
    if any(test.partition("::")[0].endswith(".py") for test in tests):
        return Runner("pytest")
    python = [path for path in tree.files if path.endswith(".py")]
    script = _script_runner(tree)
    if python and (not script or any(_is_python_test(path, tree) for path in python)):
        return Runner(_python_runner(python, tree))
    if script:
        return Runner(
            script,
            f"the tests of this repository run with {script}, which this sandbox cannot run: it has"
            " no prepared node_modules",
        )
    return Runner("", "no Python and no package.json was found, so there is no known test runner")


def _is_python_test(path: str, tree: Tree) -> bool:
    name = path.rpartition("/")[2]
    return bool(re.match(r"test.*\.py$|.*_tests?\.py$", name)) or b"unittest" in tree[path].data


def _python_runner(paths: Sequence[str], tree: Tree) -> str:
    tests = [path for path in paths if _is_python_test(path, tree)]
    for path in tests:
        if re.search(rb"^\s*(import|from) pytest\b|^def test_", tree[path].data, re.MULTILINE):
            return "pytest"
    return "unittest" if tests else "pytest"


def _script_runner(tree: Tree) -> str:
    file = tree.get("package.json")
    if file is None or not file.is_regular:
        return ""
    try:
        package: Any = json.loads(file.data)
    except ValueError:
        return "npm test"
    if not isinstance(package, dict):
        return "npm test"
    scripts, needed = package.get("scripts"), _table(package, "devDependencies")
    needed |= _table(package, "dependencies")
    command = str(scripts.get("test", "")) if isinstance(scripts, dict) else ""
    for name in ("vitest", "jest"):
        if re.search(rf"\b{name}\b", command) or (name in needed and not command):
            return name
    return "npm test"


def _table(package: dict[str, Any], key: str) -> dict[str, Any]:
    found = package.get(key)
    return dict(found) if isinstance(found, dict) else {}

"""Which runner a repository's tests need, told from its files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.ports import Environment
from core.trees import Tree
from sandbox.node_detection import (
    NODE_RUNNERS,
    NPM,
    is_script,
    is_script_test,
    script_runner,
)
from sandbox.node_program import INSIDE as NODE_INSIDE
from sandbox.node_project import is_readable, project_of


@dataclass(frozen=True)
class Runner:
    """A runner by name, and why it cannot be used here, if so."""

    name: str
    """`compose`, `command`, `pytest`, `unittest`, `jest`, `vitest`, `npm test`, or empty."""
    hindrance: str = ""

    @property
    def usable(self) -> bool:
        """Whether tests can be run."""
        return not self.hindrance


def detect(tree: Tree, tests: Sequence[str] = (), environment: Environment | None = None) -> Runner:
    """The runner for these tests, or for all; a command that is named runs all, whatever it is."""
    if environment and environment.compose_host and not tests:
        return Runner("compose")
    if environment and environment.test_command and not tests:
        return Runner("command")
    runner = _told_by_files(tree, tests, environment)
    if environment and environment.test_command and not runner.usable:
        return Runner("command")
    return runner


def is_tested_by_node(tree: Tree) -> bool:
    """Whether some tests of a tree are run by Node.js."""
    return detect(tree).name in NODE_RUNNERS or any(map(is_script_test, tree))


def _of_node(name: str, environment: Environment | None) -> Runner:
    if environment is None or any(inside == NODE_INSIDE for _, inside in environment.layers):
        return Runner(name)
    return Runner(name, f"the tests run with {name}, and there is no Node.js for them")


def _told_by_files(tree: Tree, tests: Sequence[str], environment: Environment | None) -> Runner:
    if any(test.partition("::")[0].endswith(".py") for test in tests):
        return Runner("pytest")
    if any(is_script(test.partition("::")[0]) for test in tests):
        return _of_node(script_runner(tree, tests) or NPM, environment)
    python = [path for path in tree.files if path.endswith(".py")]
    script = script_runner(tree)
    if python and (not script or any(_is_python_test(path, tree) for path in python)):
        return Runner(_python_runner(python, tree))
    if script and project_of(tree) is None and not is_readable(tree):
        return Runner("", "package.json cannot be read")
    if script:
        return _of_node(script, environment)
    return Runner("", "no Python and no package.json was found, so there is no known test runner")


def _is_python_test(path: str, tree: Tree) -> bool:
    name = path.rpartition("/")[2]
    return bool(re.match(r"test.*\.py$|.*_tests?\.py$", name)) or b"unittest" in tree[path].data


def _python_runner(paths: Sequence[str], tree: Tree) -> str:
    tests = [path for path in paths if _is_python_test(path, tree)]
    for path in tests:
        if re.search(rb"^[ \t]*(import|from) pytest\b|^def test_", tree[path].data, re.MULTILINE):
            return "pytest"
    return "unittest" if tests else "pytest"

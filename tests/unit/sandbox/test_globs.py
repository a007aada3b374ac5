"""Patterns and files of a stranger take time in proportion to their length."""

import pytest

from agents.offline.tracebacks import calls_in
from repair.selection import touching
from sandbox.globs import named_by
from sandbox.import_guesses import unsaid
from sandbox.node_project import project_of
from sandbox.project import project_of as python_project_of
from sandbox.requirements import declared
from tests.unit.sandbox.rooms import tree_of

BLANK = "\n" * 100_000
A = '{"name": "a"}'


@pytest.mark.parametrize(
    ("pattern", "folder", "named"),
    [
        ("packages/*", "packages/a", True),
        ("packages/*", "packages/a/b", False),
        ("./packages/a/", "packages/a", True),
        ("**/a", "a", True),
        ("libs/**/a", "libs/x/y/a", True),
        ("libs/**", "other/a", False),
        ("*a" * 40 + "*b", "a" * 200, False),
        ("**/" * 40 + "b", "a/" * 200 + "a", False),
    ],
)
def test_folders_that_a_pattern_names(pattern: str, folder: str, named: bool) -> None:
    assert (folder in named_by([pattern], [folder])) is named


def test_blank_lines_are_passed_over_at_once() -> None:
    package = {"package.json": A, "yarn.lock": BLANK, "b.py": f"{BLANK}import a\n"}
    texts = {**package, "requirements.txt": "tox\n", "test_b.py": f"{BLANK}import a\n", "a.py": ""}
    tree = tree_of(texts)
    project = project_of(tree)
    assert project and project.other_hosts == ()
    assert declared(python_project_of(tree), tree, {}).wanted == ()
    assert touching(tree, ["a.py"]) == ("test_b.py",)
    pnpm = project_of(
        tree_of({"package.json": A, "pnpm-lock.yaml": "", "pnpm-workspace.yaml": BLANK})
    )
    assert pnpm and pnpm.members == ()


def test_a_test_that_is_cut_off_is_passed_over_at_once() -> None:
    tree = tree_of({"test_a.py": "def test(" * 20_000})
    assert list(unsaid(tree, (), is_declared=True)) == []


@pytest.mark.parametrize("nested", ["-" * 20_000 + "1", "x = " + "1 + " * 20_000 + "1"])
def test_what_is_nested_too_deeply_is_not_read(nested: str) -> None:
    tree = tree_of(dict.fromkeys(("setup.py", "conftest.py", "a/__init__.py"), nested))
    project = python_project_of(tree)
    assert "setup.py cannot be read" in project.notes[0]
    assert declared(project, tree, {}).wanted == ()
    assert list(calls_in("KeyError", tree)) == []

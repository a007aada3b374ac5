"""Where a new test in JavaScript or TypeScript goes, so that the repository's runner finds it."""

import re
from collections import Counter
from collections.abc import Sequence

from core.trees import Tree
from sandbox.detection import detect
from sandbox.node_detection import NODE_RUNNERS, is_script, is_script_test

_NAMED = re.compile(r"(?P<mark>\.(?:test|spec)|)(?P<ending>\.[cm]?[jt]sx?)")
HELPERS = re.compile(r"\b(setup|helpers?|utils?|fixtures?|mocks?|index)\b", re.IGNORECASE)
OPENS_A_TEST = re.compile(r"\b(?:it|test|describe)(?:\.\w+)*\s*\(")


def is_tested_by_scripts(tree: Tree) -> bool:
    """Whether the tests of a repository are run by Node.js."""
    return detect(tree).name in NODE_RUNNERS


def new_script_test(slug: str, tree: Tree) -> str:
    """A path that is not taken, in the folder and with the ending that most tests have."""
    tests = test_files(tree)
    folder = _most([path.rpartition("/")[0] for path in tests])
    marked = [found for path in tests if (found := _NAMED.search(path.rpartition("/")[2]))]
    mark, ending = _most_pair([(found["mark"], found["ending"]) for found in marked])
    if not tests:
        typed = any(path.endswith((".ts", ".tsx")) and is_script(path) for path in tree)
        folder, mark, ending = "tests", ".test", ".ts" if typed else ".js"
    for number in range(1, 1000):
        name = slug + (f"-{number}" if number > 1 else "") + mark + ending
        path = f"{folder}/{name}" if folder else name
        if path not in tree:
            return path
    return f"{slug}{mark}{ending}"


def test_files(tree: Tree) -> list[str]:
    """The files that hold tests, and no helpers of them."""
    return [
        path
        for path in tree
        if is_script_test(path)
        and tree[path].is_regular
        and not HELPERS.search(path.rpartition("/")[2])
        and OPENS_A_TEST.search(tree.text(path))
    ]


def _most(found: Sequence[str]) -> str:
    return max(sorted(set(found)), key=Counter(found).__getitem__, default="")


def _most_pair(found: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return max(sorted(set(found)), key=Counter(found).__getitem__, default=(".test", ".js"))

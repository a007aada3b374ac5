"""A conftest that only an older pytest can load is told by its hooks, and gets that pytest."""

import pytest

from core.trees import Tree
from sandbox.old_hooks import asking_for_paths
from sandbox.project import project_of
from sandbox.requirements import declared


@pytest.mark.parametrize(
    ("conftest", "old"),
    [
        ("def pytest_ignore_collect(path, config):\n    return False\n", True),
        ("def pytest_collect_file(parent, path):\n    pass\n", True),
        ("def pytest_report_header(config, startdir):\n    pass\n", True),
        ("def pytest_ignore_collect(collection_path, config):\n    return False\n", False),
        ("def helper(path):\n    pass\n", False),
        ("def broken(:\n", False),
    ],
)
def test_hooks_that_ask_for_paths_want_an_older_pytest(conftest: str, old: bool) -> None:
    tree = Tree().with_texts({"tests/conftest.py": conftest, "a.py": ""})
    assert asking_for_paths(tree) == ("tests/conftest.py" if old else "")
    needs = declared(project_of(tree), tree, {})
    assert [want.line for want in needs.wanted] == (["pytest<9"] if old else [])
    assert bool(needs.notes) == old


def test_same_function_elsewhere_says_nothing() -> None:
    text = "def pytest_ignore_collect(path, config):\n    return False\n"
    assert asking_for_paths(Tree().with_texts({"plugin.py": text})) == ""

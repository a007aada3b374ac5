"""What nothing declares is guessed where everybody would guess the same, and never otherwise."""

import pytest

from sandbox.import_guesses import guessed_roots, unsaid
from sandbox.project import project_of
from sandbox.pytest_options import import_mode, patterns
from sandbox.requirements import declared
from tests.unit.sandbox.rooms import tree_of

TEST = "from main import X\nimport os, json.decoder, tools.deep as t, shop, yaml, pytest\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"app/main.py": ""}, ("app",)),
        ({"python/tools/__init__.py": "", "app/main.py": ""}, ("app", "python")),
        ({"app/main.py": "", "main.py": ""}, ()),
        ({"app/main.py": "", "web/main.py": ""}, ()),
        ({"app/__init__.py": "", "app/main.py": ""}, ()),
        ({"vendor/main.py": "", "tests/main.py": "", "docs/main.py": "", ".x/main.py": ""}, ()),
        ({"app/os.py": "", "app/json/__init__.py": ""}, ()),
        ({"app/yaml.py": "", "lib2/pytest/__init__.py": "", "stubs/shop.py": ""}, ()),
        ({"app/x.py": "import main\n", "app/other.py": ""}, ()),
    ],
)
def test_a_folder_that_tests_must_be_started_with_is_guessed(
    texts: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert guessed_roots(tree_of({"tests/test_m.py": TEST, **texts}), (".",)) == expected


def guesses(texts: dict[str, str], *, is_declared: bool = False) -> list[str]:
    return [name for name, _ in unsaid(tree_of(texts), (), is_declared=is_declared)]


def test_plugins_are_told_from_what_tests_are_written_with() -> None:
    texts = {
        "test_a.py": "@pytest.mark.asyncio\nasync def test_a(): pass\n",
        "tests/test_b.py": "def test_b(tmp_path, mocker):\n    pass\n",
        "app.py": "requests_mock = mark.anyio\n",
    }
    assert guesses(texts, is_declared=True) == ["pytest-asyncio", "pytest-mock"]


def test_packages_that_all_know_are_guessed_where_nothing_is_declared() -> None:
    code = "import os, requests, yaml as y\nfrom PIL.Image import open\nimport acme_internal\n"
    texts = {"app.py": code, "numpy.py": "", "b.py": "import numpy\n"}
    assert guesses(texts) == ["Pillow", "requests", "PyYAML"]
    assert guesses(texts, is_declared=True) == []


def test_what_is_guessed_is_said_and_may_be_missing() -> None:
    tree = tree_of({"app.py": "import requests\n"})
    found = declared(project_of(tree), tree, {})
    assert [(want.line, want.guessed) for want in found.wanted] == [("requests", True)]
    assert found.notes == ("requests is declared nowhere, and was added: code imports it",)


def test_test_files_of_one_name_are_imported_apart() -> None:
    clash = {"a/test_x.py": "", "b/test_x.py": ""}
    assert import_mode({}, tree_of(clash)) == ["--import-mode=importlib"]
    assert import_mode({"addopts": "--import-mode prepend"}, tree_of(clash)) == []
    assert import_mode({}, tree_of({**clash, "b/__init__.py": ""})) == []
    assert import_mode({}, tree_of({"test_x.py": "", "a/test_y.py": ""})) == []


def test_cases_of_unittest_in_files_of_any_name_are_seen() -> None:
    texts = {"checks.py": "class A(unittest.TestCase):\n", "b.py": "", "odd name.py": ""}
    assert patterns({}, tree_of(texts)) == [
        "-o",
        "python_files=test*.py *_test.py *_tests.py checks.py",
    ]
    assert "checks.py" not in patterns({}, tree_of({**texts, "tests.py": ""}))[1]

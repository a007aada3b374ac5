"""A project of Django is told from its manage.py, and run by pytest with what that needs."""

import pytest

from repair.holding import is_test_path
from sandbox.django_project import DjangoProject, django_of, settings_of
from sandbox.members import all_roots
from sandbox.project import project_of
from sandbox.pytest_options import patterns
from sandbox.requirements import declared
from tests.unit.sandbox.rooms import tree_of

MANAGE = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
PROJECT = {"manage.py": MANAGE, "shop/settings.py": "", "shop/tests.py": "", "shop/test_a.py": ""}


def below(folder: str) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in PROJECT.items()}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (PROJECT, DjangoProject("", "shop.settings")),
        (below("site"), DjangoProject("site", "shop.settings")),
        ({**below("a/b"), **below("site")}, DjangoProject("site", "shop.settings")),
        ({**PROJECT, "shop/settings.py": "", "manage.py": "print('no django')"}, None),
        ({"manage.py": MANAGE}, None),
        (
            {"manage.py": MANAGE, "shop/settings/__init__.py": ""},
            DjangoProject("", "shop.settings"),
        ),
        ({**PROJECT, "tests/conftest.py": "settings.configure(DEBUG=True)"}, None),
        ({**PROJECT, "shop/test_a.py": "import django\ndjango.setup()\n"}, None),
        ({}, None),
    ],
)
def test_a_project_and_its_settings_are_found(
    texts: dict[str, str], expected: DjangoProject | None
) -> None:
    assert django_of(tree_of(texts)) == expected


def test_its_tests_get_the_plugin_settings_path_and_names_of_django() -> None:
    tree = tree_of({"requirements.txt": "Django>=4\n", **below("site")})
    wanted = declared(project_of(tree), tree, {"python_version": "3.11"}).wanted
    assert {want.name: want.for_tests for want in wanted} == {
        "django": False,
        "pytest-django": True,
    }
    assert settings_of(tree) == {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    assert all_roots(project_of(tree), tree) == ("site", ".")
    assert patterns({}, tree) == ["-o", "python_files=test*.py *_test.py *_tests.py"]


@pytest.mark.parametrize("line", ["pytest-django>=4\ndjango\n", "flask\n"])
def test_the_plugin_is_added_only_where_it_is_wanting(line: str) -> None:
    tree = tree_of({"requirements.txt": line, **PROJECT})
    wanted = declared(project_of(tree), tree, {}).wanted
    assert len(wanted) == line.count("\n")


def test_settings_that_pytest_is_told_of_are_not_told_twice() -> None:
    told = {"pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = shop.settings_test\n", **PROJECT}
    assert settings_of(tree_of(told)) == {}


def test_a_file_named_as_django_names_it_holds_tests() -> None:
    assert is_test_path("shop/tests.py") and not is_test_path("shop/contests.py")

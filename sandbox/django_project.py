"""Django's projects, whose own runner sets up what their tests need: told from manage.py as data.

Pytest runs such tests once its plugin for Django is there and knows the settings, and then says of
each test how it ended, which Django's runner does not.
"""

import re
from dataclasses import dataclass

from core.trees import Tree

PLUGIN = "pytest-django"
PATTERNS = "test*.py *_test.py *_tests.py"
"""Names of test files, as Django's own runner looks for them and as pytest does."""
CONFIGURATION = (
    "pyproject.toml",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    "setup.cfg",
    "tox.ini",
)
_SETTINGS = re.compile(rb"""DJANGO_SETTINGS_MODULE["']\s*,\s*["']([A-Za-z_][\w.]*)["']""")
_SET_UP = re.compile(rb"\b(django\.setup|settings\.configure)\s*\(")


@dataclass(frozen=True)
class DjangoProject:
    """Where the code of a project lies, and which of its modules holds the settings."""

    folder: str
    """Empty for the root."""
    settings: str


def django_of(tree: Tree) -> DjangoProject | None:
    """The project that lies nearest to the root; None where there is none, or no settings.

    None too where a test or a conftest file sets Django up by itself.
    """
    found = sorted(
        (path for path in tree.files if path.rpartition("/")[2] == "manage.py"),
        key=lambda path: (path.count("/"), path),
    )
    for path in found:
        folder = path.rpartition("/")[0]
        named = _SETTINGS.search(tree[path].data) if tree[path].is_regular else None
        settings = named[1].decode("ascii") if named else ""
        if settings and _is_there(settings, folder, tree):
            return None if _sets_up_itself(tree) else DjangoProject(folder, settings)
    return None


def settings_of(tree: Tree) -> dict[str, str]:
    """Variables that lead Django to its settings; what pytest's own configuration says goes first.

    An option of pytest goes before a variable, and a setting of its file after it: where there is
    such a setting, there is no variable.
    """
    django = django_of(tree)
    named = any(
        b"DJANGO_SETTINGS_MODULE" in tree[path].data
        for path in tree.files
        if path.rpartition("/")[2] in CONFIGURATION
    )
    return {"DJANGO_SETTINGS_MODULE": django.settings} if django and not named else {}


def _is_there(module: str, folder: str, tree: Tree) -> bool:
    place = "/".join([*filter(None, [folder]), *module.split(".")])
    return f"{place}.py" in tree or f"{place}/__init__.py" in tree


def _sets_up_itself(tree: Tree) -> bool:
    return any(
        _SET_UP.search(file.data)
        for path, file in tree.files.items()
        if re.search(r"(^|/)(conftest|tests?|test_\w+|runtests)\.py$", path)
    )

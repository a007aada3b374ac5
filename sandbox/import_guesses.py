"""What code imports that nothing declares: where its own modules lie, and well-known packages."""

import re
import sys
from collections.abc import Collection, Iterator, Sequence

from core.trees import Tree
from sandbox.django_project import PLUGIN, django_of

TEST_FILES_READ = 300
FILE_BYTES_READ = 200_000
_TEST = re.compile(r"(^|.*/)(conftest|tests?|test_[^/]*|[^/]*_tests?)\.py")
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([\w., \t]+))", re.MULTILINE)
_ASIDE = re.compile(
    r"(^|/)(\.[^/]*|docs?|examples?|vendor|_vendor|third_party|node_modules|tests?|fixtures|stubs"
    r"|typings|mocks?|fakes?|build|dist|v?env|site-packages)(/|$)",
    re.IGNORECASE,
)
"""Folders from which tests import nothing by a bare name, or should not."""
KNOWN = {
    **{name: name for name in (
        "aiohttp", "attrs", "boto3", "celery", "click", "cryptography", "django", "fastapi",
        "flask", "freezegun", "httpx", "hypothesis", "jinja2", "jsonschema", "lxml", "matplotlib",
        "networkx", "numpy", "pandas", "pydantic", "pygments", "pymongo", "pytz", "redis",
        "requests", "responses", "rich", "scipy", "six", "sqlalchemy", "starlette", "sympy",
        "tqdm", "typer", "urllib3", "werkzeug",
    )},
    "attr": "attrs", "bs4": "beautifulsoup4", "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil", "dotenv": "python-dotenv", "jwt": "PyJWT", "PIL": "Pillow",
    "sklearn": "scikit-learn", "yaml": "PyYAML",
}  # fmt: skip
"""Modules that everybody means the same package by; no other name is ever guessed."""
_OTHERS = {*KNOWN, "google", "mock", "pkg_resources", "pytest", "setuptools"}
"""Modules of others: what a repository holds by such a name stands in for them on purpose."""
PLUGINS = (
    (re.compile(rb"\bmark\.asyncio\b"), "pytest-asyncio"),
    (re.compile(rb"\bmark\.anyio\b"), "anyio"),
    (re.compile(rb"\bdef test\w*\([^)]{0,300}\bmocker\b"), "pytest-mock"),
    (re.compile(rb"\bdef test\w*\([^)]{0,300}\brequests_mock\b"), "requests-mock"),
)
"""Plugins of pytest by what their users write."""


def guessed_roots(tree: Tree, roots: Sequence[str]) -> tuple[str, ...]:
    """Folders that hold what tests import by a bare name and no root has, where only one does.

    Such tests are started with that folder on the path, which nothing in the repository says.
    """
    wanted = _imported(file for path, file in _tests(tree)) - sys.stdlib_module_names - _OTHERS
    tops = {_top(path, root) for root in roots for path in tree.files}
    places: dict[str, set[str]] = {}
    for path in tree.files:
        folder, _, name = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")
        if path.endswith(".py") and name in wanted - tops and folder and not _ASIDE.search(folder):
            places.setdefault(name, set()).add(folder)
    found = {folder for folders in places.values() if len(folders) == 1 for folder in folders}
    return tuple(sorted(folder for folder in found if f"{folder}/__init__.py" not in tree))


def unsaid(tree: Tree, named: Collection[str], *, is_declared: bool) -> Iterator[tuple[str, str]]:
    """Packages that nothing asks for and tests need, and why; `named` are those asked for.

    Where nothing at all `is_declared`, what the code imports counts too.
    """
    if "django" in named and PLUGIN not in named and django_of(tree):
        yield PLUGIN, "Django's tests are run by it"
    for name in _plugins(tree):
        if name not in named:
            yield name, "tests are written for it"
    for name in () if is_declared else _packages(tree):
        yield name, "code imports it"


def _plugins(tree: Tree) -> Iterator[str]:
    """Plugins that tests are written for."""
    files = [file for _, file in _tests(tree)]
    for sign, name in PLUGINS:
        if any(sign.search(file) for file in files):
            yield name


def _packages(tree: Tree) -> Iterator[str]:
    """Well-known packages that the code of a repository imports, which declares none at all."""
    files = (
        file.data
        for path, file in tree.files.items()
        if path.endswith(".py") and file.is_regular and len(file.data) <= FILE_BYTES_READ
    )
    own = {_top(path, root) for path in tree.files for root in (".", "src", "lib")}
    for name in sorted(_imported(files) - own):
        if name in KNOWN:
            yield KNOWN[name]


def _tests(tree: Tree) -> list[tuple[str, bytes]]:
    """Test files, by path and content, as many as are read."""
    found = [
        (path, file.data)
        for path, file in tree.files.items()
        if _TEST.fullmatch(path) and file.is_regular and len(file.data) <= FILE_BYTES_READ
    ]
    return sorted(found)[:TEST_FILES_READ]


def _imported(files: Iterator[bytes]) -> set[str]:
    """Names of the modules that code imports, without those below them."""
    found: set[bytes] = set()
    for data in files:
        for one, several in _IMPORT.findall(data):
            found |= {one, *(part.split()[0] for part in several.split(b",") if part.split())}
    return {name.partition(b".")[0].decode("utf-8", "replace") for name in found} - {""}


def _top(path: str, root: str) -> str:
    """The module or package that a file gives below a root; empty for a file elsewhere."""
    inside = path if root == "." else path.removeprefix(f"{root}/")
    if root != "." and inside == path:
        return ""
    return inside.partition("/")[0].removesuffix(".py")

"""Python projects below the root of a repository: such as it names, or all where it is none itself.

Their names are the repository's own, so no index is ever asked for them, and what they need and
where their code lies is read as it is of the root.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from core.trees import Tree
from sandbox.django_project import django_of
from sandbox.globs import named_by
from sandbox.import_guesses import guessed_roots
from sandbox.project import Project, import_roots, project_of, version_of

DECLARING = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
"""Files that make a folder a Python project."""
MAX_DEPTH = 2
"""Folders deep that a project is looked for where the root is none."""
MAX_MEMBERS = 50
NOT_TESTED = re.compile(
    r"(^|/)(\.[^/]*|docs?|examples?|samples?|templates?|vendor|third_party|node_modules|tests?"
    r"|fixtures|scripts|tools|deploy|infra|ci)(/|$)",
    re.IGNORECASE,
)
"""Folders whose projects are not what a repository is tested for."""
_REQUIREMENTS = re.compile(
    r"(requirements/)?[\w.-]*requirements[\w.-]*\.(txt|in)|requirements/[^/]*"
)
_EDITABLE = re.compile(
    r"^\s*(?:(?:-e|--editable)[\s=]+)?(?:file:)?(\.{0,2}/?[\w./-]+?)/?(?:\[[\w,\s-]+\])?\s*(?:#.*)?$"
)


def members_of(tree: Tree, project: Project | None = None) -> tuple[str, ...]:
    """Folders of the projects that belong to a repository, without the root."""
    folders = _declaring(tree)
    folders.pop("", None)
    if not folders:
        return ()
    project = project or project_of(tree)
    named = _named(folders, project, tree)
    if not named and not any(path in tree for path in (*DECLARING, "PKG-INFO", "tox.ini")):
        named = frozenset(
            folder
            for folder in folders
            if folder.count("/") < MAX_DEPTH and not NOT_TESTED.search(folder)
        )
    return tuple(sorted(named))[:MAX_MEMBERS]


def all_roots(project: Project, tree: Tree) -> tuple[str, ...]:
    """Folders to import from, most specific first; the last one is the root, `.`."""
    *own, root = import_roots(project, tree)
    found: list[str] = []
    for folder in members_of(tree, project):
        inner = below(tree, folder)
        *specific, _ = import_roots(project_of(inner), inner)
        found += [f"{folder}/{one}" for one in specific] or [folder]
    if (django := django_of(tree)) and django.folder:
        found.append(django.folder)
    known = [*own, *found, root]
    found += guessed_roots(tree, known)
    return (*dict.fromkeys([*own, *found]), root)


def nearest_first(roots: Sequence[str], tests: Sequence[str]) -> tuple[str, ...]:
    """Roots, those first that hold all of these tests: two projects may name a package alike."""
    near = [root for root in roots if tests and all(one.startswith(f"{root}/") for one in tests)]
    return (*near, *(root for root in roots if root not in near))


def named_projects(project: Project, tree: Tree) -> tuple[tuple[Project, str], ...]:
    """Each project of a repository that has a name, the root first, with its version."""
    parts = projects_of(project, tree)
    return tuple((one, version_of(one, held)) for one, held in parts if one.name)


def projects_of(project: Project, tree: Tree) -> list[tuple[Project, Tree]]:
    """Each project of a repository with its part of the tree, the root first."""
    inner = [below(tree, folder) for folder in members_of(tree, project)]
    return [(project, tree), *((project_of(part), part) for part in inner)]


def home_of(tree: Tree) -> str:
    """The folder that tests are run in: of the one project that holds them all, else the root.

    Where the root declares nothing of Python, its one project is written as if it were the root.
    """
    if any(
        path in tree for path in (*DECLARING, "PKG-INFO", "tox.ini", "pytest.ini", "conftest.py")
    ):
        return ""
    members = members_of(tree)
    python = [p for p, file in tree.files.items() if p.endswith(".py") and file.is_regular]
    if len(members) == 1 and all(path.startswith(f"{members[0]}/") for path in python):
        return members[0]
    return ""


def seen_from(home: str, test: str) -> str:
    """A test, by id or file, as it is named in a folder; it is no option, however it begins."""
    if not home:
        return test if not test.startswith("-") else f"./{test}"
    path, mark, name = test.partition("::")
    return f"./{posixpath.relpath(path, home)}{mark}{name}"


def below(tree: Tree, folder: str) -> Tree:
    """What lies in a folder, as if it were the root."""
    start = len(folder) + 1
    return Tree(
        {path[start:]: file for path, file in tree.files.items() if path.startswith(f"{folder}/")}
    )


def is_local(line: str, path: str, tree: Tree) -> bool:
    """Whether a line of the requirements file `path` names a project of the repository itself."""
    return any(
        f"{place}/{name}" in tree for place in _local_places(line, path) for name in DECLARING
    )


def _local_places(line: str, path: str) -> tuple[str, ...]:
    """The folders that a line may mean: beside its file, or below the root."""
    match = _EDITABLE.match(line)
    if not match or not ("/" in match[1] or line.lstrip().startswith("-")):
        return ()
    bases = (posixpath.dirname(path), "")
    return tuple(posixpath.normpath(posixpath.join(base, match[1])) for base in bases)


def _declaring(tree: Tree) -> dict[str, None]:
    """Folders with a file that declares a Python project."""
    return {
        folder: None
        for path in tree.files
        for folder, _, name in [path.rpartition("/")]
        if name in DECLARING
    }


def _named(folders: Collection[str], project: Project, tree: Tree) -> frozenset[str]:
    """Those of the folders that the root names as its own."""
    workspace = project.section("tool", "uv", "workspace")
    members, excluded = (
        named_by(_texts(workspace.get(key)), folders) for key in ("members", "exclude")
    )
    return (members - excluded) | (frozenset(_named_paths(project, tree)) & frozenset(folders))


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _named_paths(project: Project, tree: Tree) -> Iterator[str]:
    """Folders that the root names as where a package of its needs lies."""
    tables = [project.section("tool", "uv", "sources")]
    poetry = project.section("tool", "poetry")
    tables += [_table(poetry.get("dependencies")), _table(poetry.get("dev-dependencies"))]
    tables += [
        _table(_table(one).get("dependencies")) for one in _table(poetry.get("group")).values()
    ]
    for table in tables:
        for value in table.values():
            if isinstance(place := _table(value).get("path"), str):
                yield posixpath.normpath(place)
    for path in tree.files:
        if _REQUIREMENTS.fullmatch(path) and tree[path].is_regular:
            for line in tree.text(path).splitlines()[:1000]:
                yield from _local_places(line, path)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

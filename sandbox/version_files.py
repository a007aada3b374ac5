"""Files that a build writes a version into, and that code imports: made here, with no build."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.trees import File, Tree
from sandbox.members import below, members_of
from sandbox.project import Project, project_of, version_of
from sandbox.workspace import misplaced

UNKNOWN = "0.0.0"
_SETUP_PY = re.compile(r"""["']?(?:write_to|version_file)["']?\s*[=:]\s*["']([\w./-]+)["']""")


def version_files(project: Project, tree: Tree) -> dict[str, File]:
    """What a build would write, for each project that has it written and not in the repository."""
    found = dict(_of(project, tree))
    for folder in members_of(tree, project):
        inner = below(tree, folder)
        made = _of(project_of(inner), inner)
        found |= {f"{folder}/{path}": file for path, file in made}
    return found


def _of(project: Project, tree: Tree) -> Iterator[tuple[str, File]]:
    known = version_of(project, tree)
    version = known if known != "0" else UNKNOWN
    for path in _written(project, tree):
        place = posixpath.normpath(path)
        if place.endswith(".py") and not misplaced(place) and _is_free(place, tree):
            yield place, File(_module(version).encode())


def _is_free(place: str, tree: Tree) -> bool:
    """Whether nothing stands there, nor a link or a file where a folder of it would be."""
    ends = [at for at, sign in enumerate(place) if sign == "/"]
    return not any(place[:end] in tree for end in (*ends, len(place)))


def _written(project: Project, tree: Tree) -> Iterator[str]:
    """Paths that tools for versions are told to write."""
    tables: list[Mapping[str, Any]] = [
        project.section("tool", "setuptools_scm"),
        project.section("tool", "setuptools-scm"),
        project.section("tool", "hatch", "build", "hooks", "vcs"),
        project.section("tool", "hatch", "build", "targets", "wheel", "hooks", "vcs"),
        project.section("tool", "pdm", "version"),
        project.section("tool", "versioningit", "write"),
    ]
    for table in tables:
        for key in ("version_file", "version-file", "write_to", "file"):
            if isinstance(path := table.get(key), str):
                yield path
                # PDM gives a path below the folder of the package's code
                yield from [f"src/{path}"] if key == "write_to" and _has_src(path, tree) else []
    if "setup.py" in tree and "use_scm_version" in tree.text("setup.py"):
        yield from _SETUP_PY.findall(tree.text("setup.py"))


def _has_src(path: str, tree: Tree) -> bool:
    folder = posixpath.dirname(path)
    return any(one.startswith(f"src/{folder}/") for one in tree.files)


def _module(version: str) -> str:
    """A module with the names that setuptools-scm and hatch-vcs write."""
    parts = [int(part) for part in re.findall(r"\d+", version)[:3]]
    return (
        f"__version__ = version = {version!r}\n"
        f"__version_tuple__ = version_tuple = {tuple([*parts, 0, 0, 0][:3])!r}\n"
        "__commit_id__ = commit_id = None\n"
    )

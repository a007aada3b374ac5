"""Which Python a repository asks for, and whether this machine has one that fits."""

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from sandbox.interpreter import OLDEST
from sandbox.poetry import specifier
from sandbox.project import Project

NEWEST = 19
"""The last minor version of Python 3 that is looked for."""


def asked_of(projects: Iterable[Project]) -> str:
    """The versions of Python that the first of these projects asks for that asks for any."""
    for project in projects:
        poetry = project.section("tool", "poetry", "dependencies").get("python")
        said = (
            project.section("project").get("requires-python")
            or (specifier(poetry) if isinstance(poetry, str) else "")
            or project.setup_cfg.get("options", {}).get("python_requires")
            or project.setup_py.get("python_requires")
        )
        if isinstance(said, str) and said.strip():
            return said.strip()
    return ""


def fits(asked: str, version: str) -> bool:
    """Whether a version of Python is among those asked for; raises InvalidSpecifier."""
    return not asked or SpecifierSet(asked).contains(version, prereleases=True)


def fitting(asked: str) -> Iterator[str]:
    """Interpreters of this machine that may fit what is asked for, the oldest first."""
    try:
        wanted = SpecifierSet(asked)
    except InvalidSpecifier:
        return
    for minor in range(OLDEST[1], NEWEST + 1):
        name = f"python3.{minor}"
        releases = (f"3.{minor}.{patch}" for patch in (0, 1, 5, 10, 15, 99))
        if any(wanted.contains(release) for release in releases):
            yield from dict.fromkeys(_programs(name))


def _programs(name: str) -> Iterator[str]:
    """Where a program of this name is: on the PATH, or beside the Python that runs this."""
    if found := shutil.which(name):
        yield found
    for path in sorted(Path(sys.base_prefix).parent.glob(f"*/bin/{name}")):
        yield str(path)

"""Fetches the source of a project, of any language, as it was published."""

import asyncio
from collections.abc import Callable, Mapping

from packaging.specifiers import SpecifierSet

from core.trees import Tree
from evals.projects.known import Project
from evals.projects.npm import from_npm
from sandbox.package_index import PackageIndex
from sandbox.source_archive import unpacked


def from_python_index(project: Project, address: str) -> Tree:
    """The source archive of a Python project, from the index at this address."""
    index = PackageIndex(address)
    archive = index.newest(project.name, SpecifierSet(f"=={project.version}"))
    return unpacked(index.fetch(archive), archive.filename)


SOURCES: Mapping[str, Callable[[Project, str], Tree]] = {
    "pypi": from_python_index,
    "npm": lambda project, _: from_npm(project),
}
"""By ecosystem: what fetches a project, given the address of the Python index."""


async def fetched(project: Project, address: str) -> Tree:
    """All files of a project; raises AntonError."""
    return await asyncio.to_thread(SOURCES[project.ecosystem], project, address)

"""Packages that a repository wants from elsewhere than the package indexes that may be asked."""

import re
from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from sandbox.project import Project

EVERYWHERE = ("torch", "torchaudio", "torchvision")
"""Packages of which other indexes have other builds, and the public one has the same."""


def from_elsewhere(project: Project, *, are_indexes_named: bool) -> dict[str, str]:
    """Why a package is not asked of any index, by its canonical name.

    One from an index of the repository's choice is asked only of those that the operator named:
    the public one may know the name as somebody else's.
    """
    found = dict(_by_address(project))
    return found if are_indexes_named else {**dict(_of_other_index(project)), **found}


def _by_address(project: Project) -> Iterator[tuple[str, str]]:
    """Packages that uv is told to take from elsewhere than an index, and from where."""
    for name, value in project.section("tool", "uv", "sources").items():
        for one in value if isinstance(value, list) else [value]:
            for kind in ("git", "url", "path"):
                if isinstance(one, Mapping) and isinstance(one.get(kind), str):
                    why = f"it comes from {shown(one[kind])} and not from a package index"
                    yield canonicalize_name(name), why


def _of_other_index(project: Project) -> Iterator[tuple[str, str]]:
    """Packages that uv or Poetry is told to take from an index by name, and why they are not."""
    tables = [(project.section("tool", "uv", "sources"), "index")]
    poetry = project.section("tool", "poetry")
    groups = project.section("tool", "poetry", "group").values()
    named = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    named += [group.get("dependencies") for group in groups if isinstance(group, Mapping)]
    tables += [(table, "source") for table in named if isinstance(table, Mapping)]
    for table, key in tables:
        for name, value in table.items():
            place = value.get(key) if isinstance(value, Mapping) else None
            if not isinstance(place, str) or place.lower() == "pypi":
                continue
            if canonicalize_name(name) not in EVERYWHERE:
                why = f"its index {shown(place)} is asked only where PACKAGE_INDEXES names those"
                yield canonicalize_name(name), why


def shown(text: str) -> str:
    """A line fit for a note: no credentials of an address, no odd characters, short."""
    bare = re.sub(r"//[^/@\s]*@", "//", text)
    return repr(bare[:120])

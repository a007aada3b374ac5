"""Which tests in JavaScript and TypeScript can reach a file, by what they import, however far."""

import json
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from core.trees import Tree
from sandbox.node_detection import SOURCES, is_script
from sandbox.scripts import script_of

ALIASES = ("@/", "~/", "src/")
"""What many settings let stand for the folder of the sources."""


def reaching(tree: Tree, tests: Iterable[str], paths: Collection[str]) -> list[str]:
    """Those of the tests, by id, whose file imports one of these paths, itself or by others."""
    wanted = frozenset(paths)
    by_file: dict[str, bool] = {}
    found = []
    for test in tests:
        file = test.partition("::")[0]
        if file not in by_file:
            by_file[file] = bool(is_script(file) and wanted & _reached(tree, file))
        if by_file[file]:
            found.append(test)
    return found


def of_package(tree: Tree, tests: Iterable[str], paths: Collection[str]) -> list[str]:
    """Those of the tests that lie in a package, by its package.json, with one of these paths."""
    homes = {_package_of(tree, path) for path in paths}
    return [test for test in tests if _package_of(tree, test.partition("::")[0]) in homes]


def _package_of(tree: Tree, path: str) -> str:
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        if (f"{folder}/package.json" if folder else "package.json") in tree:
            return folder
    return ""


@lru_cache(maxsize=512)
def _reached(tree: Tree, start: str) -> frozenset[str]:
    seen, waiting = {start}, [start]
    members = _members(tree)
    while waiting:
        path = waiting.pop()
        if path not in tree or not is_script(path):
            continue
        for spec, *_ in script_of(path, tree.text(path)).imports:
            for target in _resolved(tree, path, spec, members):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return frozenset(seen)


@lru_cache(maxsize=8)
def _members(tree: Tree) -> Mapping[str, str]:
    """The packages of the repository by name, each with its folder."""
    found = {}
    for path in tree:
        if path.rpartition("/")[2] == "package.json" and tree[path].is_regular:
            try:
                name = json.loads(tree[path].data).get("name")
            except (ValueError, AttributeError):
                continue
            if name:
                found[str(name)] = path.rpartition("/")[0]
    return found


def _resolved(tree: Tree, path: str, spec: str, members: Mapping[str, str]) -> Iterator[str]:
    """The files that an import can mean."""
    if spec.startswith("."):
        yield from _files(tree, posixpath.join(posixpath.dirname(path), spec))
        return
    for alias in ALIASES:
        if spec.startswith(alias):
            yield from _files(tree, f"src/{spec.removeprefix(alias)}")
    for name, folder in members.items():
        if spec == name or spec.startswith(f"{name}/"):
            inner = spec.removeprefix(name).strip("/")
            for base in (f"{folder}/{inner}", f"{folder}/src/{inner}"):
                yield from _files(tree, base)


def _files(tree: Tree, place: str) -> Iterator[str]:
    place = posixpath.normpath(place).lstrip("/")
    stem, ending = posixpath.splitext(place)
    stems = [place, f"{place}/index", *([stem] if ending in SOURCES else [])]
    for one in stems:
        for name in (one, *(f"{one}{ending}" for ending in SOURCES)):
            if name in tree:
                yield name

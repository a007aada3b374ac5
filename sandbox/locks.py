"""Which versions a repository's lock files pin, read as data: uv, Poetry, PDM, Pipenv, pylock."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from core.trees import Tree

MAX_FILE_BYTES = 20_000_000
FILES = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""In this order; the first that is there holds."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def locked(tree: Tree) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """The lock file that holds, the version that it pins of each package, and what is wrong.

    A package that is pinned to different versions for different systems is left open.
    """
    for path in FILES:
        file = tree.get(path)
        if file is None or not file.is_regular:
            continue
        if len(file.data) > MAX_FILE_BYTES:
            return path, {}, (f"{path} is too large and was not read",)
        try:
            text = file.data.decode("utf-8")
            pairs = _of_pipenv(json.loads(text)) if path == "Pipfile.lock" else _of_toml(text)
            return path, _alone(pairs), ()
        except (ValueError, RecursionError) as error:
            said = str(error).splitlines()[0][:200]
            return path, {}, (f"{path} cannot be read: {said}",)
    return "", {}, ()


def _of_toml(text: str) -> Iterator[tuple[str, str]]:
    document = tomllib.loads(text)
    packages = document.get("package") or document.get("packages") or []
    for package in packages if isinstance(packages, list) else ():
        source = package.get("source") if isinstance(package, Mapping) else None
        if not isinstance(package, Mapping) or _is_local(source):
            continue
        name, version = package.get("name"), package.get("version")
        if isinstance(name, str) and isinstance(version, str):
            yield name, version


def _is_local(source: Any) -> bool:
    """Whether a package comes from elsewhere than an index, as the repository itself does."""
    if not isinstance(source, Mapping):
        return False
    elsewhere = {"editable", "virtual", "directory", "path", "git", "url"}
    return bool(elsewhere & source.keys()) or source.get("type") in (*elsewhere, "file")


def _of_pipenv(document: Any) -> Iterator[tuple[str, str]]:
    for section in ("default", "develop"):
        table = document.get(section) if isinstance(document, Mapping) else None
        for name, entry in table.items() if isinstance(table, Mapping) else ():
            version = entry.get("version") if isinstance(entry, Mapping) else None
            if isinstance(version, str) and version.startswith("=="):
                yield name, version.lstrip("=")


def _alone(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Each package that is pinned to one valid version.

    A name that is none could bring an option of the installer with it, in a line of its own.
    """
    found: dict[str, set[str]] = {}
    for name, version in pairs:
        if not _NAME.fullmatch(name):
            continue
        try:
            found.setdefault(canonicalize_name(name), set()).add(str(Version(version)))
        except InvalidVersion:
            continue
    return {name: versions.pop() for name, versions in found.items() if len(versions) == 1}

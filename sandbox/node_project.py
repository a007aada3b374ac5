"""What a Node.js repository declares, read as data: packages, lock file, script for tests."""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import yaml

from core.trees import Tree
from sandbox.globs import named_by
from sandbox.members import MAX_DEPTH, NOT_TESTED, below

MANIFEST = "package.json"
LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
}
"""By file name: which program wrote a lock file."""
PLACEHOLDER = "no test specified"
"""In the script that `npm init` writes."""
PUBLIC_HOST = "registry.npmjs.org"
PUBLIC = frozenset({"registry.yarnpkg.com", PUBLIC_HOST})
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NEEDS = ("dependencies", "devDependencies", "optionalDependencies")
_REGISTRY_TARBALL = re.compile(r"^https://[^/]+/(?:[^?#]*/)?-/[^/?#]+\.tgz(?:[?#].*)?$")
_PNPM_TARBALL = re.compile(
    r"^  '?/?([^'\n]+?)'?:\n    resolution: \{[^}\n]*(?:tarball|repo): ([^,}\n]+)", re.MULTILINE
)
LOCAL = re.compile(r"\s*((file|link|portal):|~?/)", re.IGNORECASE)
"""Begins what is taken from a path of the machine."""
_ELSEWHERE = re.compile(r"^(git[+:@]|git@|https?:|ssh:|github:|gitlab:|bitbucket:|gist:|[\w.-]+/)")


@dataclass(frozen=True)
class NodeProject:
    """A repository with a package.json at its root, or in the one folder whose tests it says."""

    tree: Tree
    package: Mapping[str, Any]
    lock: str = ""
    """Path of its lock file; empty without one."""
    folder: str = ""
    """Where it lies in the repository, of which `tree` is that part; empty for the root."""

    @property
    def manager(self) -> str:
        """Which program its lock file is of; `npm` without one."""
        return LOCKS.get(self.lock, "npm")

    @property
    def script(self) -> str:
        """The command of its script `test`; empty without one."""
        return scripts_of(self.package).get("test", "")

    @cached_property
    def needs(self) -> dict[str, str]:
        """Packages that it asks for by name, with what it says of their versions."""
        return {
            name: str(wanted)
            for table in NEEDS
            for name, wanted in table_of(self.package, table).items()
        }

    @property
    def has_needs(self) -> bool:
        """Whether anything must be installed, for it or for a package of its workspaces."""
        return bool(self.needs) or bool(self.members)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Manifests of the packages that belong to its workspaces, or that it names by path."""
        named = self.package.get("workspaces")
        patterns = named.get("packages", []) if isinstance(named, dict) else named
        patterns = [str(one) for one in patterns] if isinstance(patterns, list) else []
        if self.manager == "pnpm" and (file := self.tree.get("pnpm-workspace.yaml")):
            text = file.data.decode("utf-8", "replace")
            patterns += re.findall(r"^[ \t]*-[ \t]*['\"]?([^'\"!\s#]+)", text, re.MULTILINE)
        patterns += [
            wanted.partition(":")[2] for wanted in self.needs.values() if wanted.startswith("file:")
        ]
        there = [
            path
            for path in self.tree
            if path.endswith(f"/{MANIFEST}") and "node_modules" not in path.split("/")
        ]
        folders = named_by(patterns, [path.rpartition("/")[0] for path in there])
        return tuple(
            path
            for path in there
            if path.rpartition("/")[0] in folders and _loaded(self.tree, path) is not None
        )

    def manifest(self, path: str) -> dict[str, Any]:
        """A manifest of it, or of a package of its workspaces; empty where it cannot be read."""
        return _read(self.tree, path)

    def member_with(self, paths: Sequence[str]) -> "NodeProject | None":
        """The package of its workspaces that holds all these files of the repository, if one does.

        What it has installed is what the whole has.
        """
        for path in sorted(self.members, key=len, reverse=True):
            inner = path.rpartition("/")[0]
            folder = posixpath.join(self.folder, inner)
            if paths and all(one.startswith(f"{folder}/") for one in paths):
                return NodeProject(below(self.tree, inner), _read(self.tree, path), "", folder)
        return None

    @cached_property
    def all_needs(self) -> frozenset[str]:
        """Names of the packages that it and those of its workspaces ask for."""
        inner = [_read(self.tree, path) for path in self.members]
        named = (table_of(one, table) for one in inner for table in NEEDS)
        return frozenset([*self.needs, *(name for table in named for name in table)])

    @cached_property
    def foreign(self) -> dict[str, str]:
        """Packages that come from elsewhere than the registry, by name: they are not fetched."""
        named = {
            name: wanted for name, wanted in self.needs.items() if self._is_foreign(wanted, "")
        }
        for path in self.members:
            inner = _read(self.tree, path)
            for table in NEEDS:
                for name, wanted in table_of(inner, table).items():
                    if self._is_foreign(str(wanted), path.rpartition("/")[0]):
                        named[name] = str(wanted)
        return {**named, **dict(self._foreign_in_lock())}

    def _is_foreign(self, wanted: str, folder: str) -> bool:
        """Whether a need of a package in `folder` is of no registry and of no folder of ours."""
        if not LOCAL.match(wanted):
            return bool(_ELSEWHERE.match(wanted))
        place = posixpath.normpath(posixpath.join(folder, wanted.partition(":")[2]))
        return f"{place}/{MANIFEST}" not in self.tree

    def _foreign_in_lock(self) -> Iterator[tuple[str, str]]:
        text = self.tree.text(self.lock) if self.lock else ""
        if self.manager == "npm" and text:
            for place, entry in locked_packages(text).items():
                resolved = str(entry.get("resolved", ""))
                if resolved and not entry.get("link") and not _REGISTRY_TARBALL.match(resolved):
                    yield place.rpartition("node_modules/")[2], resolved
        elif self.manager == "yarn":
            for name, resolved in re.findall(
                r'^"?(@?[^@\s"]+)@[^\n]*:\n(?:  [^\n]*\n)*?  resolved "([^"\n]+)"',
                text,
                re.MULTILINE,
            ):
                if not _REGISTRY_TARBALL.match(resolved.partition("#")[0]):
                    yield name, resolved
        elif self.manager == "pnpm":
            for key, resolved in _PNPM_TARBALL.findall(text):
                if not _REGISTRY_TARBALL.match(resolved):
                    yield key[:1] + key[1:].partition("@")[0], resolved

    @property
    def other_hosts(self) -> tuple[str, ...]:
        """Hosts that yarn or pnpm would ask by the lock file, beside npm's public registry.

        What could hide one counts as one: the installer reads more forms than people write.
        """
        text = self.tree.text(self.lock) if self.lock else ""
        if self.manager == "yarn":
            return tuple(sorted(_hosts_of_yarn(text) - PUBLIC))
        return tuple(sorted(_hosts_of_pnpm(text))) if self.manager == "pnpm" else ()


def _hosts_of_yarn(text: str) -> set[str]:
    places = re.findall(r"^[^\S\n]+\"?resolved\"?[^\S\n]+\"?([^\"\s]+)", text, re.MULTILINE)
    odd = {place[:80] for place in places if "://" not in place}
    hidden = {"an address in escapes"} if "\\" in text else set()
    return {*re.findall(r"://([^/\"'\s]+)", text), *odd, *hidden}


def _hosts_of_pnpm(text: str) -> set[str]:
    try:
        found = yaml.load(text, Loader=_YAML) or {}  # noqa: S506  # a safe loader, be it in C
        places = [entry["resolution"] for entry in (found.get("packages") or {}).values()]
        return {host for place in places if (host := _host_of_pnpm(place)) not in PUBLIC}
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"an address that cannot be read"}


def _host_of_pnpm(resolution: Mapping[str, Any]) -> str:
    """The host that a package is fetched from, that of the registry if nothing else is said."""
    if not set(resolution) - {"integrity"}:
        return PUBLIC_HOST
    return urlsplit(str(resolution.get("tarball", ""))).netloc or "an address of another kind"


def project_of(tree: Tree) -> NodeProject | None:
    """The project at the root of a tree, else the one below that has tests.

    None where there is no readable package.json.
    """
    folder = "" if MANIFEST in tree else _folder_with_tests(tree)
    inner = below(tree, folder) if folder else tree
    package = _read(inner, MANIFEST)
    if not package:
        return None
    lock = next((name for name in LOCKS if name in inner and inner[name].is_regular), "")
    return NodeProject(inner, package, lock, folder)


def _folder_with_tests(tree: Tree) -> str:
    """The folder of the only package.json that says how its tests are run; empty for more."""
    folders = [
        path.rpartition("/")[0]
        for path in tree.files
        if path.endswith(f"/{MANIFEST}") and path.count("/") <= MAX_DEPTH
    ]
    tested = [
        folder
        for folder in folders
        if not NOT_TESTED.search(folder) and _has_tests(_read(tree, f"{folder}/{MANIFEST}"))
    ]
    return tested[0] if len(tested) == 1 else ""


def _has_tests(package: Mapping[str, Any]) -> bool:
    if PLACEHOLDER not in scripts_of(package).get("test", PLACEHOLDER):
        return True
    return any(name in table_of(package, key) for key in NEEDS for name in ("vitest", "jest"))


def is_readable(tree: Tree) -> bool:
    """Whether the manifest at the root of a tree can be read."""
    return _loaded(tree, MANIFEST) is not None


def scripts_of(package: Mapping[str, Any]) -> dict[str, str]:
    """The scripts of a manifest."""
    return {name: str(command) for name, command in table_of(package, "scripts").items()}


def table_of(package: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A table of a manifest; empty where there is none."""
    found = package.get(key)
    return dict(found) if isinstance(found, dict) else {}


def locked_packages(text: str) -> dict[str, dict[str, Any]]:
    """The packages of npm's lock file by their place, of its second and third version."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    packages = found.get("packages") if isinstance(found, dict) else None
    if not isinstance(packages, dict):
        return {}
    return {str(place): entry for place, entry in packages.items() if isinstance(entry, dict)}


def _read(tree: Tree, path: str) -> dict[str, Any]:
    return _loaded(tree, path) or {}


def _loaded(tree: Tree, path: str) -> dict[str, Any] | None:
    """A manifest; None where it cannot be read as one."""
    file = tree.get(path)
    if file is None or not file.is_regular:
        return None
    try:
        found = json.loads(file.data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

"""Scopes of npm with a registry of their own: by name alone, a stranger's packages would come."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from core.trees import Tree
from observability import host_programs
from sandbox.node_project import PUBLIC, NodeProject, locked_packages

SETTINGS, YARN_SETTINGS = ".npmrc", ".yarnrc.yml"
_SCOPED = re.compile(r"^\s*(@[\w.~-]+):registry\s*=\s*[\"']?([^\s\"']+)", re.MULTILINE)
_OPTION = re.compile(r"npm_config_(@[\w.~-]+):registry", re.IGNORECASE)


def private_packages(project: NodeProject) -> dict[str, str]:
    """Packages of scopes whose registry the repository alone names, with that registry.

    A scope that the operator's own settings of npm name is asked where they say.
    """
    known = _known()
    named = _named(project)
    return {
        name: registry
        for scope, registry in sorted(_scopes(project.tree).items())
        if scope not in known
        for name in sorted(named)
        if name.startswith(f"{scope}/")
    }


def _named(project: NodeProject) -> set[str]:
    """All packages that are asked for, or locked by npm, less those that the repository holds."""
    text = project.tree.text(project.lock) if project.manager == "npm" and project.lock else ""
    locked = {place.rpartition("node_modules/")[2] for place in locked_packages(text)}
    own = {str(project.manifest(path).get("name")) for path in project.members}
    return {*project.all_needs, *locked} - own


def _scopes(tree: Tree) -> dict[str, str]:
    found = {**_of_yarn(tree), **dict(_SCOPED.findall(_text(tree, SETTINGS)))}
    return {scope: url for scope, url in found.items() if urlsplit(url).hostname not in PUBLIC}


def _of_yarn(tree: Tree) -> dict[str, str]:
    try:
        told = yaml.safe_load(_text(tree, YARN_SETTINGS))
    except (yaml.YAMLError, RecursionError):
        return {}
    scopes = told.get("npmScopes") if isinstance(told, Mapping) else None
    return {
        f"@{scope}": str(each["npmRegistryServer"])
        for scope, each in (scopes.items() if isinstance(scopes, Mapping) else ())
        if isinstance(each, Mapping) and "npmRegistryServer" in each
    }


def _text(tree: Tree, path: str) -> str:
    return tree.text(path) if path in tree and tree[path].is_regular else ""


def _known() -> set[str]:
    """Scopes that the operator's settings name, in the environment or in npm's file of his."""
    variables = host_programs.of_node()
    named = {match[1] for name in variables if (match := _OPTION.fullmatch(name))}
    chosen = next((variables[n] for n in variables if n.lower() == "npm_config_userconfig"), "")
    file = Path(chosen or f"~/{SETTINGS}").expanduser()
    try:
        return named | {scope for scope, _ in _SCOPED.findall(file.read_text(errors="replace"))}
    except OSError:
        return named

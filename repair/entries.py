"""Files that say how a repository's tests are run, by its recipe and its compose file."""

import posixpath
import re
from collections.abc import Iterator

import yaml

from core.recipes import Recipe
from core.trees import Tree
from sandbox.compose_file import FILES, SERVICES, compose_file
from sandbox.recipes import recipe_of

TOOLS = {
    "make": ("Makefile", "makefile", "GNUmakefile"),
    "just": ("justfile", "Justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "rake": ("Rakefile",),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
}
"""Files that a program reads what it does from, by its name."""


def entries_of(tree: Tree) -> frozenset[str]:
    """Paths, whether they are there or not, that no patch may change."""
    test = recipe_of(tree, Recipe())[0].test
    return frozenset([*_named(test, tree), *_composed(tree)])


def _named(command: str, tree: Tree) -> Iterator[str]:
    """What the command that runs the tests names or reads."""
    for word in re.findall(r"[^\s'\"=;&|()<>]+", command):
        path = posixpath.normpath(word)
        if path in tree:
            yield path
        yield from TOOLS.get(word, ())


def _composed(tree: Tree) -> Iterator[str]:
    """The compose file with a test service, those that would go before it, and Dockerfiles."""
    path = compose_file(tree)
    try:
        services = yaml.safe_load(tree.text(path))["services"] if path else {}
        tested = next((services[name] for name in SERVICES if name in services), None)
    except (yaml.YAMLError, KeyError, TypeError, RecursionError):
        return
    if tested is None:
        return
    yield from FILES[: FILES.index(path) + 1]
    build = tested.get("build") if isinstance(tested, dict) else None
    if build:
        table = build if isinstance(build, dict) else {"context": build}
        file = str(table.get("dockerfile", "Dockerfile"))
        yield posixpath.normpath(posixpath.join(str(table.get("context", ".")), file))

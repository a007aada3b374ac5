"""Files that say how a repository's tests are set up and run: of its recipe, of compose."""

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
    recipe = recipe_of(tree, Recipe())[0]
    return frozenset([*_named(f"{recipe.setup}\n{recipe.test}", tree), *_composed(tree)])


def _named(command: str, tree: Tree) -> Iterator[str]:
    """What the commands that set up and run the tests name or read."""
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

"""What says how a repository's tests are set up and run: files of its recipe, scripts, compose."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

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
_SCRIPT = re.compile(r"\b(?:npm|pnpm|yarn)\s+(?:run(?:-script)?\s+)?([\w:.-]+)")
_MODULE = re.compile(r"(?<!\S)-m\s+([\w.]+)")


@dataclass(frozen=True)
class Entries:
    """What no patch may change, since the tests begin there."""

    paths: frozenset[str]
    """Of files, whether they are there or not."""
    scripts: frozenset[str]
    """Names of scripts of a package.json."""


def entries_of(tree: Tree, operators: Recipe | None = None) -> Entries:
    """Where setup and tests begin, by the operator's recipe and by what a repository says itself.

    Their commands are read word by word, so that a path is found that is made of variables no more.
    """
    recipe = recipe_of(tree, operators or Recipe())[0]
    command = f"{recipe.setup}\n{recipe.test}"
    return Entries(
        frozenset([*_named(command, tree), *_composed(tree)]),
        frozenset(_SCRIPT.findall(command)),
    )


def _named(command: str, tree: Tree) -> Iterator[str]:
    """What the commands that set up and run the tests name or read."""
    words = [posixpath.normpath(word) for word in re.findall(r"[^\s'\"=;&|()<>]+", command)]
    folders = ["", *(word for word in words if any(path.startswith(f"{word}/") for path in tree))]
    for place in folders:
        for word in words:
            path = posixpath.join(place, word)
            if path in tree:
                yield path
            yield from (posixpath.join(place, file) for file in TOOLS.get(word, ()))
    for module in _MODULE.findall(command):
        path = module.replace(".", "/")
        yield from (file for file in (f"{path}.py", f"{path}/__main__.py") if file in tree)


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

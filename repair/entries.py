"""What says how a repository's tests are set up and run: files of its recipe, scripts, compose."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import yaml

from core.recipes import Recipe
from core.trees import Tree
from sandbox.compose_file import FILES, SERVICES, compose_file
from sandbox.node_detection import called_by, is_script, unfolded
from sandbox.node_project import project_of, scripts_of
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
FILE = "Dockerfile"
"""What builds a service where nothing else is named."""
_BEGUN = re.compile(r"^[ \t]*(?:CMD|ENTRYPOINT)[ \t](.*)", re.MULTILINE | re.IGNORECASE)
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
    return _entries(tree, f"{recipe.setup}\n{recipe.test}")


@lru_cache(maxsize=2)
def _entries(tree: Tree, command: str) -> Entries:
    """The same for each candidate against a base, and not cheap in a large repository."""
    return Entries(
        frozenset([*_named(command, tree), *_of_script(tree), *_composed(tree)]),
        frozenset(called_by(command)),
    )


def _of_script(tree: Tree) -> Iterator[str]:
    """What the script `test` of a package.json names or reads; of code what Node.js is given."""
    project = project_of(tree)
    scripts = scripts_of(project.package) if project else {}
    named = (scripts.get(f"{when}test", "") for when in ("pre", "", "post"))
    command = " ; ".join(unfolded(one, scripts) for one in named)
    home = project.folder if project else ""
    run = " ".join(re.findall(r"(?<![\w./-])node\s([^;&|\n]*)", command))
    yield from (path for path in _named(command, tree, home) if not is_script(path))
    yield from (path for path in _named(run, tree, home) if is_script(path))


def _named(command: str, tree: Tree, home: str = "") -> Iterator[str]:
    """What the commands that set up and run the tests name or read, begun in this folder."""
    words = [posixpath.normpath(word) for word in re.findall(r"[^\s'\"=;&|()<>]+", command)]
    below = [posixpath.join(home, word) for word in words]
    folders = [
        home,
        *(one for one in below if any(path.startswith(f"{one}/") for path in tree.files)),
    ]
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
    """The compose file with a test service, those that would go before it, and what it begins."""
    path = compose_file(tree)
    try:
        services = yaml.safe_load(tree.text(path))["services"] if path else {}
        tested = next((services[name] for name in SERVICES if name in services), None)
    except (yaml.YAMLError, KeyError, TypeError, RecursionError):
        return
    if tested is None:
        return
    yield from FILES[: FILES.index(path) + 1]
    service = tested if isinstance(tested, dict) else {}
    folder, begun = "", [_one_line(service.get(key)) for key in ("entrypoint", "command")]
    if build := service.get("build"):
        table = build if isinstance(build, dict) else {"context": build}
        folder = posixpath.normpath(str(table.get("context", ".")))
        file = posixpath.normpath(posixpath.join(folder, str(table.get("dockerfile", FILE))))
        yield file
        begun += _BEGUN.findall(tree.text(file) if file in tree else "")
    command = " ".join(_seen_from_here(" ; ".join(begun)))
    for home in dict.fromkeys(("", "" if folder == "." else folder)):
        yield from _named(command, tree, home)


def _one_line(command: object) -> str:
    """A command of compose, be it text or a list."""
    return " ".join(map(str, command)) if isinstance(command, list) else str(command or "")


def _seen_from_here(command: str) -> Iterator[str]:
    """Words of a command in a container, where nobody knows in which folder the repository lies."""
    for word in re.sub(r"[][,'\"]", " ", command).split():
        parts = word.split("/") if word.startswith("/") else [word]
        yield from ("/".join(parts[start:]) for start in range(bool(parts[1:]), len(parts)))

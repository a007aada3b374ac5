"""What tools that run tests say is needed for them: Hatch, PDM, uv, Flit, Pipenv and tox."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from core.trees import Tree
from sandbox.import_guesses import KNOWN
from sandbox.project import Project, sections

CONDA_BYTES = 100_000
SHARED_NAMES = frozenset(name.lower() for name in KNOWN.values()) | {"mock", "pytest"}
"""Packages that Conda and pip call the same; others may be other things there."""
_CONDA = re.compile(r"(?:[\w-]+::)?([A-Za-z0-9][\w.-]*?)\s*([=<>!~][^#\s]*)?\s*")
TEST_ENVIRONMENTS = ("test", "tests", "testing", "hatch-test", "dev", "default")
"""Environments of Hatch that tests run in."""

Entry = tuple[str, str, bool]
"""The file, a requirement as it stands there, and whether only tests need it."""


def from_tools(project: Project, tree: Tree) -> Iterator[Entry]:
    """Requirements that tools declare beside the standard tables."""
    for lines in _of_hatch(project):
        for text in lines:
            yield "pyproject.toml", text, True
    for text in _lines(project.section("tool", "uv").get("dev-dependencies")):
        yield "pyproject.toml", text, True
    for group, lines in project.section("tool", "pdm", "dev-dependencies").items():
        if group.lower() in TEST_ENVIRONMENTS:
            for text in _lines(lines):
                yield "pyproject.toml", text, True
    yield from _of_flit(project)
    yield from _of_pipenv(tree)
    yield from _of_tox(tree)
    yield from _of_conda(tree)


def wanted_extras(project: Project) -> tuple[str, ...]:
    """Extras of the repository that its test environments in Hatch install."""
    return tuple(
        feature
        for table in _hatch_environments(project)
        for key in ("features", "extra-features")
        for feature in _lines(table.get(key))
    )


def included_by_tox(tree: Tree) -> tuple[str, ...]:
    """Requirements files that tox reads for its tests."""
    found = (re.fullmatch(r"-r\s*(\S+)", line) for line in _tox_lines(tree))
    return tuple(match[1].removeprefix("./") for match in found if match)


def _of_hatch(project: Project) -> Iterator[Sequence[str]]:
    for table in _hatch_environments(project):
        for key in ("dependencies", "extra-dependencies"):
            yield _lines(table.get(key))


def _hatch_environments(project: Project) -> Iterator[Mapping[str, Any]]:
    for name, table in project.section("tool", "hatch", "envs").items():
        if name in TEST_ENVIRONMENTS and isinstance(table, Mapping):
            yield table


def _of_flit(project: Project) -> Iterator[Entry]:
    metadata = project.section("tool", "flit", "metadata")
    for text in _lines(metadata.get("requires")):
        yield "pyproject.toml", text, False
    extras = metadata.get("requires-extra")
    for name, lines in extras.items() if isinstance(extras, Mapping) else ():
        if name in TEST_ENVIRONMENTS:
            for text in _lines(lines):
                yield "pyproject.toml", text, True


def _of_pipenv(tree: Tree) -> Iterator[Entry]:
    file = tree.get("Pipfile")
    if file is None or not file.is_regular:
        return
    try:
        document = tomllib.loads(file.data.decode("utf-8"))
    except ValueError:
        return
    for section, for_tests in (("packages", False), ("dev-packages", True)):
        table = document.get(section)
        for name, value in table.items() if isinstance(table, Mapping) else ():
            if text := _line_of_pipenv(name, value):
                yield "Pipfile", text, for_tests


def _line_of_pipenv(name: str, value: Any) -> str:
    """A requirement, with the address of what comes from elsewhere; empty for the root itself."""
    if not isinstance(value, Mapping):
        value = {"version": value}
    for kind in ("git", "path", "file", "hg", "svn", "bzr"):
        if isinstance(place := value.get(kind), str):
            return "" if place in (".", "./") else f"{name} @ {place}"
    version = value.get("version", "*")
    extras = [str(one) for one in _lines(value.get("extras"))]
    chosen = f"{name}[{','.join(extras)}]" if extras else name
    if not isinstance(version, str):
        return ""
    return chosen if version.strip() == "*" else f"{chosen}{version}"


def _of_conda(tree: Tree) -> Iterator[Entry]:
    """What pip installs in an environment of Conda, and its packages whose names pip shares."""
    for path in ("environment.yml", "environment.yaml"):
        file = tree.get(path)
        if file is None or not file.is_regular or len(file.data) > CONDA_BYTES:
            continue
        try:
            document = yaml.safe_load(file.data)
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        needs = document.get("dependencies") if isinstance(document, Mapping) else None
        for one in needs if isinstance(needs, list) else ():
            if isinstance(one, Mapping):
                for text in _lines(one.get("pip")):
                    yield path, text, False
            elif isinstance(one, str) and (match := _CONDA.fullmatch(one)):
                name, version = match[1].lower(), match[2] or ""
                if name in SHARED_NAMES:
                    plain = re.sub(r"^=(?!=)", "", version).partition("=")[0]
                    is_prefix = version.startswith("=") and not version.startswith("==")
                    yield path, f"{name}=={plain}.*" if is_prefix else f"{name}{version}", False


def _of_tox(tree: Tree) -> Iterator[Entry]:
    for line in _tox_lines(tree):
        if not line.startswith("-"):
            yield "tox.ini", line, True


def _tox_lines(tree: Tree) -> Iterator[str]:
    """Lines of `deps` of the test environment, but for those that hold for some variants only."""
    file = tree.get("tox.ini")
    if file is None or not file.is_regular:
        return
    try:
        found = sections(file.data.decode("utf-8", "replace"))
    except ValueError:
        return
    for line in found.get("testenv", {}).get("deps", "").splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        if bare and "{" not in bare and not re.match(r"[\w,!-]+:\s*\S", bare):
            yield bare


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

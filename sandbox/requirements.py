"""Which distributions a repository asks for, read as data; only plain requirements are taken."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from core.trees import Tree
from sandbox.import_guesses import unsaid
from sandbox.locks import locked
from sandbox.members import below, members_of
from sandbox.old_hooks import LAST_TO_GIVE, asking_for_paths
from sandbox.poetry import from_poetry
from sandbox.project import Project, project_of
from sandbox.requirement_files import RequirementFiles, logical_lines
from sandbox.sources import from_elsewhere, shown
from sandbox.tool_tables import from_tools, wanted_extras

INDEX_OPTIONS = re.compile(
    r"(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|--no-index)\b"
)
"""Options by which a requirements file would choose where packages come from."""
TEST_GROUPS = ("test", "tests", "testing", "dev", "develop", "development")
MAX_REQUIREMENTS = 500
OLDEST_TOOLS = {"pytest": (7, 0), "coverage": (6, 3)}
"""The first releases that run on Python 3.11; older pins give way to our own tools."""

IDLE = {
    "autoflake", "autopep8", "bandit", "black", "build", "bump2version", "bumpversion",
    "check-manifest", "codecov", "commitizen", "coveralls", "docformatter", "flake8", "furo",
    "hatch", "interrogate", "ipdb", "ipython", "isort", "jupyter", "mkdocs", "mkdocs-material",
    "mypy", "myst-parser", "nox", "pdm", "pip", "pip-tools", "pipdeptree", "pre-commit",
    "pycodestyle", "pydocstyle", "pyflakes", "pylint", "pyright", "pytest-black", "pytest-cov",
    "pytest-flake8", "pytest-html", "pytest-isort", "pytest-mypy", "pytest-pylint",
    "pytest-randomly", "pytest-ruff", "pytest-sugar", "pytest-xdist", "pyupgrade", "ruff",
    "setuptools-scm", "sphinx", "sphinx-autodoc-typehints", "sphinx-rtd-theme", "towncrier",
    "tox", "tox-gh-actions", "tox-uv", "twine", "uv", "versioningit", "virtualenv", "wheel",
    "yapf", "zest-releaser",
}  # fmt: skip
"""Tools that serve people, not tests; left out unless the code imports them."""


@dataclass(frozen=True)
class Wanted:
    """One requirement, and whether the code itself needs it or only its tests."""

    requirement: Requirement
    hashes: tuple[str, ...] = ()
    """As `sha256:…`; empty when none were given."""
    for_tests: bool = False
    guessed: bool = False
    """Whether nothing asks for it but the look of the code; tests run without it if need be."""

    @property
    def name(self) -> str:
        """The canonical name of the distribution."""
        return canonicalize_name(self.requirement.name)

    @property
    def line(self) -> str:
        """The line of a requirements file that asks for it."""
        return " ".join([str(self.requirement), *(f"--hash={digest}" for digest in self.hashes)])


@dataclass(frozen=True)
class Declared:
    """All that a repository asks for, and what was not taken, with the reason."""

    wanted: tuple[Wanted, ...] = ()
    notes: tuple[str, ...] = ()
    locked: Mapping[str, str] = field(default_factory=dict)
    """The version that a lock file pins, by canonical name."""
    lock_file: str = ""


@dataclass(frozen=True)
class _Part:
    """A project of the repository: the root, or one below it."""

    folder: str
    """Empty for the root."""
    project: Project
    tree: Tree

    def named(self, source: str) -> str:
        """A file of it, seen from the root."""
        return f"{self.folder}/{source}" if self.folder else source


def declared(
    project: Project, tree: Tree, variables: Mapping[str, str], *, are_indexes_named: bool = False
) -> Declared:
    """The requirements that hold for an interpreter with these marker `variables`.

    Those of projects below the root are among them, and their names are never asked of an index.
    What comes from an index of the repository's choice is taken only where the operator has named
    those that are asked: another one may know the name as another's.
    """
    parts = list(_parts(project, tree))
    own = {canonicalize_name(part.project.name) for part in parts if part.project.name}
    elsewhere: dict[str, str] = {}
    for part in parts:
        elsewhere |= from_elsewhere(part.project, are_indexes_named=are_indexes_named)
    lock_file, pins, notes_of_lock = _locked(parts)
    notes: list[str] = list(notes_of_lock)
    wanted: dict[str, Wanted] = {}
    entries, limits = _entries(parts)
    for source, text, for_tests in entries[:MAX_REQUIREMENTS]:
        found = _plain(text)
        if found is None and "%(" in text:
            continue  # a place of an ini file that is filled from another one, read there
        if found is None:
            notes.append(f"{source}: left out {shown(text)}: {_why_not(text)}")
            continue
        want = Wanted(*found, for_tests)
        if want.name in own or not _applies(want.requirement, variables):
            continue
        if want.name in IDLE and not _is_imported(want.requirement.name, tree):
            continue
        if flaw := _flaw(want, elsewhere):
            notes.append(f"{source}: left out {want.requirement}: {flaw}")
            continue
        if want.name in limits:
            want.requirement.specifier &= limits[want.name]
        wanted[str(want.requirement)] = _joined(wanted.get(str(want.requirement)), want)
    named = {*pins, *own, *(want.name for want in wanted.values())}
    if conftest := asking_for_paths(tree):
        wanted.setdefault(str(LAST_TO_GIVE), Wanted(LAST_TO_GIVE, for_tests=True))
        notes.append(f"{conftest} was written for a pytest before 9, and gets one")
    for name, why in unsaid(tree, named, is_declared=bool(entries)):
        wanted[name] = Wanted(Requirement(name), for_tests=True, guessed=True)
        notes.append(f"{name} is declared nowhere, and was added: {why}")
    if len(entries) > MAX_REQUIREMENTS:
        notes.append(f"only the first {MAX_REQUIREMENTS} of {len(entries)} requirements were read")
    fitting = {name: version for name, version in pins.items() if name not in own}
    notes += _dropped(fitting, lock_file)
    return Declared(tuple(wanted.values()), tuple(dict.fromkeys(notes)), fitting, lock_file)


def _dropped(pins: dict[str, str], lock_file: str) -> list[str]:
    """Take pins out that no test tool of today fits, with what people should know."""
    old = [
        name
        for name in OLDEST_TOOLS
        if name in pins and _too_old(Wanted(Requirement(f"{name}=={pins[name]}")))
    ]
    return [f"{lock_file}: {name} {pins.pop(name)} runs on no Python that we have" for name in old]


def _parts(project: Project, tree: Tree) -> Iterator[_Part]:
    yield _Part("", project, tree)
    for folder in members_of(tree, project):
        inner = below(tree, folder)
        yield _Part(folder, project_of(inner), inner)


def _entries(parts: Sequence[_Part]) -> tuple[list[tuple[str, str, bool]], dict[str, SpecifierSet]]:
    """All that is asked for, by the file that does, and what constraints say by name."""
    entries: list[tuple[str, str, bool]] = []
    limits: dict[str, SpecifierSet] = {}
    for part in parts:
        files = RequirementFiles(part.tree)
        tables = (_from_tables(part.project), from_tools(part.project, part.tree))
        for source, text, for_tests in (*chain(*tables), *files.entries(part.project)):
            entries.append((part.named(source), text, for_tests))
        for found in filter(None, map(_plain, files.constraints)):
            name = canonicalize_name(found[0].name)
            limits[name] = limits.get(name, SpecifierSet()) & found[0].specifier
    return entries, limits


def _locked(parts: Sequence[_Part]) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """The lock file of the root, else of the first project below it that has one."""
    for part in parts:
        path, pins, notes = locked(part.tree)
        if path:
            return part.named(path), pins, tuple(part.named(note) for note in notes)
    return "", {}, ()


def _applies(requirement: Requirement, variables: Mapping[str, str]) -> bool:
    """Whether it holds here; its marker is dropped."""
    marker, requirement.marker = requirement.marker, None
    try:
        return marker is None or marker.evaluate({**variables, "extra": ""})
    except (ValueError, KeyError):
        return True


def _flaw(want: Wanted, elsewhere: Mapping[str, str]) -> str:
    """Why a requirement is not taken; empty when it is."""
    if want.name in elsewhere:
        return elsewhere[want.name]
    return "it runs on no Python that we have" if _too_old(want) else ""


def _why_not(text: str) -> str:
    if INDEX_OPTIONS.match(text):
        return "a repository does not choose the package index; PACKAGE_INDEXES does"
    return "only plain requirements are taken"


def _too_old(want: Wanted) -> bool:
    """Whether a pinned test tool admits no release that runs on today's interpreters."""
    if want.name not in OLDEST_TOOLS:
        return False
    oldest = OLDEST_TOOLS[want.name]
    releases = (
        f"{major}.{minor}.{patch}"
        for major in range(oldest[0], oldest[0] + 4)
        for minor in range(oldest[1] if major == oldest[0] else 0, 20)
        for patch in range(20)
    )
    return not any(want.requirement.specifier.contains(release) for release in releases)


def _joined(known: Wanted | None, new: Wanted) -> Wanted:
    if known is None:
        return new
    return Wanted(new.requirement, known.hashes or new.hashes, known.for_tests and new.for_tests)


def _from_tables(project: Project) -> Iterator[tuple[str, str, bool]]:
    main = project.section("project")
    for text in _lines(main.get("dependencies")):
        yield "pyproject.toml", text, False
    optional = project.section("project", "optional-dependencies")
    for group in dict.fromkeys([*_test_groups(optional), *wanted_extras(project)]):
        for text in _lines(optional.get(group)):
            yield from _expanded("pyproject.toml", text, optional, project.name)
    groups = project.section("dependency-groups")
    for group in _test_groups(groups):
        for text in _group(groups, group, frozenset()):
            yield "pyproject.toml", text, True
    yield from from_poetry(project, TEST_GROUPS)
    yield from _from_setup(project)
    if not main and not any(True for _ in _from_setup(project)):
        for text in project.metadata.get("Requires-Dist", ()):
            yield "PKG-INFO", _without_extra(text), "extra" in text


def _from_setup(project: Project) -> Iterator[tuple[str, str, bool]]:
    """What setup.cfg declares, else setup.py."""
    options = project.setup_cfg.get("options", {})
    for key, for_tests in (("install_requires", False), ("tests_require", True)):
        for text in _lines(options.get(key) or project.setup_py.get(key)):
            yield "setup", text, for_tests
    extras = project.setup_cfg.get("options.extras_require", {})
    for table in (extras, project.setup_py.get("extras_require")):
        if isinstance(table, Mapping):
            for group in _test_groups(table):
                for text in _lines(table[group]):
                    yield from _expanded("setup", text, table, project.name)


def _expanded(
    source: str, text: str, extras: Mapping[str, Any], own: str, depth: int = 0
) -> Iterator[tuple[str, str, bool]]:
    """A line of an extra; `own[other]` stands for the lines of that other extra."""
    match = re.match(r"\s*([\w.-]+)\s*\[([\w.,\s-]+)\]\s*$", text)
    if not match or not own or canonicalize_name(match[1]) != canonicalize_name(own) or depth > 5:
        yield source, text, True
        return
    for extra in re.split(r"\s*,\s*", match[2]):
        for line in _lines(extras.get(extra.strip())):
            yield from _expanded(source, line, extras, own, depth + 1)


def _group(groups: Mapping[str, Any], name: str, seen: frozenset[str]) -> Iterator[str]:
    if name in seen:
        return
    found = groups.get(name)
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, Mapping) and isinstance(entry.get("include-group"), str):
            yield from _group(groups, entry["include-group"], seen | {name})


def _plain(text: str) -> tuple[Requirement, tuple[str, ...]] | None:
    """A requirement and its hashes; None for options, addresses, paths and anything odd."""
    hashes = tuple(re.findall(r"--hash[=\s](sha(?:256|384|512):[0-9a-fA-F]+)", text))
    bare = re.sub(r"\s--hash[=\s]\S+", "", text).strip()
    try:
        requirement = Requirement(bare)
    except InvalidRequirement:
        return None
    return None if requirement.url else (requirement, hashes)


def _without_extra(text: str) -> str:
    """Extras named `test` and the like are taken, others not."""
    match = re.search(r"extra\s*==\s*['\"]([\w.-]+)['\"]", text)
    if not match:
        return text
    if match[1].lower() not in TEST_GROUPS:
        return f"{text.partition(';')[0]}; python_version < '0'"
    return re.sub(
        r"\(?\s*(and\s*)?extra\s*==\s*['\"][\w.-]+['\"]\s*\)?|;\s*extra\s*==.*$", "", text
    )


def _is_imported(name: str, tree: Tree) -> bool:
    module = re.escape(name.replace("-", "_"))
    pattern = re.compile(
        rf"^[ \t]*(import|from)\s+{module}\b".encode(), re.MULTILINE | re.IGNORECASE
    )
    return any(
        path.endswith(".py") and path != "docs/conf.py" and pattern.search(file.data)
        for path, file in tree.files.items()
        if path not in ("setup.py", "noxfile.py")
    )


def _test_groups(table: Mapping[str, Any]) -> list[str]:
    return [group for group in table if group.lower() in TEST_GROUPS]


def _lines(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return list(logical_lines(value))
    return (
        [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
    )

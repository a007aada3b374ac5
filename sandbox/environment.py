"""What a repository needs before its tests run: prepared once, cached, read-only.

Declarations are read as data and only wheels are unpacked, so nothing of the repository and nothing
that it asks for runs on the host.
"""

import asyncio
import hashlib
import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from core.errors import EnvironmentUnprepared
from core.ports import Environment
from core.trees import Tree
from sandbox.distributions import OwnDistributions, copy
from sandbox.installer import Installer
from sandbox.interpreter import Interpreter, choose
from sandbox.project import Project, import_roots, project_of, version_of
from sandbox.requirements import Declared, Wanted, declared
from sandbox.storage import UNFINISHED, Lock, open_folder, publish, reachable, remove
from sandbox.virtualenv import Virtualenv
from sandbox.workspace import HOME, WORKSPACE

INSIDE = "/opt/anton"
FORMAT = 2
"""Part of every digest: raise it when prepared folders change their form."""
TOOLS = (Requirement("pytest"), Requirement("coverage"))
WITNESS = tuple(Path(__file__).with_name(name) for name in ("pytest_witness.py", "pytest_hooks.py"))
ABANDONED_S = 3_600.0
"""Age at which an unfinished folder is taken to be nobody's."""
SHARED_CACHE = Path("/var/cache/anton")


class Environments:
    """Prepares environments and keeps the latest."""

    def __init__(
        self,
        cache: Path,
        *,
        index_allowed: bool = True,
        python: str | None = None,
        max_kept: int = 20,
        shared_cache: Path = SHARED_CACHE,
    ) -> None:
        """Keep at most `max_kept` below `cache`; `python` names an interpreter of the host.

        Root uses `shared_cache` when `cache` lies where an unprivileged sandbox cannot enter.
        """
        self._asked = cache
        self._shared = shared_cache
        self._index_allowed = index_allowed
        self._python = python
        self._max_kept = max_kept
        self._interpreter: Interpreter | None = None
        self._distributions: OwnDistributions | None = None
        self._in_use: dict[str, Lock] = {}
        self._guard = threading.Lock()

    async def prepare(self, tree: Tree) -> Environment:
        """What a repository needs; raises EnvironmentUnprepared, naming what is missing."""
        return await asyncio.to_thread(self._prepare, tree)

    def close(self) -> None:
        """Let go of all environments; those of closed sandboxes may then be replaced."""
        with self._guard:
            while self._in_use:
                self._in_use.popitem()[1].release()

    def _prepare(self, tree: Tree) -> Environment:
        try:
            cache = self._cache()
            interpreter = self._chosen(cache)
            project = project_of(tree)
            order = _Order(
                interpreter,
                project,
                version_of(project, tree) if project.name else "",
                declared(project, tree, interpreter.markers),
                self._own(interpreter),
            )
            folder = self._held(cache, order)
        except OSError as error:
            raise EnvironmentUnprepared(
                f"The environment cannot be prepared: {error}.",
                remedy="See that there is room on the disk and that the data folder is writable.",
            ) from error
        return _environment(folder, interpreter, import_roots(project, tree))

    def _cache(self) -> Path:
        cache = self._asked.absolute()
        if not reachable(cache.parent):
            cache = self._shared
        for folder in (cache, cache / "environments", cache / "interpreters"):
            open_folder(folder)
        return cache

    def _chosen(self, cache: Path) -> Interpreter:
        with self._guard:
            if self._interpreter is None:
                lock = Lock(cache / "locks" / "interpreters")
                lock.alone()
                try:
                    self._interpreter = choose(cache / "interpreters", self._python)
                finally:
                    lock.release()
            return self._interpreter

    def _own(self, interpreter: Interpreter) -> OwnDistributions:
        with self._guard:
            if self._distributions is None:
                self._distributions = OwnDistributions(interpreter)
            return self._distributions

    def _held(self, cache: Path, order: "_Order") -> Path:
        """The folder of this order, made if need be, and locked against removal while we live."""
        name = order.digest
        folder = cache / "environments" / name
        with self._guard:
            known = name in self._in_use
        if known and folder.exists():
            os.utime(folder)
            return folder
        lock = Lock(cache / "locks" / name)
        lock.share()
        if not folder.exists():
            lock.alone()
            if not folder.exists():
                try:
                    _build(folder, order, index_allowed=self._index_allowed)
                except BaseException:
                    lock.release()
                    raise
            lock.share()
        os.utime(folder)
        with self._guard:
            if name in self._in_use:
                lock.release()
            else:
                self._in_use[name] = lock
        self._prune(cache, name)
        return folder

    def _prune(self, cache: Path, latest: str) -> None:
        """Remove what was abandoned, and the environments not used for longest; none in use."""
        folders = sorted(
            (cache / "environments").iterdir(), key=lambda at: at.stat().st_mtime, reverse=True
        )
        abandoned = [
            folder
            for folder in folders
            if folder.name.startswith(UNFINISHED)
            and time.time() - folder.stat().st_mtime > ABANDONED_S
        ]
        finished = [folder for folder in folders if not folder.name.startswith(UNFINISHED)]
        for folder in abandoned:
            remove(folder)
        for folder in finished[self._max_kept :]:
            lock = Lock(cache / "locks" / folder.name)
            if folder.name != latest and lock.alone_at_once():
                remove(folder)
            lock.release()


class _Order:
    """All that decides what a prepared environment holds."""

    def __init__(
        self,
        interpreter: Interpreter,
        project: Project,
        version: str,
        needs: Declared,
        own: OwnDistributions,
    ) -> None:
        self.interpreter = interpreter
        self.project = project
        self.version = version
        self.needs = needs
        self.own = own

    @property
    def tools(self) -> list[Requirement]:
        """Our own tools, without those that the repository itself is."""
        return [tool for tool in TOOLS if tool.name != canonicalize_name(self.project.name)]

    @property
    def digest(self) -> str:
        """Digest of everything that goes in."""
        facts = [
            FORMAT,
            [str(self.interpreter.executable), self.interpreter.version],
            sorted(want.line for want in self.needs.wanted),
            [self.project.name, self.version, self.project.scripts],
            [(tool.name, self.own.version(tool.name)) for tool in self.tools],
            [hashlib.sha256(part.read_bytes()).hexdigest() for part in WITNESS],
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _build(folder: Path, order: _Order, *, index_allowed: bool) -> None:
    with publish(folder) as fresh:
        room = Virtualenv(fresh, order.interpreter)
        room.lay_out(WITNESS)
        notes = [*order.project.notes, *order.needs.notes, *_misfit(order)]
        requirements = [want.requirement for want in order.needs.wanted]
        chosen = order.own.closure([*requirements, *order.tools])
        if chosen is not None:
            for found in chosen.values():
                copy(found, room.site_packages)
        else:
            notes += _installed(fresh, room, order, index_allowed=index_allowed)
        if order.project.name:
            room.drop(order.project.name)
            room.add_project(order.project.name, order.version, order.project.scripts)
        room.finish(notes)


def _installed(fresh: Path, room: Virtualenv, order: _Order, *, index_allowed: bool) -> list[str]:
    """Fill the environment from a package index as far as it goes; what is missing, in words."""
    installer = Installer(
        order.interpreter.executable, room.site_packages, index_allowed=index_allowed
    )
    asked = {want.name for want in order.needs.wanted}
    tools = [tool.name for tool in order.tools if tool.name not in asked]
    lines = [want.line for want in order.needs.wanted]
    pinned = [f"{tool}=={version}" for tool in tools if (version := order.own.version(tool))]
    together = installer.install([*lines, *pinned], fresh)
    if together.ok or (not together.unreachable and installer.install([*lines, *tools], fresh).ok):
        return []
    missing: list[str] = []
    unreached: list[str] = []
    for want in sorted(order.needs.wanted, key=lambda want: want.for_tests):
        done = installer.install([want.line], fresh)
        if done.ok or _from_own(order, [want.requirement], room):
            continue
        (unreached if done.unreachable else missing).append(str(want.requirement))
        if done.unreachable and len(unreached) == 1 and not missing:
            unreached += _others(order, want)
            break
    if unreached:
        raise _unprepared(unreached, index_allowed=index_allowed)
    absent = [
        tool.name
        for tool in order.tools
        if not room.holds(tool.name)
        and not _from_own(order, [tool], room)
        and not installer.install([tool.name], fresh).ok
    ]
    if "pytest" in absent:
        raise _unprepared(absent, index_allowed=index_allowed)
    missing += absent
    return [
        f"{name} is missing: no wheel of it fits Python {order.interpreter.version}"
        for name in missing
    ]


def _misfit(order: _Order) -> list[str]:
    asked = order.project.section("project").get("requires-python")
    version = order.interpreter.version
    try:
        if not isinstance(asked, str) or SpecifierSet(asked).contains(version, prereleases=True):
            return []
    except InvalidSpecifier:
        return []
    return [f"the repository asks for Python {asked[:50]}, and its tests run in {version}"]


def _from_own(order: _Order, requirements: Sequence[Requirement], room: Virtualenv) -> bool:
    chosen = order.own.closure(requirements)
    for found in chosen.values() if chosen else ():
        if not room.holds(found.metadata["Name"]):
            copy(found, room.site_packages)
    return chosen is not None


def _others(order: _Order, first: Wanted) -> list[str]:
    """What else cannot be had when the first one could not for want of a package index."""
    return [
        str(want.requirement)
        for want in order.needs.wanted
        if want is not first and order.own.closure([want.requirement]) is None
    ]


def _unprepared(missing: Sequence[str], *, index_allowed: bool) -> EnvironmentUnprepared:
    why = "the package index was not reached" if index_allowed else "no package index may be asked"
    return EnvironmentUnprepared(
        f"The repository's tests need what is not here: {', '.join(sorted(missing))}; {why}.",
        remedy="Run once with network access, so that these are prepared and kept, or install them"
        " beside Anton in his .venv.",
    )


def _environment(folder: Path, interpreter: Interpreter, roots: Sequence[str]) -> Environment:
    inside = f"{INSIDE}/environments/{folder.name}"
    notes = json.loads((folder / "notes.json").read_text())
    paths = [WORKSPACE if root == "." else f"{WORKSPACE}/{root}" for root in roots]
    return Environment(
        environment_id=folder.name,
        python=f"{inside}/bin/python",
        layers=((folder, inside), *interpreter.layers),
        variables={
            "PATH": f"{inside}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": HOME,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            "PYTHONPATH": ":".join(paths),
        },
        notes=tuple(notes),
    )

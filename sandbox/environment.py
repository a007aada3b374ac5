"""What a repository needs before its tests run: prepared once, cached, read-only.

Declarations are read as data and only wheels are unpacked, so nothing of the repository and nothing
that it asks for runs on the host.
"""

import asyncio
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from packaging.specifiers import InvalidSpecifier

from core.errors import EnvironmentUnprepared
from core.ports import Environment, SandboxProvider
from core.recipes import Recipe
from core.trees import Tree
from sandbox.additions import Addition, Kind, kinds
from sandbox.distributions import OwnDistributions
from sandbox.django_project import settings_of
from sandbox.docker_engine import USUAL
from sandbox.interpreter import Interpreter, choose
from sandbox.members import all_roots, named_projects, projects_of
from sandbox.preparation import Order, build
from sandbox.programs import Programs
from sandbox.project import project_of, version_of
from sandbox.pythons import asked_of, fits, fitting
from sandbox.recipes import recipe_of
from sandbox.requirements import declared
from sandbox.setups import lacks, with_setup
from sandbox.shelf import Shelf
from sandbox.storage import Lock, open_folder, reachable, sweep
from sandbox.supply import Supply
from sandbox.version_files import version_files
from sandbox.workers import Workers
from sandbox.workspace import HOME, WORKSPACE, left_outside

INSIDE = "/opt/anton"
SHARED_CACHE = Path("/var/cache/anton")


class Environments:
    """Prepares environments and keeps the latest."""

    def __init__(
        self,
        cache: Path,
        *,
        index_allowed: bool = True,
        indexes: Sequence[str] = (),
        sandboxes: SandboxProvider | None = None,
        docker_host: str = "",
        python: str | None = None,
        max_kept: int = 20,
        shared_cache: Path = SHARED_CACHE,
    ) -> None:
        """Keep at most `max_kept` below `cache`; `python` names an interpreter of the host.

        `indexes` are the only package indexes that are asked, where any are named. Without
        `sandboxes` nothing of a repository or a package is run, so nothing can be built or set up.
        Root uses `shared_cache` when `cache` lies where an unprivileged sandbox cannot enter.
        """
        self._asked = cache
        self._shared = shared_cache
        self._index_allowed = index_allowed
        self._indexes = indexes
        self._sandboxes = sandboxes
        self._docker_host = docker_host or USUAL
        self._python = python
        self._max_kept = max_kept
        self._interpreters: dict[str | None, Interpreter] = {}
        self._distributions: dict[Path, OwnDistributions] = {}
        self._programs = Programs()
        self._kinds: tuple[Kind, ...] | None = None
        self._shelves: dict[str, Shelf] = {}
        self._guard = threading.Lock()

    async def prepare(self, tree: Tree, recipe: Recipe | None = None) -> Environment:
        """What a repository needs; raises EnvironmentUnprepared, naming what is missing.

        The operator's `recipe` goes before what the repository says of itself.
        """
        loop = asyncio.get_running_loop()
        workers = Workers(self._sandboxes, loop, self._programs) if self._sandboxes else None
        return await asyncio.to_thread(self._prepare, tree, recipe or Recipe(), workers)

    def sweep(self) -> None:
        """Remove what processes that are gone were still making."""
        for cache in (self._asked, self._shared):
            for place in (*cache.glob("*/"), *cache.glob("*/*/")):
                with suppress(PermissionError):  # the shared one may be another user's
                    sweep(place)

    def close(self) -> None:
        """Let go of all environments, and end what is still prepared; harmless when repeated."""
        self._programs.end()
        for kind in self._kinds or ():
            kind.close()
        for shelf in self._shelves.values():
            shelf.close()

    def _prepare(self, tree: Tree, operators: Recipe, workers: Workers | None) -> Environment:
        recipe, unread = recipe_of(tree, operators)
        try:
            cache = self._cache()
            project = project_of(tree)
            asked = asked_of(one for one, _ in projects_of(project, tree))
            interpreter = self._fitting(cache, asked)
            order = Order(
                interpreter,
                project,
                version_of(project, tree) if project.name else "",
                declared(
                    project,
                    tree,
                    interpreter.markers,
                    are_indexes_named=bool(self._indexes),
                ),
                self._own(interpreter),
                named_projects(project, tree),
                python=asked,
            )
            supply = self._supply(cache, workers)
            kept = self._shelf(cache, "environments")
            folder = kept.whole(order.digest, lambda new: build(new, order, supply), lacks)
            found = [kind.prepare(tree, recipe) for kind in self._of_other_languages(cache)]
        except OSError as error:
            raise EnvironmentUnprepared(
                f"The environment cannot be prepared: {error}.",
                remedy="See that there is room on the disk and that the data folder is writable.",
            ) from error
        prepared = _environment(folder, order, all_roots(project, tree), settings_of(tree))
        added = [addition for addition in found if addition]
        complete = _completed(prepared, added, recipe, [*unread, *left_outside(tree)])
        ready = with_setup(complete, tree, order, recipe, supply)
        written = version_files(project, tree)
        return self._placed(replace(ready, made={**written, **ready.made}), recipe)

    def _placed(self, environment: Environment, recipe: Recipe) -> Environment:
        """The environment with what the operator says of where its tests run."""
        if recipe.compose:
            environment = replace(environment, compose_host=self._docker_host)
        backend = self._sandboxes.backend if self._sandboxes else ""
        if recipe.image and backend not in ("", "docker"):
            note = f"the image {recipe.image} is not used: SANDBOX is {backend}"
            environment = replace(environment, notes=(*environment.notes, note))
        return replace(environment, image=recipe.image)

    def _of_other_languages(self, cache: Path) -> tuple[Kind, ...]:
        with self._guard:
            if self._kinds is None:
                allowed = self._index_allowed
                self._kinds = tuple(kinds(cache, self._programs, index_allowed=allowed))
            return self._kinds

    def _cache(self) -> Path:
        cache = self._asked.absolute()
        if not reachable(cache.parent):
            cache = self._shared
        for folder in (cache, cache / "environments", cache / "interpreters"):
            open_folder(folder)
        return cache

    def _fitting(self, cache: Path, asked: str) -> Interpreter:
        """The usual interpreter, or another one that fits what is asked for, if one is here."""
        usual = self._chosen(cache, self._python)
        with suppress(InvalidSpecifier):
            if self._python or fits(asked, usual.version):
                return usual
        for program in fitting(asked):
            with suppress(EnvironmentUnprepared):
                other = self._chosen(cache, program)
                if fits(asked, other.version):
                    return other
        return usual

    def _chosen(self, cache: Path, program: str | None) -> Interpreter:
        with self._guard:
            if program not in self._interpreters:
                lock = Lock(cache / "locks" / "interpreters")
                self._alone(lock)
                try:
                    self._interpreters[program] = choose(cache / "interpreters", program)
                finally:
                    lock.release()
            return self._interpreters[program]

    def _shelf(self, cache: Path, kind: str) -> Shelf:
        with self._guard:
            if kind not in self._shelves:
                kept = Shelf(cache / kind, cache / "locks", self._programs, self._max_kept)
                self._shelves[kind] = kept
            return self._shelves[kind]

    def _supply(self, cache: Path, workers: Workers | None) -> Supply:
        return Supply(
            self._programs,
            wheels=self._shelf(cache, "wheels"),
            builders=self._shelf(cache, "builders"),
            setups=self._shelf(cache, "setups"),
            index_allowed=self._index_allowed,
            indexes=self._indexes,
            workers=workers,
        )

    def _alone(self, lock: Lock) -> None:
        """Wait for the lock as long as the house stands."""
        try:
            self._programs.wait_for(lock.alone_at_once)
        except BaseException:
            lock.release()
            raise

    def _own(self, interpreter: Interpreter) -> OwnDistributions:
        with self._guard:
            if interpreter.executable not in self._distributions:
                self._distributions[interpreter.executable] = OwnDistributions(interpreter)
            return self._distributions[interpreter.executable]


def _environment(
    folder: Path, order: Order, roots: Sequence[str], settings: Mapping[str, str]
) -> Environment:
    inside = f"{INSIDE}/environments/{folder.name}"
    missing = json.loads((folder / "notes.json").read_text())
    paths = [WORKSPACE if root == "." else f"{WORKSPACE}/{root}" for root in roots]
    return Environment(
        environment_id=folder.name,
        python=f"{inside}/bin/python",
        layers=((folder, inside), *order.interpreter.layers),
        variables={
            "PATH": f"{inside}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": HOME,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            "PYTHONPATH": ":".join(paths),
            **settings,
        },
        notes=(*order.notes, *missing),
    )


def _completed(
    prepared: Environment, added: Sequence[Addition], recipe: Recipe, unread: Sequence[str]
) -> Environment:
    """The environment with what other languages add, and with the repository's recipe."""
    programs = [folder for addition in added for folder in addition.programs]
    path = ":".join([*programs, prepared.variables["PATH"]])
    parts = [prepared.environment_id, *(addition.digest for addition in added)]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    more = {name: text for addition in added for name, text in addition.variables.items()}
    return replace(
        prepared,
        environment_id=digest if added else prepared.environment_id,
        layers=(*prepared.layers, *(layer for addition in added for layer in addition.layers)),
        variables={**prepared.variables, **more, "PATH": path, **recipe.env},
        notes=(*prepared.notes, *unread, *(note for one in added for note in one.notes)),
        test_command=recipe.test,
    )

"""What a setup command makes of a repository: made once in a sandbox, kept read-only."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import ArchiveRefused, EnvironmentUnprepared
from core.evidence import RunEnd
from core.ports import Environment, Sandbox
from core.recipes import Recipe
from core.trees import File, Tree
from sandbox.build_troubles import trouble
from sandbox.building import BuildFailed, build_requirements
from sandbox.extensions import command_for, note_for
from sandbox.preparation import Order
from sandbox.shelf import Shelf
from sandbox.storage import publish, world_readable
from sandbox.supply import Supply
from sandbox.workers import Workers
from sandbox.workspace import pack, unpack

LEFT_OUT = re.compile(r"(^|/)(__pycache__|[^/]*\.egg-info|\.pytest_cache)/|^build/|\.(o|pyc)$")
"""New files that a build leaves lying about."""


@dataclass(frozen=True)
class Made:
    """The files that a setup adds, or why there are none."""

    files: Mapping[str, File]
    problem: str = ""


@dataclass(frozen=True)
class Setups:
    """Runs setup commands, and keeps what they made."""

    shelf: Shelf
    workers: Workers

    def made(self, tree: Tree, command: str, environment: Environment) -> Made:
        """The files that a command adds to a tree; raises SandboxError."""

        def make(folder: Path) -> None:
            made = self._made(tree, command, environment)
            with publish(folder) as fresh:
                (fresh / "files.tar").write_bytes(pack(made.files))
                (fresh / "notes.json").write_text(json.dumps(made.problem))
                world_readable(fresh)

        folder = self.shelf.whole(digest(tree, command, environment), make, lacks)
        problem = json.loads((folder / "notes.json").read_text())
        return Made(unpack((folder / "files.tar").read_bytes()), problem)

    def _made(self, tree: Tree, command: str, environment: Environment) -> Made:
        async def collect(sandbox: Sandbox) -> Tree:
            return await sandbox.export(tree)

        try:
            run, after = self.workers.work(tree, environment, ["sh", "-c", command], collect)
        except ArchiveRefused as error:
            return Made({}, f"what it makes cannot be kept: {error.message}")
        if run.end is not RunEnd.PASSED or after is None:
            return Made({}, trouble(run))
        new = after.files.keys() - tree.files.keys()
        return Made({path: after[path] for path in sorted(new) if not LEFT_OUT.search(path)})


def lacks(folder: Path) -> bool:
    """Whether something is missing in a prepared folder, by its notes."""
    return bool(json.loads((folder / "notes.json").read_text()))


def digest(tree: Tree, command: str, environment: Environment) -> str:
    """Of all that decides what a setup makes, which any file of the repository may.

    Were plain sources left out, what a hostile branch makes could reach tasks on another one.
    """
    facts = f"{command}\n{environment.environment_id}\n{tree.id}"
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def with_setup(
    environment: Environment, tree: Tree, order: Order, recipe: Recipe, supply: Supply
) -> Environment:
    """The environment with what the setup command of a repository makes, if it has one.

    Raises EnvironmentUnprepared when a command that was named fails. One that compiles the
    repository's own modules may: many work without, and a note says what does not.
    """
    own = "" if recipe.setup else command_for(order.project, tree)
    if not recipe.setup and not own:
        hint = note_for(order.project)
        return replace(environment, notes=(*environment.notes, *([hint] if hint else [])))
    if supply.workers is None:
        unmade = "nothing may be run to set the repository up"
        return replace(environment, notes=(*environment.notes, unmade))
    setups = Setups(supply.setups, supply.workers)
    try:
        made = setups.made(tree, recipe.setup or own, _room(environment, tree, order, own, supply))
    except BuildFailed as error:
        made = Made({}, error.message)
    if made.problem and recipe.setup:
        raise EnvironmentUnprepared(
            f"The setup command of the repository fails: {made.problem}.",
            remedy=f"It runs in the sandbox, with no network: {recipe.setup}",
        )
    note = [f"its compiled modules could not be made: {made.problem}"] if made.problem else []
    name = hashlib.sha256(pack(made.files)).hexdigest()[:32]
    return replace(
        environment,
        environment_id=_joined(environment.environment_id, name),
        notes=(*environment.notes, *note),
        made=made.files,
    )


def _room(
    environment: Environment, tree: Tree, order: Order, own: str, supply: Supply
) -> Environment:
    """What the command runs with: the tests' own environment, or for modules what builds them."""
    builder = supply.builder(order.interpreter)
    if not own or builder is None:
        return environment
    return builder.environment(build_requirements(tree), order.version or "0")


def _joined(one: str, other: str) -> str:
    return hashlib.sha256(f"{one} {other}".encode()).hexdigest()[:32]

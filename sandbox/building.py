"""Wheels made of source archives, in a sandbox with no network where all foreign code runs."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from core.errors import AntonError
from core.evidence import RunEnd
from core.ports import Environment, Sandbox
from core.trees import Tree
from sandbox.build_troubles import trouble
from sandbox.interpreter import Interpreter
from sandbox.package_index import PackageIndex, SourceArchive
from sandbox.programs import Programs
from sandbox.shelf import Shelf
from sandbox.source_archive import unpacked
from sandbox.storage import publish, world_readable
from sandbox.virtualenv import Virtualenv
from sandbox.workers import Workers
from sandbox.workspace import HOME

INSIDE = "/opt/anton/builder"
WHEELS = ".anton-wheels"
SCRIPT = Path(__file__).with_name("build_hooks.py")
USUAL = ("setuptools", "wheel")
"""What a source that does not say it is built with, as PEP 517 has it."""
MAX_WHEEL_BYTES = 2**25

Install = Callable[[Path, Sequence[str]], str]
"""Puts wheels that fulfil requirement lines into a folder; why it could not, or nothing."""


class BuildFailed(AntonError):
    """A source archive cannot be made into a wheel here."""


@dataclass(frozen=True)
class Builder:
    """Makes wheels for one interpreter, and keeps them, read-only."""

    wheels: Shelf
    builders: Shelf
    index: Callable[[], PackageIndex]
    """Gives the index that source archives come from."""
    interpreter: Interpreter
    workers: Workers
    programs: Programs
    install: Install

    def wheel(self, project: str, allowed: SpecifierSet) -> Path:
        """The folder that holds a wheel of a project, made if need be.

        Raises BuildFailed, SourceRefused, IndexUnreachable, and SandboxError.
        """
        index = self.index()
        archive = index.newest(project, allowed, self.interpreter.version)
        data = b"" if archive.sha256 else index.fetch(archive)
        name = self._digest(archive.sha256 or hashlib.sha256(data).hexdigest())

        def make(folder: Path) -> None:
            tree = unpacked(data or index.fetch(archive), archive.filename)
            wheel, built = self._built(archive, tree)
            with publish(folder) as fresh:
                (fresh / wheel).write_bytes(built)
                world_readable(fresh)

        return self.wheels.held(name, make)

    def _digest(self, sha256: str) -> str:
        facts = [sha256, str(self.interpreter.executable), self.interpreter.version]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]

    def _built(self, archive: SourceArchive, tree: Tree) -> tuple[str, bytes]:
        version, requires = str(archive.version), build_requirements(tree)
        environment = self.environment(requires, version)
        if more := self._needs(tree, environment):
            environment = self.environment([*requires, *more], version)
        run, made = self.workers.work(tree, environment, _command(environment), _first_wheel)
        if made is None:
            raise BuildFailed(trouble(run))
        wheel, data = made
        try:
            built, built_version, *_ = parse_wheel_filename(wheel)
        except InvalidWheelFilename as error:
            raise BuildFailed("its build gave no wheel") from error
        if (built, built_version) != (canonicalize_name(archive.name), archive.version):
            raise BuildFailed(f"its build gave {built} {built_version}")
        return wheel, data

    def _needs(self, tree: Tree, environment: Environment) -> list[str]:
        """What the backend asks for besides, which only it can tell."""
        run, _ = self.workers.work(tree, environment, _command(environment, "needs"), _nothing)
        if run.end is not RunEnd.PASSED:
            raise BuildFailed(trouble(run))
        try:
            told = json.loads(run.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            return []
        return [text for text in told if _is_plain(text)] if isinstance(told, list) else []

    def environment(self, requirements: Sequence[str], version: str) -> Environment:
        """What a build needs, made of wheels alone; raises BuildFailed.

        `version` is that of what is built, for those who would ask git for it.
        """
        facts = [sorted(requirements), str(self.interpreter.executable), self.interpreter.version]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]

        def make(folder: Path) -> None:
            with publish(folder) as fresh:
                room = Virtualenv(fresh, self.interpreter, self.programs)
                room.lay_out(())
                problem = self.install(room.site_packages, requirements) if requirements else ""
                if problem:
                    raise BuildFailed(f"what builds it cannot be had: {problem}")
                room.finish([])

        folder = self.builders.held(digest, make)
        return Environment(
            environment_id=digest,
            python=f"{INSIDE}/bin/python",
            layers=((folder, INSIDE), *self.interpreter.layers),
            variables={
                "PATH": f"{INSIDE}/bin:/usr/local/bin:/usr/bin:/bin",
                "HOME": HOME,
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "SOURCE_DATE_EPOCH": "946684800",
                "SETUPTOOLS_SCM_PRETEND_VERSION": version,
            },
        )


def _command(environment: Environment, what: str = "wheel") -> list[str]:
    return [environment.python, "-c", SCRIPT.read_text("utf-8"), what, WHEELS]


def build_requirements(tree: Tree) -> tuple[str, ...]:
    """What a source says that it is built with; plain requirements alone."""
    file = tree.get("pyproject.toml")
    try:
        document: Any = tomllib.loads(file.data.decode("utf-8")) if file else {}
    except ValueError:
        document = {}
    system = document.get("build-system")
    listed = system.get("requires") if isinstance(system, dict) else None
    if not isinstance(listed, list):
        return USUAL
    return tuple(text for text in listed if _is_plain(text))


def _is_plain(text: Any) -> bool:
    try:
        return isinstance(text, str) and not Requirement(text).url
    except InvalidRequirement:
        return False


async def _nothing(sandbox: Sandbox) -> None:
    return None


async def _first_wheel(sandbox: Sandbox) -> tuple[str, bytes]:
    listing = await sandbox.run(["ls", WHEELS])
    names = listing.stdout.decode("utf-8", "replace").split()
    if len(names) != 1 or not names[0].endswith(".whl"):
        raise BuildFailed("its build gave no wheel")
    return names[0], await sandbox.read(f"{WHEELS}/{names[0]}", MAX_WHEEL_BYTES)

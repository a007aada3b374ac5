"""Filling one environment: from what is installed beside Anton, else from a package index."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from core.errors import EnvironmentUnprepared
from sandbox.distributions import OwnDistributions, copy
from sandbox.installer import Installed, Installer
from sandbox.interpreter import Interpreter
from sandbox.project import Project
from sandbox.pythons import fits
from sandbox.requirements import Declared, Wanted
from sandbox.storage import publish
from sandbox.supply import Supply
from sandbox.virtualenv import Virtualenv

FORMAT = 3
"""Part of every digest: raise it when prepared folders change their form."""
TOOLS = (Requirement("pytest"), Requirement("coverage"))
_ABSENT = (
    ("not found in the package registry", "the package index does not have it"),
    ("there is no version of", "the package index has no such version"),
    ("Hash mismatch", "the package index has another content than its digest says"),
    ("No matching distribution", "the package index does not have it, or no such version"),
)
"""What an installer says of what no index has, and the same in words for people."""
WITNESS = tuple(Path(__file__).with_name(name) for name in ("pytest_witness.py", "pytest_hooks.py"))


class Order:
    """All that decides what a prepared environment holds."""

    def __init__(
        self,
        interpreter: Interpreter,
        project: Project,
        version: str,
        needs: Declared,
        own: OwnDistributions,
        named: Sequence[tuple[Project, str]] = (),
        python: str = "",
    ) -> None:
        """`named` are the projects that the repository holds, each with its version; `python` are
        the versions of Python that it asks for.
        """
        self.python = python
        self.interpreter = interpreter
        self.project = project
        self.version = version
        self.needs = needs
        self.own = own
        self.named = named or ([(project, version)] if project.name else [])

    @property
    def tools(self) -> list[Requirement]:
        """Our own tools, without those that the repository itself is."""
        return [tool for tool in TOOLS if tool.name != canonicalize_name(self.project.name)]

    @property
    def notes(self) -> list[str]:
        """What was not read or not taken, and where the interpreter misfits."""
        notes = [*self.project.notes, *self.needs.notes]
        version = self.interpreter.version
        try:
            if not fits(self.python, version):
                notes.append(
                    f"the repository asks for Python {self.python}, and its tests run in {version}"
                )
        except InvalidSpecifier:
            notes.append("pyproject.toml: requires-python cannot be read")
        return notes

    @property
    def digest(self) -> str:
        """Digest of everything that goes in."""
        facts = [
            FORMAT,
            [str(self.interpreter.executable), self.interpreter.version],
            sorted(want.line for want in self.needs.wanted),
            sorted(self.needs.locked.items()),
            [[one.name, version, one.scripts, one.headers] for one, version in self.named],
            [(tool.name, self.own.version(tool.name)) for tool in self.tools],
            [hashlib.sha256(part.read_bytes()).hexdigest() for part in WITNESS],
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def build(folder: Path, order: Order, supply: Supply) -> None:
    """Make the folder of an order; raises EnvironmentUnprepared, and leaves nothing then."""
    with publish(folder) as fresh:
        room = Virtualenv(fresh, order.interpreter, supply.programs)
        room.lay_out(WITNESS)
        missing: list[str] = []
        requirements = [want.requirement for want in order.needs.wanted]
        chosen = order.own.closure([*requirements, *order.tools], order.needs.locked)
        if chosen is not None:
            for found in chosen.values():
                copy(found, room.site_packages)
        else:
            installer = supply.installer(order.interpreter, room.site_packages)
            allowed = supply.index_allowed
            missing = _installed(fresh, room, order, installer, index_allowed=allowed)
        for project, version in order.named:
            room.drop(project.name)
            room.add_project(project.name, version, project.scripts, project.headers)
        room.finish(missing)


def _installed(
    fresh: Path, room: Virtualenv, order: Order, installer: Installer, *, index_allowed: bool
) -> list[str]:
    """Fill the environment from a package index as far as it goes; what is missing, in words."""
    asked = {want.name for want in order.needs.wanted}
    tools = [tool.name for tool in order.tools if tool.name not in asked]
    notes = _at_once(fresh, order, installer, tools)
    if notes is None:
        wants = sorted(order.needs.wanted, key=lambda want: want.for_tests)
        failed = list(_failing(wants, installer, order, room, fresh))
        if any(done.unreachable and not want.guessed for want, done in failed):
            unreached = [str(want.requirement) for want, _ in failed if not want.guessed]
            raise _unprepared(unreached, index_allowed=index_allowed)
        notes = [
            _instead(want, installer, room, fresh) or _missing(want, done, installer, order)
            for want, done in failed
        ]
    absent = [
        tool.name
        for tool in order.tools
        if not room.holds(tool.name)
        and not _from_own(order, [tool], room)
        and not installer.install([tool.name], fresh).ok
    ]
    if "pytest" in absent:
        raise _unprepared(absent, index_allowed=index_allowed)
    return notes + [f"{tool} is missing: {_no_wheel(order)}" for tool in absent]


def _at_once(
    fresh: Path, order: Order, installer: Installer, tools: Sequence[str]
) -> list[str] | None:
    """Install all that is wanted together, as locked if that can be; None when it cannot be.

    Our own tools go with it where the index has them.
    """
    lines = [want.line for want in order.needs.wanted]
    pinned = [f"{tool}=={version}" for tool in tools if (version := order.own.version(tool))]
    for locked in (order.needs.locked, {}):
        for more in (pinned, tools, ()):
            done = installer.install([*lines, *more], fresh, locked)
            if done.ok:
                return [_unlocked(order)] if order.needs.locked and not locked else []
            if done.unreachable:
                return None
        if not order.needs.locked:
            break
    return None


def _instead(want: Wanted, installer: Installer, room: Virtualenv, fresh: Path) -> str:
    """Install a later version of what is pinned to one that cannot be had, in words; else empty.

    Never of what is asked for by its digest: that one and no other is meant. It stays within the
    same major version if any of it fits; without it nothing that imports it would run.
    """
    asked = want.requirement
    if want.hashes:
        return ""
    pins = [one.version for one in asked.specifier if one.operator == "=="]
    try:
        limits = [f">={pins[0]},<{Version(pins[0]).major + 1}", f">={pins[0]}"]
    except (IndexError, InvalidVersion):
        return ""
    extras = f"[{','.join(sorted(asked.extras))}]" if asked.extras else ""
    if not any(installer.install([f"{asked.name}{extras}{limit}"], fresh).ok for limit in limits):
        return ""
    return f"{asked} does not fit here, so {room.version(asked.name)} of it was taken"


def _missing(want: Wanted, done: Installed, installer: Installer, order: Order) -> str:
    """What is missing, and why, with what would help."""
    refused = [f"{name}: {why}" for name, why in installer.refused.items() if name in done.reason]
    if want.name in installer.refused:
        return f"{want.requirement} is missing: it has no wheel, and {installer.refused[want.name]}"
    if refused:
        return f"{want.requirement} is missing: it needs {refused[0]}"
    if done.unreachable:
        return f"{want.requirement} is missing: the package index was not reached"
    why = next((words for sign, words in _ABSENT if sign in done.reason), _no_wheel(order))
    return f"{want.requirement} is missing: {why}"


def _no_wheel(order: Order) -> str:
    return f"no wheel of it fits Python {order.interpreter.version}"


def _unlocked(order: Order) -> str:
    return (
        f"{order.needs.lock_file} could not be followed in Python {order.interpreter.version}, so"
        " other versions were taken"
    )


def _from_own(order: Order, requirements: Sequence[Requirement], room: Virtualenv) -> bool:
    chosen = order.own.closure(requirements)
    for found in chosen.values() if chosen else ():
        if not room.holds(found.metadata["Name"]):
            copy(found, room.site_packages)
    return chosen is not None


def _failing(
    wants: Sequence[Wanted], installer: Installer, order: Order, room: Virtualenv, fresh: Path
) -> Iterator[tuple[Wanted, Installed]]:
    """Install as many as go together, halving what does not; those that fail even alone."""
    if not wants or (done := installer.install([want.line for want in wants], fresh)).ok:
        return
    if len(wants) == 1 or done.unreachable:
        for want in wants:
            if not _from_own(order, [want.requirement], room):
                yield want, done
        return
    middle = len(wants) // 2
    yield from _failing(wants[:middle], installer, order, room, fresh)
    yield from _failing(wants[middle:], installer, order, room, fresh)


def _unprepared(missing: Sequence[str], *, index_allowed: bool) -> EnvironmentUnprepared:
    why = "the package index was not reached" if index_allowed else "no package index may be asked"
    return EnvironmentUnprepared(
        f"The repository's tests need what is not here: {', '.join(sorted(missing))}; {why}.",
        remedy="Run once with network access, so that these are prepared and kept, or install them"
        " beside Anton in his .venv.",
    )

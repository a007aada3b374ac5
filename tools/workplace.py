"""What the tools of one role work on: one sandbox, its base, and the rules for changing it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from core.errors import (
    ArchiveRefused,
    SandboxError,
    SandboxGone,
    SandboxUnavailable,
    ToolError,
    ToolRefused,
)
from core.ports import Environment, Sandbox
from core.trees import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, File, Tree
from tools.notebook import Notebook

READ_CHARACTERS = 100_000
"""Of one result at most, whatever its tool; a small window leaves less."""

LEFTOVERS = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "node_modules"}
)
LEFTOVER_NAMES = (".coverage", ".pyc", ".pyo")


class Objection(Protocol):
    """Why a change may not be made."""

    @property
    def message(self) -> str:
        """In words."""
        ...

    @property
    def before(self) -> str:
        """What stood there; may be empty."""
        ...

    @property
    def after(self) -> str:
        """What would stand there; may be empty."""
        ...


class Gate(Protocol):
    """Judges a change before any test runs."""

    def __call__(self, base: Tree, result: Tree, /) -> Sequence[Objection]:
        """What speaks against it; empty lets it pass."""
        ...


def no_gate(base: Tree, result: Tree, /) -> Sequence[Objection]:
    """Lets everything pass."""
    return ()


def anywhere(path: str) -> str:
    """The path rule of a role that may write every file."""
    return ""


def without_end() -> float:
    """The time left where nothing is limited."""
    return math.inf


@dataclass
class Workplace:
    """Where one role works, from its first turn to its last."""

    sandbox: Sandbox
    base: Tree
    """What the sandbox was opened with; all changes are told against it."""
    environment: Environment
    gate: Gate = no_gate
    """Judges every edit, and everything once more when it is submitted."""
    may_write: Callable[[str], str] = anywhere
    """Why a path may not be written by this role; empty when it may."""
    notebook: Notebook = field(default_factory=Notebook)
    characters: int = READ_CHARACTERS
    """Of one result at most, by the size of the model's window."""
    seconds_left: Callable[[], float] = without_end
    """Until the role's time is over; no command runs longer."""

    async def current(self) -> Tree:
        """The workspace as it stands, less what tests and tools leave lying about.

        Raises ToolError when it holds what may not leave a sandbox, such as a link.
        """
        with told():
            held = await self.sandbox.export(self.environment.furnished(self.base))
            tree = without_leftovers(self.base, held)
            made = self.environment.made
            return tree.with_files({p: None for p in made if p not in self.base})

    async def file(self, path: str, max_bytes: int) -> bytes:
        """A regular file of the workspace; raises NotFound, or ToolError for anything else."""
        self._insist_on_file(path)
        with told():
            return await self.sandbox.read(path, max_bytes)

    async def change(self, path: str, data: bytes) -> None:
        """Write a file, if role and gate let it; raises ToolRefused otherwise."""
        self._insist_on_file(path)
        self.insist_on_role([path])
        known = self.base.get(path)
        mode = EXECUTABLE if known and known.mode == EXECUTABLE else REGULAR
        self.insist_on_gate(self.base.with_files({path: File(data, mode)}))
        with told():
            await self.sandbox.write(Tree({path: File(data, mode)}))

    def insist_on_role(self, paths: Sequence[str]) -> None:
        """Raise ToolRefused for the first path that this role may not write."""
        for path in paths:
            if reason := self.may_write(path):
                raise ToolRefused(f"{path} may not be changed: {reason}", rule="role")

    def insist_on_gate(self, result: Tree) -> None:
        """Raise ToolRefused, with before and after, when the gate holds something against it."""
        objections = self.gate(self.base, result)
        if objections:
            words = "\n".join(_worded(objection) for objection in objections[:5])
            raise ToolRefused(f"The change was not made.\n{words}", rule="gate")

    def _insist_on_file(self, path: str) -> None:
        """Links and submodules of the base are not in the workspace, nor is what lies below."""
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            known = self.base.get("/".join(parts[:end]))
            if known and known.mode in (SYMLINK, SUBMODULE):
                kind = "symbolic link" if known.mode == SYMLINK else "submodule"
                raise ToolRefused(
                    f"{'/'.join(parts[:end])} is a {kind} and is not followed.", rule="path"
                )


@contextmanager
def told() -> Iterator[None]:
    """Turn what the border of the sandbox refuses into words for the model.

    A sandbox that is gone stays an error of ours: it never looks like a tool's result.
    """
    try:
        yield
    except (SandboxGone, SandboxUnavailable):
        raise
    except ArchiveRefused as error:
        raise ToolRefused(error.message, rule="path") from error
    except SandboxError as error:
        raise ToolError(error.message) from error


def without_leftovers(base: Tree, tree: Tree) -> Tree:
    """The tree without new files that are caches, by their usual names."""
    new = tree.files.keys() - base.files.keys()
    return tree.with_files(dict.fromkeys(path for path in new if _is_leftover(path)))


def changes(base: Tree, tree: Tree) -> Mapping[str, str]:
    """Each changed path with `added`, `changed` or `deleted`, in order."""
    found: dict[str, str] = {}
    for path in sorted({*base.files, *tree.files}):
        if base.get(path) != tree.get(path):
            new = "added" if path not in base else "changed"
            found[path] = new if path in tree else "deleted"
    return found


def _is_leftover(path: str) -> bool:
    return bool(LEFTOVERS & set(path.split("/"))) or path.endswith(LEFTOVER_NAMES)


def _worded(objection: Objection) -> str:
    words = [objection.message]
    if objection.before:
        words.append(f"  before: {objection.before}")
    if objection.after:
        words.append(f"  after: {objection.after}")
    return "\n".join(words)

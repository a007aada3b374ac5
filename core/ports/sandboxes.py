"""Closed rooms where untrusted code runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.ports.processes import Process, Run, Service
from core.trees import File, Tree


@dataclass(frozen=True)
class Limits:
    """What untrusted code may use."""

    wall_s: float = 300.0
    memory_bytes: int = 2 * 1024**3
    processes: int = 256
    disk_bytes: int = 1024**3
    output_bytes: int = 1_000_000
    """Of stdout and of stderr each; the rest is counted and dropped, head and tail are kept."""
    public: bool = False
    """Whether its ports may have a public address, where the kind of sandbox gives one."""


@dataclass(frozen=True)
class Environment:
    """What a repository needs before its tests can run, prepared once, read-only."""

    environment_id: str
    """Digest of what it was made of."""
    python: str
    """Path of the interpreter inside the sandbox."""
    layers: tuple[tuple[Path, str], ...] = ()
    """Host folder and where it is seen inside, read-only."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, complete: nothing is inherited."""
    notes: tuple[str, ...] = ()
    """What a person should know, such as a requirement that could not be had."""
    made: Mapping[str, File] = field(default_factory=dict)
    """Files that a setup made, which lie in the workspace beside those of the repository."""
    test_command: str = ""
    """Shell command that runs all tests, where one is named."""
    image: str = ""
    """Image that a sandbox of Docker is made of; empty for the general one."""
    compose_host: str = ""
    """Engine of Docker on which the repository's own compose service runs them, where it shall."""

    def furnished(self, tree: Tree) -> Tree:
        """What a sandbox for a tree is opened with: the tree, and what its setup made."""
        return Tree({**self.made, **tree.files}) if self.made else tree


class Sandbox(Protocol):
    """A closed room with one workspace, where untrusted code runs."""

    @property
    def backend(self) -> str:
        """Name of the kind, as `bubblewrap`."""
        ...

    async def write(self, tree: Tree) -> None:
        """Put files into the workspace; regular files only, others are left out."""
        ...

    async def remove(self, paths: Sequence[str]) -> None:
        """Take files out of the workspace."""
        ...

    async def run(
        self,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout_s: float | None = None,
    ) -> Run:
        """Run a command in the workspace to its end; all that it started dies with it."""
        ...

    async def start(
        self, argv: Sequence[str], *, variables: Mapping[str, str] | None = None
    ) -> Process:
        """Start a command that is spoken to while it runs."""
        ...

    async def serve(
        self, argv: Sequence[str], port: int, *, variables: Mapping[str, str] | None = None
    ) -> Service:
        """Start a command that answers at a port of the sandbox, which then does nothing else."""
        ...

    async def read(self, path: str, max_bytes: int = 20_000_000) -> bytes:
        """A regular file of the workspace; NotFound, or ArchiveRefused for links and devices."""
        ...

    async def export(self, base: Tree) -> Tree:
        """The workspace as a tree, strictly read: what `base` had and what came since.

        Raises ArchiveRefused for links, devices, odd paths and more than 2,000 changed files
        or 20 MB.
        """
        ...

    async def reset(self) -> bool:
        """Make it as it was before anything ran, its workspace empty.

        False where something may be left, and then it must not be used again.
        """
        ...

    async def close(self) -> None:
        """End everything in it; harmless when repeated."""
        ...


class SandboxProvider(Protocol):
    """Opens sandboxes of one kind."""

    @property
    def backend(self) -> str:
        """Name of the kind."""
        ...

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what; raises SandboxUnavailable, with the remedy, when unfit."""
        ...

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        """A fresh sandbox whose workspace holds `tree`."""
        ...

    async def reap(self) -> int:
        """End what an earlier process left behind; how many."""
        ...

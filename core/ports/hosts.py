"""Where repositories live and changes are published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.effects import Change, ChangeRequest, PullState
from core.patches import Patch
from core.trees import Tree


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit."""

    sha: str
    tree: Tree
    default_branch: str
    notes: tuple[str, ...] = ()
    """What a person should know, such as uncommitted work that was not read."""


@dataclass(frozen=True)
class CiRun:
    """What a host's CI says of a revision; every text is untrusted."""

    status: str = ""
    """As the host puts it, such as `failure`; empty where nothing was run."""
    url: str = ""
    commit: str = ""
    """Which commit was run: not always the one that was asked about."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """By name; of a run that failed, as far as they are kept."""
    note: str = ""
    """Why there are none, if there are none."""


class CodeHost(Protocol):
    """Where a repository lives and where a change is published."""

    @property
    def kind(self) -> str:
        """Name of the host, as `local`."""
        ...

    async def snapshot(self, ref: str = "", *, worktree: bool = False) -> Snapshot:
        """The repository at `ref`, or at its default branch."""
        ...

    async def ci(self, commit: str, branch: str = "") -> CiRun:
        """The last run of a commit, else the last failed one of a branch, with its logs.

        That there are none is told and never raised; raises IntegrationError where the host does
        not answer.
        """
        ...

    async def publish(self, request: ChangeRequest, patch: Patch) -> Change:
        """Make branch, commits and pull request; a second call finds the first.

        Looks before it creates and after every unknown outcome. Raises Conflict when the tree of
        the last commit differs from the approved one or the base moved under the patch's files.
        """
        ...

    async def find(self, request: ChangeRequest) -> Change | None:
        """What stands of a change, by its branch and tree, without writing; None for nothing.

        A branch may stand without its pull request.
        """
        ...

    async def pull_state(self, url: str) -> PullState:
        """Where the pull request at an address stands; raises IntegrationError."""
        ...

    async def close(self) -> None:
        """Let go of connections and files."""
        ...

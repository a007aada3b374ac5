"""What roles learn from tasks, and what is kept for it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from core.corrections import Correction
from core.identities import Identity, IdentityHealth, IdentityVersion
from core.learning import Due, Looked, RuleProposal, RuleRecord
from core.precedents import Precedent


class IdentityStore(Protocol):
    """What each role has learned, with its last ten versions."""

    async def get(self, role: str) -> Identity:
        """What stands; an empty one of version 0 for a role that has learned nothing."""
        ...

    async def list(self) -> Sequence[Identity]:
        """What stands, of all roles that have learned something, by name."""
        ...

    async def save(
        self, identity: Identity, *, by: str, reason: str = "", write_id: str = ""
    ) -> Identity:
        """Save it as the next version; `version` is that which the change was made on.

        The same `write_id` again gives the version that it made, as long as that is kept. Raises
        Conflict when another one stands by now.
        """
        ...

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        """The versions that are kept, newest first."""
        ...

    async def roll_back(
        self, role: str, version: int, *, by: str, seen: int | None = None
    ) -> Identity:
        """Save the content of an older version as a new one; raises NotFound, Conflict.

        With `seen`, only while that is the newest version.
        """
        ...

    def health(self) -> IdentityHealth:
        """Whether it is read and written, or copies are served and changes wait."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class LessonStore(Protocol):
    """Which rules were used in which tasks, how those ended, and who has to think about it."""

    async def used(
        self, task_id: str, role: str, *, shown: Collection[str], withheld: Collection[str]
    ) -> None:
        """Note the rules that a role has in a task, and those left out of it to compare.

        What was shown once counts as shown.
        """
        ...

    async def conclude(
        self, task_id: str, roles: Collection[str], *, well: bool | None, ended_at: datetime
    ) -> None:
        """Count how a task ended for the rules of the roles that worked on it, once for all.

        With `well` None it says nothing of them and is not counted.
        """
        ...

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        """What was counted, by rule, also of rules that are gone."""
        ...

    async def due(self, interval: int) -> Sequence[Due]:
        """Roles that completed so many tasks since they last thought about them."""
        ...

    async def reflected(self, due: Due) -> None:
        """A role has thought about its tasks up to there, or could not."""
        ...


class CorrectionStore(Protocol):
    """What people said of judgements of triage, beside the answers to questions."""

    async def add(self, correction: Correction) -> None:
        """Write one down; it takes the place of none."""
        ...

    async def all(self) -> Sequence[Correction]:
        """All of them, in the order in which they came."""
        ...


class Precedents(Protocol):
    """Tasks that have ended, to be found by a report that is like theirs."""

    async def keep(self, precedent: Precedent) -> None:
        """Remember a task, in place of what was remembered of it."""
        ...

    async def alike(self, report: str, repository: str) -> Precedent | None:
        """The task whose report is most like this one, and alike enough for a hint.

        Only of this repository, unless the store was opened for all.
        """
        ...

    async def forget(self, before: datetime) -> int:
        """Forget tasks that ended before that instant; how many."""
        ...


class Reflector(Protocol):
    """Reads how the work of a role went, and says which rules follow from it."""

    async def reflect(
        self, role: str, rules: Sequence[tuple[str, RuleRecord]], tasks: Sequence[Looked]
    ) -> RuleProposal:
        """What to add and to drop; raises ModelError, LimitExceeded when there is no answer."""
        ...

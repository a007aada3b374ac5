"""Faults under care, kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.care import Change as Care
from core.incidents import EntryKind, Incident, IncidentEntry, IncidentState
from core.reports import Reported
from core.tasks import Task, TaskRequest


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents to list; empty fields do not narrow."""

    states: tuple[IncidentState, ...] = ()
    text: str = ""
    """Words that title, ticket, repository or id hold, whatever their case."""


@dataclass(frozen=True)
class IncidentPage:
    """Some incidents, newest first, and how to get the next ones."""

    incidents: tuple[Incident, ...]
    cursor: str = ""
    """Opaque; empty on the last page."""


class IncidentStore(Protocol):
    """Faults under care; of each fingerprint one at most is not resolved, with one active task."""

    async def report(
        self, task: Task, fingerprint: str, *, joins: bool, idempotency_key: str = ""
    ) -> Reported:
        """Write a report down, with the task for it, in one transaction.

        It opens an incident, or a regression of a resolved one, or starts the task of one that
        nobody works on. Where somebody does, where a pull request waits or where the fault is
        dismissed, it is counted and its words are kept if it `joins` and asks for nothing else;
        if not, it opens an incident apart. With a key seen in the last 24 h nothing is written,
        and the answer is the first one; raises Conflict when the key came with another request.
        """
        ...

    async def repeated(self, request: TaskRequest, idempotency_key: str) -> Reported | None:
        """What the first report with a key seen in the last 24 h came to; None for a new key.

        Raises Conflict when the key came with another request.
        """
        ...

    async def start(self, incident_id: str, task: Task, by: str) -> Reported:
        """Write a task for an open incident down; raises NotFound, Conflict."""
        ...

    async def get(self, incident_id: str) -> Incident:
        """One incident; raises NotFound."""
        ...

    async def find(self, prefix: str) -> Sequence[Incident]:
        """Incidents whose id begins so; at most 10."""
        ...

    async def list(
        self, only: IncidentFilter, *, cursor: str = "", limit: int = 50
    ) -> IncidentPage:
        """Incidents, newest first; raises NotFound for a cursor that is none."""
        ...

    async def counts(self) -> Mapping[IncidentState, int]:
        """How many incidents are in each state."""
        ...

    async def change(self, incident_id: str, how: Callable[[Incident], Sequence[Care]]) -> Incident:
        """Change an incident step by step, each with a line of history, in one transaction.

        Raises NotFound, what `how` raises, and Conflict when a newer incident of the same
        fingerprint is under care; then nothing is changed.
        """
        ...

    async def merge(
        self, incident_id: str, into: str, how: Callable[[Incident, Incident], tuple[Care, Care]]
    ) -> Incident:
        """Change two incidents in one transaction; a merged `into` stands for what took it over."""
        ...

    async def history(
        self, incident_id: str, *, kinds: Sequence[EntryKind] = (), limit: int = 200
    ) -> Sequence[IncidentEntry]:
        """What happened to an incident, newest first; of all kinds unless some are named."""
        ...

    async def forget_words(self, before: datetime) -> int:
        """Empty what joined reports said before that instant; in how many lines of history.

        Never of incidents that somebody may still have to look after.
        """
        ...

    async def forget(self, before: datetime) -> int:
        """Forget the lines of reports and tasks from before that instant; how many.

        Counts stay, and what people did; of incidents under care everything does.
        """
        ...

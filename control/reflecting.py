"""Each role thinks about its tasks when it completed some; code decides what it learns."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from control.recent import recent
from core import figures
from core.errors import Conflict, LimitExceeded, ModelError, NotFound, StoreError
from core.events import AuditEntry, Notice
from core.figures import LoggedCall
from core.identities import Identity, Origin
from core.interactions import MemoryDiff
from core.learning import Due, Looked, Revision, RuleProposal, RuleRecord
from core.ports import (
    AuditLog,
    Clock,
    EventLog,
    IdentityStore,
    InteractionLog,
    LessonStore,
    Reflector,
    TaskStore,
)
from core.tasks import Outcome
from core.visible import one_line
from memory.reflection import Bounds, revise
from memory.rule_gate import Passages

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""How often is looked whether a role is due."""
PAUSE_S = 60.0
"""How long a store that failed is left alone."""
CALLS = 20
"""Calls that a role thinks about."""
ASKED = 3 * CALLS
"""Calls that are read to find as many of tasks that have ended."""
BY = "reflection"
TRIES = 2
REASON_MAX = 500
TELLING = frozenset(outcome.value for outcome in Outcome if outcome.tells)


@dataclass(frozen=True)
class Habits:
    """What is configured about reflection."""

    enabled: bool = True
    dry_run: bool = False
    interval: int = 3
    patience_s: float = 600.0
    """How long a model may take, waits for it included."""
    bounds: Bounds = field(default_factory=Bounds)


class Reflecting:
    """Looks who is due, and lets each think; what cannot be done waits for the next interval."""

    def __init__(
        self,
        lessons: LessonStore,
        identities: IdentityStore,
        interactions: InteractionLog,
        tasks: TaskStore,
        reflector: Callable[[], Awaitable[Reflector | None]],
        *,
        audit: AuditLog,
        events: EventLog,
        clock: Clock,
        masked: Callable[[str], str],
        habits: Habits,
    ) -> None:
        """`reflector` is None where no model plays it; `masked` takes secrets out of a text."""
        self._lessons = lessons
        self._identities = identities
        self._interactions = interactions
        self._tasks = tasks
        self._reflector = reflector
        self._audit = audit
        self._events = events
        self._clock = clock
        self._masked = masked
        self._habits = habits

    async def run(self) -> None:
        """Until it is cancelled."""
        while self._habits.enabled:
            pause_s = LOOK_S
            try:
                await self.catch_up()
            except StoreError as error:
                log.error("no reflection for now: %s", error)
                pause_s = PAUSE_S
            await self._clock.sleep(pause_s)

    async def catch_up(self) -> None:
        """Let every role that is due think once; raises StoreError behind all who could."""
        failures = list[StoreError]()
        for due in await self._lessons.due(self._habits.interval):
            try:
                await self._think(due)
            except StoreError as error:
                log.error("%s cannot think about its tasks: %s", due.role, error)
                failures.append(error)
        if failures:
            raise failures[0]

    async def _think(self, due: Due) -> None:
        tasks = await self._looked(due.role)
        records = await self._lessons.records(due.role)
        identity = await self._identities.get(due.role)
        await self._lessons.reflected(due)  # before: a store that fails costs no second call
        proposal = await self._proposal(identity, records, tasks)
        passages = await asyncio.to_thread(Passages.of, _said(tasks))
        origin = Origin(
            learned_at=self._clock.now(),
            model=proposal.model,
            tasks=tuple(task.task_id for task in tasks),
        )
        for attempt in range(TRIES):
            after, revision = revise(
                identity,
                proposal,
                records=records,
                passages=passages,
                origin=origin,
                bounds=self._habits.bounds,
            )
            before = identity
            try:
                saved = await self._saved(identity, after, _why(revision, proposal, len(tasks)))
            except Conflict as conflict:
                log.info("%s changed meanwhile: %s", due.role, conflict)
                identity = await self._identities.get(due.role)
                if attempt + 1 < TRIES:
                    continue
                return
            await self._note(saved, revision, proposal, len(tasks))
            await self._tell(before, saved)
            return

    async def _looked(self, role: str) -> Sequence[Looked]:
        """The tasks of the last calls, newest first, as far as what was said is still kept.

        Those whose end says nothing of the work, such as cancelled ones, teach nothing.
        """
        wanted = partial(figures.latest_of_role, role, ASKED)
        found = await recent(self._interactions, wanted, ASKED, self._clock.now())
        ended = [call for call in found if call.outcome in TELLING and call.messages][:CALLS]
        by_task: dict[str, list[LoggedCall]] = {}
        for call in ended:
            by_task.setdefault(call.task_id, []).insert(0, call)
        return [
            Looked(
                task_id, Outcome(str(calls[0].outcome)), await self._reason(task_id), tuple(calls)
            )
            for task_id, calls in by_task.items()
        ]

    async def _reason(self, task_id: str) -> str:
        try:
            return (await self._tasks.get(task_id)).reason
        except NotFound:
            return ""

    async def _proposal(
        self, identity: Identity, records: Mapping[str, RuleRecord], tasks: Sequence[Looked]
    ) -> RuleProposal:
        """What the model proposes; nothing where none answers, and then counts alone decide."""
        reflector = await self._reflector() if tasks else None
        if reflector is None:
            return RuleProposal()
        rules = [(rule, records.get(rule, RuleRecord())) for rule in identity.rules]
        try:
            async with asyncio.timeout(self._habits.patience_s):
                proposal = await reflector.reflect(identity.role, rules, tasks)
        except (ModelError, LimitExceeded, TimeoutError) as error:
            why = str(error) or f"no answer within {self._habits.patience_s:g} s"
            log.warning("%s proposes no rules this time: %s", identity.role, why)
            return RuleProposal()
        clean = tuple(rule for rule in proposal.add if self._masked(rule) == rule)
        return proposal.but(add=clean)

    async def _saved(self, before: Identity, after: Identity, reason: str) -> Identity:
        """The identity as it stands then: saved where rules, or their order, have changed."""
        if after.rules == before.rules or self._habits.dry_run:
            return before
        return await self._identities.save(after, by=BY, reason=reason)

    async def _note(
        self, saved: Identity, revision: Revision, proposal: RuleProposal, tasks: int
    ) -> None:
        for rule, why in revision.refused:
            log.info("%s: refused as a rule, %s: %s", saved.role, why, one_line(rule))
        if revision.refused:
            detail = {"role": saved.role, "refused": [list(one) for one in revision.refused]}
            await self._audit.record(AuditEntry(action="rules_refused", actor=BY, detail=detail))
        if not (revision.added or revision.removed):
            return
        dry = "dry run, nothing was written: " if self._habits.dry_run else ""
        self._interactions.record(
            MemoryDiff(
                role=saved.role,
                version=saved.version,
                changed_at=self._clock.now(),
                added=revision.added,
                removed=tuple(revision.removed),
                reason=dry + _why(revision, proposal, tasks),
            )
        )

    async def _tell(self, before: Identity, saved: Identity) -> None:
        """The event of what was saved, if anything was."""
        if saved.version == before.version:
            return
        data = {
            "role": saved.role,
            "version": saved.version,
            "previous": before.version,
            "cause": "reflection",
            "added": [rule for rule in saved.rules if rule not in before.rules],
            "removed": [rule for rule in before.rules if rule not in saved.rules],
        }
        await self._events.append(Notice(type="identity", role=saved.role, data=data))


def _said(tasks: Sequence[Looked]) -> list[str]:
    """All that was said in these tasks by anybody, once: none of it may become a rule."""
    calls = [call for task in tasks for call in task.calls]
    texts = [str(message.get("text", "")) for call in calls for message in call.messages]
    texts += [*(call.response for call in calls), *(task.reason for task in tasks)]
    return list(dict.fromkeys(texts))


def _why(revision: Revision, proposal: RuleProposal, tasks: int) -> str:
    by = f"{tasks} tasks, read by {proposal.model}" if proposal.model else "by counts alone"
    reasons = [f"withdrawn: {why}" for why in dict.fromkeys(revision.removed.values())]
    reasons += [f"added: {proposal.reasons.get(rule, '')}" for rule in revision.added]
    return one_line("; ".join([by, *reasons]), REASON_MAX)

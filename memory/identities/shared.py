"""Lessons of a house whose rules are counted elsewhere, together with those of other houses."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from core.errors import StoreError
from core.learning import Due, RuleRecord
from core.ports import Clock, LessonStore
from memory.identities.breaker import Breaker
from memory.identities.tallies import Tallies, Tally

log = logging.getLogger(__name__)

EVERY_S = 5.0
COUNTED_S = 10.0
MARKS_KEPT_DAYS = 30
"""A house that is restored from a backup which is not older than this counts no task twice."""


class Counts(Protocol):
    """Where all houses count together."""

    async def count(self, tallies: Sequence[Tally]) -> None:
        """Count one task of one role, all or nothing, and once."""
        ...

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        """What was counted, by rule."""
        ...

    async def marks(self, role: str, after: str = "") -> Sequence[str]:
        """Tasks that are known to be counted, in the order of their ids, page by page."""
        ...

    async def unmark(self, role: str, task_ids: Collection[str]) -> None:
        """Forget that tasks were counted."""
        ...


class SharedLessonStore:
    """Serves the port LessonStore; which role is due is a matter of each house alone.

    A count waits in the transaction that concludes its task, so that none is lost, and is known
    again by its task, so that none is made twice. With the place away, records are the last copy
    and what waits, but never less than what this house counted itself.
    """

    def __init__(self, own: LessonStore, counts: Counts, tallies: Tallies, clock: Clock) -> None:
        """`own` also puts each count among the tallies that wait."""
        self._own = own
        self._counts = counts
        self._tallies = tallies
        self._clock = clock
        self._breaker = Breaker(clock, "counts of rules")
        self._moving = asyncio.Lock()
        """So that nobody sees a count that has arrived and waits."""

    async def run(self) -> None:
        """Bring what waits to where it belongs, until it is cancelled."""
        while True:
            try:
                await self.deliver()
            except StoreError as error:
                log.error("counts of rules wait on: %s", error)
            await self._clock.sleep(EVERY_S)

    async def deliver(self) -> None:
        """Count what waits, task by task; raises StoreError."""
        async with self._moving:
            for tallies in await self._tallies.waiting():
                if await self._breaker.ask(partial(self._count, tallies), COUNTED_S):
                    await self._tallies.counted(tallies)
                else:
                    return

    async def forget(self, before: datetime) -> int:
        """Forget there which tasks of this house were counted before an instant; how many.

        But for those that wait to be counted. Tasks of other houses are theirs to forget, as
        nobody else knows whether they wait. Raises StoreError.
        """
        forgotten = 0
        for role in await self._tallies.roles():
            last = ""
            while marked := await self._counts.marks(role, last):
                last = marked[-1]
                if settled := await self._tallies.settled(role, marked, before):
                    await self._counts.unmark(role, settled)
                    forgotten += len(settled)
        return forgotten

    async def used(
        self, task_id: str, role: str, *, shown: Collection[str], withheld: Collection[str]
    ) -> None:
        await self._own.used(task_id, role, shown=shown, withheld=withheld)

    async def conclude(
        self, task_id: str, roles: Collection[str], *, well: bool | None, ended_at: datetime
    ) -> None:
        await self._own.conclude(task_id, roles, well=well, ended_at=ended_at)

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        async with self._moving:
            found = await self._breaker.ask(lambda: self._counts.records(role))
            if found is None:
                found = await self._tallies.copied(role)
            elif found != await self._tallies.copied(role):
                await self._tallies.copy(role, found)
            together = dict(found)
            for tallies in await self._tallies.waiting(role):
                for tally in tallies:
                    before = together.get(tally.rule, RuleRecord())
                    together[tally.rule] = before.with_task(
                        tally.ended_at, shown=tally.shown, well=tally.well
                    )
        own = await self._own.records(role)
        return {rule: _fuller(together.get(rule), own.get(rule)) for rule in {**own, **together}}

    async def due(self, interval: int) -> Sequence[Due]:
        return await self._own.due(interval)

    async def reflected(self, due: Due) -> None:
        await self._own.reflected(due)

    async def _count(self, tallies: Sequence[Tally]) -> bool:
        await self._counts.count(tallies)
        return True


def _fuller(one: RuleRecord | None, other: RuleRecord | None) -> RuleRecord:
    """The record of more tasks."""
    known = [record for record in (one, other) if record]
    return max(known, key=lambda record: record.shown + record.withheld)

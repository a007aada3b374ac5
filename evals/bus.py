"""What a thousand listeners on the event log cost while tasks run, and whether a kill loses any.

The listeners of the first process note how far they came; it is killed while tasks are at work. In
the next process they go on from there, as a browser does with its last number.
"""

import asyncio
import tempfile
from array import array
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from control.anton import Anton
from core.events import Event
from core.ports import EventLog
from evals.overhead import (
    LOOK_S,
    Opening,
    Spread,
    committed,
    request_of,
    resident_mb,
    stage,
    until_waiting,
)
from evals.scripted import REPOSITORY, Script, ScriptedThinking

LISTENERS = 1000
TASKS = 50
STEP_S = 0.5
"""How long each scripted fix takes, so that tasks are at work beside one another."""
LAG_BAR_S = 2.0
PAGE = 500
BEHIND_MAX = 1_000
"""Who is more events behind than this is told to start over."""
CUT_AFTER = 5
"""Events a task of the second half, about, before the server is killed."""


@dataclass
class Ear:
    """One listener: what it has heard, by number."""

    after: int = 0
    heard: "array[int]" = field(default_factory=lambda: array("q"))
    lags_s: "array[float]" = field(default_factory=lambda: array("d"))
    resyncs: int = 0

    async def listen(self, log: EventLog, ready: asyncio.Semaphore) -> None:
        """Replay what it missed, then hear what comes, until it is cancelled."""
        async with log.listen() as live:
            ready.release()
            full = True
            while full:
                missed = await log.after(self.last, limit=PAGE)
                full = len(missed) == PAGE
                self._hear(missed)
            async for event in live:
                if event is None:
                    await self._catch_up(log)
                elif event.seq > self.last:
                    self.heard.append(event.seq)
                    self.lags_s.append((datetime.now(UTC) - event.ts).total_seconds())

    async def _catch_up(self, log: EventLog) -> None:
        """Read from the log what its queue had no room for, as a stream does."""
        missing = await log.after(self.last, limit=BEHIND_MAX)
        self.resyncs += len(missing) == BEHIND_MAX
        self._hear(missing)

    def _hear(self, events: Sequence[Event]) -> None:
        self.heard.extend(event.seq for event in events)

    @property
    def last(self) -> int:
        """Number of the last event that it heard."""
        return self.heard[-1] if self.heard else self.after


@dataclass(frozen=True)
class Bus:
    """All that was measured."""

    listeners: int
    tasks: int
    events: int
    """Heard by every listener, in both processes together."""
    lag: Spread
    quiet_mb: float
    """Resident before anybody listened."""
    listening_mb: float
    """Resident at the end."""
    missed: int
    """Events that a listener did not hear, or heard twice or out of order, over the kill."""
    resyncs: int

    @property
    def ok(self) -> bool:
        """Whether nothing was lost, and nobody heard of it late."""
        return not self.missed and not self.resyncs and self.lag.at(0.99) < LAG_BAR_S


async def run(opening: Opening, *, listeners: int = LISTENERS, tasks: int = TASKS) -> Bus:
    """Let so many listen in two processes, the first of which is killed."""
    with tempfile.TemporaryDirectory(prefix="anton-bus-") as scratch:
        data = Path(scratch) / "data"
        repository = committed(Path(scratch) / "repository", REPOSITORY)
        given = {"repository": repository, "listeners": listeners, "tasks": tasks}
        first = await stage(_until_killed, opening, data, given)
        again = {"tasks": 2 * tasks, "last": first["last"]}
        second = await stage(_gone_on, opening, data, again)
    return Bus(
        listeners=listeners,
        tasks=tasks,
        events=second["events"],
        lag=first["lag"],
        quiet_mb=first["quiet_mb"],
        listening_mb=first["listening_mb"],
        missed=first["missed"] + second["missed"],
        resyncs=first["resyncs"] + second["resyncs"],
    )


def table(found: Bus) -> str:
    """The figures, a line each."""
    extra = (found.listening_mb - found.quiet_mb) * 1024 / max(1, found.listeners)
    rows = {
        "listeners on the bus": f"{found.listeners} while {found.tasks} tasks run at once; "
        f"{found.events} events each",
        "lag of an event": f"{found.lag} (bar p99 {LAG_BAR_S:.0f} s: "
        f"{found.lag.at(0.99) * 1000:.0f} ms)",
        "memory of listeners": f"{found.quiet_mb:.0f} MB before, {found.listening_mb:.0f} MB with "
        f"all: {extra:.0f} KB each",
        "lost over a kill": f"{found.missed} events; {found.resyncs} listeners had to start over",
        "bars": "kept" if found.ok else "NOT KEPT",
    }
    return "\n".join(f"{name:<24}{value}" for name, value in rows.items())


async def _until_killed(
    opening: Opening, data: Path, begun: float, *, repository: str, listeners: int, tasks: int
) -> dict[str, Any]:
    """Listen to `tasks` tasks to their questions; then to as many more, until some are at work."""
    script = Script(delays_s={"fix": STEP_S})
    anton = await opening(data, ScriptedThinking(script), at_once=tasks, drives=True)
    await anton.start()
    quiet_mb = resident_mb()
    ears = [Ear() for _ in range(listeners)]
    await _listening(anton, ears)
    await _submit(anton, repository, range(tasks))
    await until_waiting(anton, tasks)
    latest = await anton.events.latest()
    await _all_heard(ears, latest)
    lags = sorted(lag for ear in ears for lag in ear.lags_s)
    await _submit(anton, repository, range(tasks, 2 * tasks))
    while await anton.events.latest() < latest + CUT_AFTER * tasks:  # noqa: ASYNC110 - no event
        await asyncio.sleep(LOOK_S)
    return {
        "lag": Spread(lags[:: max(1, len(lags) // 10_000)] + lags[-1:]),
        "quiet_mb": quiet_mb,
        "listening_mb": resident_mb(),
        "missed": sum(_missed(ear, ear.last) for ear in ears),
        "resyncs": sum(ear.resyncs for ear in ears),
        "last": [ear.last for ear in ears],
    }


async def _gone_on(
    opening: Opening, data: Path, begun: float, *, tasks: int, last: Sequence[int]
) -> dict[str, Any]:
    """Go on after the numbers that were heard, until every task waits."""
    async with AsyncExitStack() as stack:
        anton = await opening(data, ScriptedThinking(), at_once=tasks, drives=True)
        stack.push_async_callback(anton.stop)
        await anton.start()
        ears = [Ear(after=number) for number in last]
        await _listening(anton, ears)
        await until_waiting(anton, tasks)
        latest = await anton.events.latest()
        await _all_heard(ears, latest)
    return {
        "events": latest,
        "missed": sum(_missed(ear, latest) for ear in ears),
        "resyncs": sum(ear.resyncs for ear in ears),
    }


async def _submit(anton: Anton, repository: str, numbers: range) -> None:
    for number in numbers:
        await anton.submit(request_of(repository, number))


async def _listening(anton: Anton, ears: Sequence[Ear]) -> None:
    ready = asyncio.Semaphore(0)
    _listeners.update(asyncio.create_task(ear.listen(anton.events, ready)) for ear in ears)
    for _ in ears:
        await ready.acquire()


async def _all_heard(ears: Sequence[Ear], latest: int) -> None:
    while any(ear.last < latest and not ear.resyncs for ear in ears):  # noqa: ASYNC110 - no event
        await asyncio.sleep(LOOK_S)


def _missed(ear: Ear, until: int) -> int:
    """How far what was heard differs from each number once, in order."""
    due = range(ear.after + 1, until + 1)
    heard = [number for number in ear.heard if number <= until]
    return len(set(due) ^ set(heard)) + len(heard) - len(set(heard)) + (heard != sorted(heard))


_listeners: set[asyncio.Task[None]] = set()
"""Kept alive until their process is over."""

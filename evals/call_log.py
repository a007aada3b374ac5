"""What the log of model calls costs: time on the road of a task, bytes, and how long it is read."""

import random
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core import figures
from core.figures import Query
from core.interactions import Interaction, RoleResult
from core.models import Message, Tokens
from core.ports import InteractionLog
from observability.clock import SystemClock
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor

CALLS = 100_000
MEASURED = 5_000
"""Of them, the first ones: redacted and timed."""
PER_TASK = 10
QUERY_BAR_S = 1.0
AT_ONCE = 1000
"""Calls between two waits for the writer: fewer than may wait."""
ROLES = ("triage", "diagnosis", "qa", "fix", "reviewer")
MODELS = ("scripted/large", "scripted/small")
START = datetime(2026, 1, 1, tzinfo=UTC)
PROMPT = "def total(items):\n    return sum(item.price for item in items)\n" * 24


@dataclass(frozen=True)
class CallLog:
    """All that was measured."""

    calls: int
    taking_us: float
    """For one call, on the road of its task."""
    written_per_s: float
    bytes_per_call: float
    prompt_chars: int
    queries_s: dict[str, float]

    @property
    def ok(self) -> bool:
        """Whether every query is answered in time."""
        return max(self.queries_s.values()) < QUERY_BAR_S


async def run(calls: int = CALLS, seed: int = 0) -> CallLog:
    """Fill a log of its own, and ask it everything."""
    with tempfile.TemporaryDirectory(prefix="anton-calls-") as scratch:
        folder, chance, measured = Path(scratch), random.Random(seed), min(calls, MEASURED)
        async with _opened(folder, Redactor()) as log:
            began = time.perf_counter()
            taking_s = await _fill(log, 0, measured, chance)
            filled_s = time.perf_counter() - began
        async with _opened(folder, _Blind()) as log:
            await _fill(log, measured, calls, chance)
            queries_s = {query.name: await _asked(log, query) for query in _queries(calls)}
        size = _size(folder)
    return CallLog(
        calls=calls,
        taking_us=taking_s / measured * 1e6,
        written_per_s=measured / filled_s,
        bytes_per_call=size / calls,
        prompt_chars=len(PROMPT),
        queries_s=queries_s,
    )


def table(found: CallLog) -> str:
    """The figures, one a line."""
    slowest = max(found.queries_s, key=lambda name: found.queries_s[name])
    each = ", ".join(f"{name} {s * 1000:.0f} ms" for name, s in found.queries_s.items())
    rows = {
        "log of model calls": f"{found.calls:,} calls with {found.prompt_chars:,} characters each",
        "on a task's road": f"{found.taking_us:.1f} µs a call",
        "off it": f"{found.written_per_s:,.0f} calls/s redacted and written",
        "a call on disk": f"{found.bytes_per_call:,.0f} bytes",
        "queries": each,
        "slowest": f"{slowest} (bar {QUERY_BAR_S:.0f} s)",
        "bar": "kept" if found.ok else "NOT KEPT",
    }
    return "\n".join(f"{name:<24}{value}" for name, value in rows.items())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


class _Blind(Redactor):
    """Looks for no secret: so the bulk of a large log is made in less time."""

    def text(self, text: str) -> str:
        return text


@asynccontextmanager
async def _opened(folder: Path, redactor: Redactor) -> AsyncIterator[SqliteInteractionLog]:
    log = await SqliteInteractionLog.open(folder, clock=SystemClock(), redactor=redactor)
    try:
        yield log
    finally:
        await log.close()


async def _fill(log: InteractionLog, begin: int, end: int, chance: random.Random) -> float:
    """Log the calls of these numbers; seconds that it took whoever made them."""
    taking_s = 0.0
    for first in range(begin, end, AT_ONCE):
        wanted = list(_facts(first, min(first + AT_ONCE, end), chance))
        began = time.perf_counter()
        for facts in wanted:
            log.record(Interaction(interaction_id=uuid.uuid4().hex, **facts))
        taking_s += time.perf_counter() - began
        for facts in wanted[::PER_TASK]:
            log.record(_result(facts))
        await log.flush()
    return taking_s


def _facts(first: int, last: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    prompt = (Message(author="system", text="You mend."), Message(author="user", text=PROMPT))
    for number in range(first, last):
        good = chance.random() > 0.05
        yield {
            "ended_at": START + timedelta(seconds=number * 60),
            "task_id": f"task-{number // PER_TASK}",
            "role": ROLES[number % len(ROLES)],
            "model": chance.choice(MODELS),
            "messages": prompt,
            "response": "It is in total()." if good else "",
            "tokens": Tokens(sent=400, received=chance.randrange(20, 400)),
            "cost_usd": 0.001,
            "seconds": chance.expovariate(0.2),
            "success": good,
            "error": "" if good else "HTTP 503",
        }


def _result(facts: dict[str, Any]) -> RoleResult:
    shared = {name: facts[name] for name in ("task_id", "role", "ended_at", "tokens", "cost_usd")}
    return RoleResult(outcome="fixed", success=True, calls=2, **shared)


def _queries(calls: int) -> list[Query[Any]]:
    end = START + timedelta(seconds=calls * 60)
    return [
        figures.costs(START, end),
        figures.task_costs(START, end),
        figures.model_outcomes(START, end),
        figures.success_rates(START),
        figures.call_rates(START),
        figures.latencies(START),
        figures.latest_of_role("fix", 20),
        figures.latest(50, role="qa", success="false"),
        figures.conversation("task-0", 100),
        figures.call("task-0", "task-0-0"),
        figures.memory_diffs("fix"),
    ]


async def _asked(log: InteractionLog, query: Query[Any]) -> float:
    await log.ask(query)  # once before, so that sqlglot and the file are at hand
    began = time.perf_counter()
    await log.ask(query)
    return time.perf_counter() - began

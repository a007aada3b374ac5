"""What orchestration costs: many tasks that wait, a restart, and the way from decision to resumed.

The thinking follows a script, so these are figures of orchestration only. Every stage is a process
of its own: what is measured after a restart is measured in a process that has just started.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from control.anton import Anton
from control.worker import IDLE_S
from core.approvals import Approval, ApprovalState, Decision, Person
from core.errors import AntonError
from core.ports import TaskFilter
from core.tasks import TaskRequest, TaskStatus
from evals.scripted import REPOSITORY, Script, ScriptedThinking
from observability import host_programs

WAITING = 1000
READY_BAR_S = 10.0
RESUMED_BAR_S = 2.0
AT_ONCE = 20
ALONE = 20
"""Tasks that are driven one after the other, to see how long one takes."""
HANGS_S = 3600.0
LOOK_S = 0.1
ME = Person(channel="terminal", person_id="local")
_PROCESSES = multiprocessing.get_context("spawn")
_imported_at = time.monotonic()


class Opening(Protocol):
    """Wires a house; a function at the top of a module, so that a new process finds it."""

    def __call__(
        self, data_dir: Path, thinking: ScriptedThinking, *, at_once: int, drives: bool
    ) -> Awaitable[Anton]:
        """A house over a folder, for so many tasks at once, or one that only decides."""
        ...


@dataclass(frozen=True)
class Spread:
    """Times in seconds, as people read them."""

    times: Sequence[float]

    def at(self, share: float) -> float:
        """The time that this share of all stays within."""
        ranked = sorted(self.times)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0

    def __str__(self) -> str:
        return (
            f"p50 {self.at(0.5) * 1000:.0f} ms, p95 {self.at(0.95) * 1000:.0f} ms, "
            f"max {self.at(1.0) * 1000:.0f} ms (N={len(self.times)})"
        )


@dataclass(frozen=True)
class Start:
    """A server process, from its start to the first answer."""

    ready_s: float
    imports_s: float
    """Part of it: interpreter and imports."""
    rss_mb: float


@dataclass(frozen=True)
class Overhead:
    """All that was measured."""

    waiting: int
    running: int
    """Tasks at work when their server was killed."""
    alone: Spread
    """From report to waiting, one task after the other."""
    tasks_per_s: float
    """From report to waiting, many at once."""
    steps_per_s: float
    empty: Start
    """Of a house with no task."""
    restarted: Start
    """Of the house with all tasks, after the kill."""
    recovered_s: float
    """From the start until every killed task waits for its approval."""
    here: Spread
    """From decision to resumed, decided in the server, as over REST."""
    elsewhere: Spread
    """The same, decided by another process, as on the terminal."""
    published: Spread
    """From decision to branch and closing message."""
    sizes_mb: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the bars are kept."""
        resumed = max(self.here.at(0.95), self.elsewhere.at(0.95))
        return self.restarted.ready_s < READY_BAR_S and resumed < RESUMED_BAR_S


async def run(
    opening: Opening, *, n: int = WAITING, running: int = 50, decisions: int = 200, seed: int = 0
) -> Overhead:
    """Measure with `n` waiting tasks, `running` killed ones, and so many decisions."""
    options = {"n": n + running, "decisions": decisions, "seed": seed}
    with tempfile.TemporaryDirectory(prefix="anton-overhead-") as scratch:
        folder = Path(scratch)
        repository = committed(folder / "repository", REPOSITORY)
        data = folder / "data"
        empty = await stage(_start, opening, folder / "empty", {})
        filled = await stage(_fill, opening, data, {"repository": repository, "n": n})
        await stage(_fall, opening, data, {"repository": repository, "n": running})
        sizes: dict[str, float] = defaultdict(float)
        for path in sorted(data.iterdir()):
            sizes[path.name.split("-")[0]] += _megabytes(path)
        restarted = await stage(_restart, opening, data, options)
    return Overhead(
        waiting=n,
        running=running,
        empty=empty["start"],
        sizes_mb={name: size for name, size in sizes.items() if size >= 0.01},
        restarted=restarted.pop("start"),
        **filled,
        **restarted,
    )


def table(found: Overhead) -> str:
    """The figures, one a line."""
    sizes = ", ".join(f"{name} {size:.1f} MB" for name, size in found.sizes_mb.items())
    per_task = sum(found.sizes_mb.values()) * 1024 / max(1, found.waiting + found.running)
    start, empty = found.restarted, found.empty
    rows = {
        "thinking": "scripted: these are figures of orchestration only",
        "tasks": f"{found.waiting} waiting for approval, {found.running} killed at work",
        "report to waiting": f"{found.alone}, one task at a time",
        "": f"{found.tasks_per_s:.1f} tasks/s, {found.steps_per_s:.0f} steps/s, many at once",
        "time to ready": f"{start.ready_s:.2f} s after a kill (bar {READY_BAR_S:.0f} s), of which "
        f"imports {start.imports_s:.2f} s; {empty.ready_s:.2f} s with no task",
        "killed tasks recovered": f"{found.recovered_s:.2f} s after the start",
        "memory": f"{start.rss_mb:.0f} MB resident at ready; {empty.rss_mb:.0f} MB with no task",
        "on disk": f"{sizes}; {per_task:.0f} KB a task",
        "decision to resumed": f"{found.here}, over the server (bar p95 {RESUMED_BAR_S:.0f} s)",
        " ": f"{found.elsewhere}, by another process",
        "decision to branch": str(found.published),
        "bars": "kept" if found.ok else "NOT KEPT",
    }
    return "\n".join(f"{name:<24}{value}" for name, value in rows.items())


async def stage(
    measure: Callable[..., Awaitable[dict[str, Any]]],
    opening: Opening,
    data: Path,
    options: dict[str, Any],
) -> dict[str, Any]:
    """Run one stage in a fresh process; it is killed once it has said what it found."""
    mine, theirs = _PROCESSES.Pipe(duplex=False)
    begun = time.monotonic()
    process = _PROCESSES.Process(target=_run, args=(measure, opening, data, options, begun, theirs))
    process.start()
    theirs.close()
    try:
        found: dict[str, Any] = await asyncio.to_thread(mine.recv)
        return found
    except EOFError as error:
        raise AntonError(f"The stage {measure.__name__} of the measurement broke.") from error
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()
        mine.close()


def _run(
    measured: Callable[..., Awaitable[dict[str, Any]]],
    opening: Opening,
    data: Path,
    options: dict[str, Any],
    begun: float,
    found: Connection,
) -> None:
    async def measure() -> None:
        found.send(await measured(opening, data, begun, **options))
        signal.pause()

    asyncio.run(measure())


async def _start(opening: Opening, data: Path, begun: float) -> dict[str, Any]:
    async with _open(opening, data) as anton:
        return {"start": await _ready(anton, begun)}


async def _fill(
    opening: Opening, data: Path, begun: float, *, repository: str, n: int
) -> dict[str, Any]:
    """Bring `n` tasks to their approval, some one by one, the rest many at once."""
    alone: list[float] = []
    async with _open(opening, data) as anton:
        for number in range(min(n, ALONE)):
            alone.append(await until_it_asks(anton, request_of(repository, number)))
        before, submitted = await anton.events.latest(), time.monotonic()
        for number in range(len(alone), n):
            await anton.submit(request_of(repository, number))
        await until_waiting(anton, n)
        seconds = time.monotonic() - submitted
        steps = await _steps_since(anton, before)
    return {
        "alone": Spread(alone),
        "tasks_per_s": (n - len(alone)) / seconds,
        "steps_per_s": steps / seconds,
    }


async def _fall(
    opening: Opening, data: Path, begun: float, *, repository: str, n: int
) -> dict[str, Any]:
    """Bring `n` more tasks to a step that hangs; whoever started this kills it then."""
    hanging = Script(delays_s={"fix": HANGS_S})
    async with asyncio.timeout(HANGS_S):
        anton = await opening(data, ScriptedThinking(hanging), at_once=max(1, n), drives=True)
        await anton.start()
        for number in range(n):
            await anton.submit(request_of(repository, number))
        fixing = 0
        while fixing < n:
            await asyncio.sleep(LOOK_S)
            page = await anton.tasks(TaskFilter(status=TaskStatus.RUNNING), limit=200)
            fixing = sum(task.node == "fix" for task in page.tasks)
    return {}


async def _restart(
    opening: Opening, data: Path, begun: float, *, n: int, decisions: int, seed: int
) -> dict[str, Any]:
    """Start over all tasks, wait for the killed ones, then decide here and elsewhere in turn.

    Before each decision there is a pause, so that it comes at any moment of the server's round.
    """
    chance = random.Random(seed)
    async with _open(opening, data) as anton:
        start = await _ready(anton, begun)
        await until_waiting(anton, n)
        recovered_s = time.monotonic() - begun
        other = await opening(data, ScriptedThinking(), at_once=1, drives=False)
        pending = await anton.approvals(state=ApprovalState.PENDING, limit=decisions)
        here: list[float] = []
        elsewhere: list[float] = []
        published: list[float] = []
        for number, approval in enumerate(pending):
            await asyncio.sleep(chance.uniform(0.0, IDLE_S))
            resumed, ended = await decided(anton, other if number % 2 else anton, approval)
            (elsewhere if number % 2 else here).append(resumed)
            published.append(ended)
        await other.stop()
    return {
        "start": start,
        "recovered_s": recovered_s,
        "here": Spread(here),
        "elsewhere": Spread(elsewhere),
        "published": Spread(published),
    }


async def decided(anton: Anton, channel: Anton, approval: Approval) -> tuple[float, float]:
    """Approve on a channel; seconds until the first step after it, and until the end."""
    seen = approval.question.patch_hash
    async with anton.events.listen(approval.task_id) as events:
        begun = time.monotonic()
        decision = Decision(choice="approve", patch_hash=seen, by=ME)
        await channel.decide(approval.approval_id, decision)
        resumed = 0.0
        async for event in events:
            if event and event.type == "node" and not resumed:
                resumed = time.monotonic() - begun
            if event and event.type == "end":
                break
        return resumed, time.monotonic() - begun


@asynccontextmanager
async def _open(opening: Opening, data: Path) -> AsyncIterator[Anton]:
    anton = await opening(data, ScriptedThinking(), at_once=AT_ONCE, drives=True)
    try:
        await anton.start()
        yield anton
    finally:
        await anton.stop()


async def _ready(anton: Anton, begun: float) -> Start:
    trouble = {name: said for name, said in (await anton.ready()).items() if said != "ok"}
    if trouble:
        raise AntonError(f"The house does not get ready: {trouble}")
    return Start(time.monotonic() - begun, _imported_at - begun, resident_mb())


async def until_waiting(anton: Anton, count: int) -> None:
    """Return when so many tasks wait for a person."""
    while (await anton.health())["waiting"] < count:  # noqa: ASYNC110 - it is no event
        await asyncio.sleep(LOOK_S)


async def until_it_asks(anton: Anton, request: TaskRequest) -> float:
    """Seconds from the report of a fault to the question that waits."""
    async with anton.events.listen() as events:
        begun = time.monotonic()
        await anton.submit(request)
        async for event in events:
            if event and event.data.get("status") == TaskStatus.WAITING:
                break
        return time.monotonic() - begun


async def _steps_since(anton: Anton, seq: int) -> int:
    steps = 0
    while events := await anton.events.after(seq):
        steps += sum(e.type == "node" and e.data.get("state") == "finished" for e in events)
        seq = events[-1].seq
    return steps


def request_of(repository: str, number: int) -> TaskRequest:
    """One of many alike reports."""
    return TaskRequest(repository=repository, text=f"total() is one too many ({number})")


def committed(folder: Path, files: Mapping[str, str]) -> str:
    """A git repository with these files, in a new folder; its path."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    who = ("-c", "user.name=Anton", "-c", "user.email=anton@localhost")
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        (*who, "commit", "--quiet", "-m", "Start"),
    ):
        subprocess.run(
            ["git", *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
            env=host_programs.plain(),
        )
    return str(folder)


def resident_mb() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _megabytes(path: Path) -> float:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1024**2

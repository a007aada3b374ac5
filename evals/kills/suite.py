"""Kill a server at random moments while it runs sandboxes, and count what then is left."""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.kills.left import (
    Beginning,
    carrying,
    containers,
    descendants,
    noted,
    running,
    temporary,
)
from sandbox.cgroups import ControlGroup

ROOT = Path(__file__).parent.parent.parent
SERVER = (sys.executable, "-m", "evals.kills.server")
BACKENDS = ("bubblewrap", "docker")
"""Kinds whose sandboxes are of this machine; what others leave is another's to end."""
GONE_S = 2.0
"""Within which all processes of a dead server are gone, of its own accord."""
CONTAINER_S = 10.0
"""Within which its containers are."""
MOMENTS = (("at work", 1.5), ("started", 1.5), ("up", 3.0), ("at work", 3.0), ("at work", 3.0))
"""From when on servers are killed, in turn, and the longest that is waited then, in seconds."""
ROUNDS = 1_000
MARK = "8{:05d}.25"


@dataclass(frozen=True)
class Kill:
    """One server, and how long it outlived its end."""

    pid: int
    processes: int
    """Below it when it was killed, and its running containers."""
    gone_s: float
    """Until the last of them was gone; GONE_S and more is too late."""
    left: int
    """Processes and containers that were not gone in time."""


@dataclass
class Killed:
    """All servers of one kind of sandbox."""

    name: str
    kills: list[Kill] = field(default_factory=list)
    reaped: int = 0
    """Sandboxes that the next start cleared away."""
    runs: int = 0
    """Test runs and stubborn programs that were begun."""
    left: dict[str, int] = field(default_factory=dict)
    """What was there after the last start, by kind."""
    named: list[str] = field(default_factory=list)
    """Temporary folders that were left."""

    @property
    def ok(self) -> bool:
        """Whether servers were killed at work, and nothing is left of them."""
        late = sum(kill.left for kill in self.kills)
        return bool(self.kills and self.runs) and not late and not any(self.left.values())


class Server:
    """A server process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Listen to it."""
        self.process = process
        self.reached = {moment: asyncio.Event() for moment, _ in MOMENTS}
        self.reached["started"].set()
        self.said: list[dict[str, Any]] = []
        self._listener = asyncio.create_task(self._listen())

    async def ended(self) -> int:
        """Wait until it has ended and all that it said was heard; its exit code."""
        code = await self.process.wait()
        await self._listener
        return code

    async def _listen(self) -> None:
        if self.process.stdout is None:
            return
        async for line in self.process.stdout:
            with suppress(ValueError):  # a kill may cut a line
                self.said.append(json.loads(line))
                self.reached["up" if "reaped" in self.said[-1] else "at work"].set()
        for moment in self.reached.values():
            moment.set()


async def run(
    name: str,
    backend: str,
    options: Mapping[str, Any],
    *,
    count: int,
    seed: int = 0,
    told: Callable[[str, Kill], None] = lambda name, kill: None,
) -> Killed:
    """Kill so many servers of one data folder, one after another, then start one more."""
    chance = random.Random(seed)
    found = Killed(name)
    with _folder() as folder:
        for number in range(count):
            orders = _orders(backend, options, folder, seed + number, ROUNDS)
            async with _started(folder, orders) as server:
                moment, longest_s = MOMENTS[number % len(MOMENTS)]
                await server.reached[moment].wait()
                await asyncio.sleep(chance.uniform(0.0, longest_s))
                kill = await _kill(server, backend, options, str(orders["mark"]))
            found.kills.append(kill)
            _count(found, server)
            told(name, kill)
        async with _started(folder, _orders(backend, options, folder, seed, 0)) as last:
            await last.ended()
        _count(found, last)
        found.left = await _left(found, backend, options, folder)
        found.named = temporary([folder / "tmp", folder / "data"])
        found.left["temporary folders"] = len(found.named)
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that sandboxes can enter, with room for what is there for a while only."""
    with tempfile.TemporaryDirectory(prefix="anton-kills-") as place:
        Path(place).chmod(0o755)
        (Path(place) / "tmp").mkdir()
        yield Path(place)


def _orders(
    backend: str, options: Mapping[str, Any], folder: Path, seed: int, rounds: int
) -> dict[str, Any]:
    return {
        "backend": backend,
        "options": dict(options),
        "scratch": str(folder / "data"),
        "seed": seed,
        "rounds": rounds,
        "mark": MARK.format((os.getpid() + seed) % 100_000),
    }


@asynccontextmanager
async def _started(folder: Path, orders: Mapping[str, Any]) -> AsyncIterator[Server]:
    """Options may hold keys, so they go over standard input."""
    process = await asyncio.create_subprocess_exec(
        *SERVER,
        cwd=ROOT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(folder / "tmp")},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    server = Server(process)
    try:
        if process.stdin:
            process.stdin.write(json.dumps(orders).encode() + b"\n")
        yield server
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await server.ended()


async def _kill(
    server: Server,
    backend: str,
    options: Mapping[str, Any],
    mark: str,
) -> Kill:
    pid = server.process.pid
    below = await asyncio.to_thread(descendants, pid)
    inside = await running(options) if backend == "docker" else 0
    if server.process.returncode is not None:
        raise RuntimeError("the server ended by itself")
    server.process.kill()
    began = time.monotonic()
    await server.process.wait()
    while left := await asyncio.to_thread(_alive, below, mark):
        if time.monotonic() - began > GONE_S:
            break
        await asyncio.sleep(0.02)
    gone_s = time.monotonic() - began
    if backend == "docker":
        left += await _outliving(options)
    return Kill(pid, len(below) + inside, gone_s, left)


def _alive(below: Collection[Beginning], mark: str) -> int:
    return len({one.pid for one in below if one.alive} | set(carrying(mark)))


async def _outliving(options: Mapping[str, Any]) -> int:
    """Containers that run on without their server; one that never started awaits the next start."""
    began = time.monotonic()
    while count := await running(options):
        if time.monotonic() - began > CONTAINER_S:
            break
        await asyncio.sleep(0.1)
    return count


def _count(found: Killed, server: Server) -> None:
    found.reaped += sum(said.get("reaped", 0) for said in server.said)
    found.runs += sum("green" in said or "open" in said for said in server.said)


async def _left(
    found: Killed, backend: str, options: Mapping[str, Any], folder: Path
) -> dict[str, int]:
    places = {
        name: groups
        for kill in found.kills
        for name, groups in noted(kill.pid, folder / "data").items()
    }
    groups = [group for some in places.values() for group in some if group.exists()]
    left = {
        "processes": sum(len(ControlGroup([group]).pids()) for group in groups),
        "control groups": len(groups),
        "places": len(places),
    }
    return {**left, **(await containers(options) if backend == "docker" else {})}

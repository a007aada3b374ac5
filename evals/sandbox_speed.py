"""What a sandbox costs: milliseconds per command and per test run, against a bare subprocess."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from core.errors import AntonError, SandboxError
from core.evidence import RunEnd
from core.ports import Environment, Limits
from core.trees import File, Tree
from evals.sandbox import Ground
from repair.bench import Bench
from sandbox.environment import Environments

COMMANDS = 50
RUNS = 5
CANDIDATES = 10
Given = TypeVar("Given")
LIMITS = Limits(wall_s=60.0)
VARIABLES = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
"""Plain pytest, without the plug-ins of whoever measures."""
BARE = "bare subprocess"
APP = "def total(prices):\n    return sum(prices) + {number}\n"
TESTS = """
from app import total

def busy():
    return sum(n * n for n in range(2_000_000))

def test_total():
    assert busy() and total([1, 2]) == 3

def test_empty():
    assert total([]) == 0
"""


@dataclass
class Speed:
    """Times of one kind of sandbox in seconds; an empty list for what it cannot do."""

    name: str
    opened: list[float] = field(default_factory=list)
    reset: list[float] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)
    """`true`, one after another in one sandbox."""
    cold: list[float] = field(default_factory=list)
    """A test run with a sandbox that is opened for it."""
    warm: list[float] = field(default_factory=list)
    """A test run whose sandbox was opened before."""
    series_s: float = 0.0
    parallel_s: float = 0.0
    """Ten candidates one after another, and as many at once as there are cores."""
    failed: str = ""


def candidate(number: int) -> Tree:
    """A tree whose tests take some tenths of a second; only number 0 is green."""
    files = {"app.py": APP.format(number=number), "test_app.py": TESTS}
    return Tree({path: File(text.encode()) for path, text in files.items()})


async def run(
    grounds: Sequence[Ground],
    workers: int,
    told: Callable[[str], None] = lambda name: None,
    *,
    commands: int = COMMANDS,
    runs: int = RUNS,
    candidates: int = CANDIDATES,
) -> list[Speed]:
    """Measure a bare subprocess and each ground, one after the other, in one process."""
    told(BARE)
    found = [await _bare(workers, commands, runs, candidates)]
    for ground in grounds:
        told(ground.name)
        speed = Speed(ground.name)
        try:
            async with _furnished(ground, workers) as (environment, bench):
                await _commands(speed, ground, environment, commands, runs)
                await _tests(speed, bench, runs)
                await _many(speed, bench, candidates)
        except AntonError as error:
            speed.failed = str(error)
        found.append(speed)
    return found


@asynccontextmanager
async def _furnished(ground: Ground, workers: int) -> AsyncIterator[tuple[Environment, Bench]]:
    with tempfile.TemporaryDirectory(prefix="anton-speed-") as folder:
        environments = Environments(Path(folder, "environments"), index_allowed=False)
        bench = Bench(ground.provider, environments, limits=LIMITS, workers=workers)
        try:
            yield await environments.prepare(candidate(0)), bench
        finally:
            await bench.close()
            environments.close()


async def _commands(
    speed: Speed, ground: Ground, environment: Environment, commands: int, runs: int
) -> None:
    for _ in range(runs):
        sandbox = await _timed(
            speed.opened, lambda: ground.provider.open(candidate(0), environment, LIMITS)
        )
        await sandbox.close()
    sandbox = await ground.provider.open(candidate(0), environment, LIMITS)
    try:
        for _ in range(commands):
            ended = await _timed(speed.commands, lambda: sandbox.run(["true"]))
            if ended.end is not RunEnd.PASSED:
                raise SandboxError(f"`true` ended as {ended.end}.")
        for _ in range(runs):
            if not await _timed(speed.reset, sandbox.reset):
                speed.reset.clear()
                break
    finally:
        await sandbox.close()


async def _tests(speed: Speed, bench: Bench, runs: int) -> None:
    """A run that is tried out has no spare sandbox; one that proves finds it open."""
    for _ in range(runs):
        await _timed(speed.cold, lambda: _green(bench, bench.try_out))
        await bench.let_go()
    await _green(bench, bench.run)
    for _ in range(runs):
        await bench.ready()
        await _timed(speed.warm, lambda: _green(bench, bench.run))


async def _green(bench: Bench, how: Callable[[Tree], Awaitable[object]]) -> None:
    run = await how(candidate(0))
    if not getattr(run, "green", False):
        raise SandboxError(f"The tests were not green: {getattr(run, 'output', '')[-300:]}")


async def _many(speed: Speed, bench: Bench, candidates: int) -> None:
    trees = [candidate(number) for number in range(candidates)]
    began = time.monotonic()
    series = [await bench.try_out(tree) for tree in trees]
    speed.series_s = time.monotonic() - began
    began = time.monotonic()
    parallel = await bench.try_all(trees)
    speed.parallel_s = time.monotonic() - began
    greens = [[run.green for run in runs] for runs in (series, parallel)]
    if greens != [[number == 0 for number in range(candidates)]] * 2:
        raise SandboxError(f"Candidates were judged wrongly: {greens}.")


async def _bare(workers: int, commands: int, runs: int, candidates: int) -> Speed:
    speed = Speed(BARE)
    for _ in range(commands):
        await _timed(speed.commands, lambda: _spawned(["true"], Path("/")))
    for _ in range(runs):
        await _timed(speed.cold, lambda: _plain_pytest(0))
    began = time.monotonic()
    for number in range(candidates):
        await _plain_pytest(number)
    speed.series_s = time.monotonic() - began
    room = asyncio.Semaphore(workers)

    async def one(number: int) -> None:
        async with room:
            await _plain_pytest(number)

    began = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(candidates)))
    speed.parallel_s = time.monotonic() - began
    return speed


async def _plain_pytest(number: int) -> None:
    with tempfile.TemporaryDirectory(prefix="anton-speed-") as folder:
        _lay_out(candidate(number), folder)
        code = await _spawned([sys.executable, "-m", "pytest", "-q"], Path(folder))
    if code != (0 if number == 0 else 1):
        raise SandboxError(f"A plain pytest ended with {code}.")


def _lay_out(tree: Tree, folder: str) -> None:
    for path, file in tree.files.items():
        Path(folder, path).write_bytes(file.data)


async def _spawned(argv: Sequence[str], folder: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=VARIABLES,
    )
    await process.communicate()
    return process.returncode or 0


async def _timed(times: list[float], what: Callable[[], Awaitable[Given]]) -> Given:
    began = time.monotonic()
    given = await what()
    times.append(time.monotonic() - began)
    return given


def table(found: Sequence[Speed]) -> str:
    """A row for each kind; medians."""
    heads = ("open", "reset", "command", "test run", "run, warm", "10 series", "10 at once", "gain")
    lines = [f"{'milliseconds, medians':<22}" + "".join(f"{head:>11}" for head in heads)]
    lines += [f"{one.name:<22}" + "".join(f"{cell:>11}" for cell in _cells(one)) for one in found]
    return "\n".join([*lines, *(f"{one.name}: {one.failed}" for one in found if one.failed)])


def holds(found: Sequence[Speed]) -> bool:
    """Whether all could be measured."""
    return len(found) > 1 and not any(one.failed for one in found)


def _cells(one: Speed) -> list[str]:
    gain = f"{one.series_s / one.parallel_s:.2f} x" if one.parallel_s else "-"
    medians = [one.opened, one.reset, one.commands, one.cold, one.warm]
    return [
        *(f"{1000 * statistics.median(times):.1f}" if times else "-" for times in medians),
        *(
            f"{1000 * seconds:.0f}" if seconds else "-"
            for seconds in (one.series_s, one.parallel_s)
        ),
        gain,
    ]

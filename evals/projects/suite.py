"""Tries each project: fetch, prepare cold, run, prepare warm, compare with a plain run outside."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from core.errors import AntonError
from core.evidence import CaseOutcome, RunEnd, TestRun
from core.ports import Limits, SandboxProvider
from core.trees import Tree
from evals.projects.known import PROJECTS, Project
from evals.projects.outcomes import Plain, compared
from evals.projects.plain import PLAIN
from evals.projects.sources import fetched
from repair.bench import Bench
from sandbox.detection import detect
from sandbox.environment import Environments

RUN_S = 600.0


@dataclass(frozen=True)
class Row:
    """What became of one project."""

    project: Project
    runner: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    """How many tests ended in which way."""
    end: str = ""
    known_by: str = ""
    alike: int = 0
    differing: tuple[str, ...] = ()
    """Tests that ended otherwise outside."""
    plain: str = "not run"
    """What the plain run came to; empty when it can be compared."""
    cold_s: float = 0.0
    """Preparing the environment with nothing cached."""
    warm_s: float = 0.0
    """Preparing it again."""
    run_s: float = 0.0
    plain_s: float = 0.0
    said: tuple[str, ...] = ()
    """What Anton says of what does not work."""


@dataclass(frozen=True)
class Ground:
    """What the projects are tried with."""

    provider: SandboxProvider
    environments: Callable[[Path], AbstractContextManager[Environments]]
    """Environments kept below a folder."""
    index: str
    """Address of the index that source archives come from."""
    outside: bool = False
    """Whether foreign code may be run on this machine, to compare with."""


async def run_suite(
    ground: Ground, told: Callable[[Row], None], *, only: str = ""
) -> Sequence[Row]:
    """Try all projects whose id or name begins so."""
    rows = []
    for project in PROJECTS:
        if project.id.startswith(only) or project.name.startswith(only):
            rows.append(await tried(ground, project))
            told(rows[-1])
    return rows


async def tried(ground: Ground, project: Project) -> Row:
    """Try one project in folders of its own."""
    with tempfile.TemporaryDirectory(prefix="anton-projects-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        await asyncio.to_thread(folder.chmod, 0o755)
        try:
            tree = await fetched(project, ground.index)
            return await _tried(ground, project, tree, folder)
        except AntonError as error:
            return Row(project, said=(str(error), error.remedy or ""))


async def _tried(ground: Ground, project: Project, tree: Tree, folder: Path) -> Row:
    with ground.environments(folder / "cache") as environments:
        bench = Bench(ground.provider, environments, limits=Limits(wall_s=RUN_S))
        try:
            began = time.monotonic()
            async with bench.workshop(tree) as (_, environment):
                cold_s = time.monotonic() - began
            run = await bench.run(tree)
        finally:
            await bench.close()
        with ground.environments(folder / "cache") as again:
            began = time.monotonic()
            await again.prepare(tree)
            warm_s = time.monotonic() - began
        plain = Plain({}, note="not run")
        if ground.outside:
            run_plainly = PLAIN[project.ecosystem]
            plain = await asyncio.to_thread(run_plainly, tree, environment, folder, RUN_S)
    alike, differing = compared(run, plain) if plain.outcomes else (0, [])
    return Row(
        project,
        runner=detect(tree, (), environment).name or "none",
        counts=_counts(run),
        end=run.end,
        known_by=run.proof,
        alike=alike,
        differing=tuple(differing),
        plain="" if plain.outcomes else plain.note,
        cold_s=cold_s,
        warm_s=warm_s,
        run_s=run.seconds,
        plain_s=plain.seconds,
        said=(*run.notes, *_trouble(run)),
    )


def _counts(run: TestRun) -> tuple[tuple[str, int], ...]:
    counted = [(str(kind), sum(c.outcome is kind for c in run.cases)) for kind in CaseOutcome]
    return tuple((name, count) for name, count in counted if count)


def _trouble(run: TestRun) -> tuple[str, ...]:
    """The first words of a run that is no plain pass, for whoever reads the table."""
    if run.green:
        return ()
    if run.end is RunEnd.NO_TESTS:
        return ("no test was found, so nothing can be proven by tests that are there",)
    red = [case for case in run.cases if case.outcome.red and case.message.strip()][:3]
    if not red:
        return (run.output.strip()[:300] or str(run.end),)
    return tuple(f"{case.test_id}: {case.message.strip().splitlines()[-1][:160]}" for case in red)

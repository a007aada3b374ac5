"""Sandboxes and prepared environments for tests, shared so that each is made once."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import SandboxUnavailable
from core.evidence import CaseOutcome, TestRun
from core.ports import Limits, Sandbox
from core.recipes import Recipe
from core.trees import Tree
from repair.bench import Bench
from sandbox import provider_class
from sandbox.bubblewrap import LOCKS
from sandbox.environment import Environments
from sandbox.runners import TestRunner
from sandbox.surveys import Survey


def tree_of(texts: Mapping[str, str]) -> Tree:
    return Tree({}).with_texts(texts)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can enter, as a sandbox must."""
    folder = Path(tempfile.mkdtemp(prefix="anton-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for below in folder.rglob("*"):
            if below.is_dir() and not below.is_symlink():
                below.chmod(0o755)
        shutil.rmtree(folder)


def noted_by_us(scratch: Path) -> set[str]:
    """Places of sandboxes that this process has not cleared away; other processes have theirs."""
    folder = LOCKS if os.geteuid() == 0 else scratch / "slots"
    mine = f"process {os.getpid()}"
    locks = folder.iterdir() if folder.is_dir() else ()
    return {lock.name for lock in locks if lock.read_text().partition("\n")[0] == mine}


class Rooms:
    """Opens a sandbox of one kind for a tree, and runs its tests."""

    def __init__(self, backend: str, folder: Path, environments: Environments) -> None:
        self.backend = backend
        self.environments = environments
        self._folder = folder
        self._checked = False

    def _provider(self) -> Any:
        made = provider_class(self.backend)
        if self.backend == "subprocess":
            return made(self._folder / "scratch", allow_host=True, allow_no_memory_limit=True)
        return made(self._folder / "scratch", allow_no_memory_limit=True)

    @asynccontextmanager
    async def open(
        self, tree: Tree, recipe: Recipe | None = None
    ) -> AsyncIterator[tuple[Sandbox, TestRunner]]:
        environment = await self.environments.prepare(tree, recipe)
        provider = self._provider()
        if not self._checked:
            try:
                await provider.check()
            except SandboxUnavailable as error:
                pytest.skip(f"{self.backend} cannot be used here: {error}")
            self._checked = True
        sandbox = await provider.open(tree, environment, Limits(wall_s=60))
        try:
            yield sandbox, TestRunner(environment)
        finally:
            await sandbox.close()

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        """A bench of a task over these sandboxes."""
        bench = Bench(self._provider(), self.environments, limits=Limits(wall_s=60))
        try:
            yield bench
        finally:
            await bench.close()

    async def run(
        self,
        texts: Mapping[str, str],
        tests: Sequence[str] = (),
        *,
        recipe: Recipe | None = None,
        **options: Any,
    ) -> TestRun:
        tree = tree_of(texts)
        async with self.open(tree, recipe) as (sandbox, runner):
            run = await runner.run(sandbox, tree, tests, **options)
            assert (await sandbox.export(tree)).id == tree.id, "nothing of ours is left behind"
            return run

    async def survey(self, texts: Mapping[str, str], tests: Sequence[str] = ()) -> Survey:
        tree = tree_of(texts)
        async with self.open(tree) as (sandbox, runner):
            return await runner.survey(sandbox, tree, tests)


def outcomes(run: TestRun) -> dict[str, CaseOutcome]:
    return {case.test_id: case.outcome for case in run.cases}

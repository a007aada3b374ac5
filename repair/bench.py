"""The test bench of one task: its sandboxes, the survey of the base, and the judge."""

import asyncio
import hashlib
import os
import posixpath
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from core.errors import SandboxError
from core.evidence import TestRun
from core.ports import Environment, Limits, Sandbox, SandboxProvider
from core.recipes import Recipe
from core.trees import Tree
from repair.holding import is_code
from repair.judge import Judge, Setup
from sandbox import judgement
from sandbox.environment import Environments
from sandbox.members import all_roots, home_of
from sandbox.project import project_of
from sandbox.pytest_options import NO_PLUGINS, configured, import_mode, own_options, patterns
from sandbox.recipes import recipe_of
from sandbox.runners import TestRunner
from sandbox.surveys import PER_TEST_S, Survey
from sandbox.workspace import flaw

PAID = ("e2b",)
BUILDING = ("setup.py", "__init__.py")
"""Sources that may say what a repository needs, or which version it has."""
SURVEY_TEST_S = 5.0
"""Wall time after which a test of the base counts as hanging."""


class Bench:
    """Runs tests of trees of one repository; what proves something has a sandbox of its own.

    The next sandbox is opened while the last one works. Candidates may have one after another,
    made as it was at first in between.
    """

    def __init__(
        self,
        provider: SandboxProvider,
        environments: Environments,
        *,
        limits: Limits | None = None,
        workers: int | None = None,
        per_test_s: float = PER_TEST_S,
        judging: judgement.Judging = judgement.judge,
        recipe: Recipe | None = None,
    ) -> None:
        """Use these limits for each sandbox; judge with so many workers, or one a core.

        A test that takes longer than `per_test_s` fails; `judging` says what a run is taken for;
        `recipe` is what the operator says of the repository.
        """
        self._provider = provider
        self._environments = environments
        self._limits = limits or Limits()
        self._per_test_s = per_test_s
        self._judging = judging
        self.recipe = recipe or Recipe()
        """What the operator says of the repository."""
        self.workers = workers or os.cpu_count() or 1
        self.seconds = 0.0
        """Wall time that runs and judges took so far."""
        self._suite_seconds: float | None = None
        self._survey_seconds: float | None = None
        self._surveys: dict[str, asyncio.Task[Survey]] = {}
        self._prepared: dict[str, asyncio.Task[Environment]] = {}
        self._spare: asyncio.Task[tuple[Sandbox, Tree, Environment]] | None = None
        self._clean: list[tuple[Sandbox, Environment]] = []
        self._judges: list[tuple[Judge, Sandbox, float]] = []

    @property
    def run_seconds(self) -> float:
        """How long one test run may take."""
        return self._limits.wall_s

    @property
    def suite_seconds(self) -> float | None:
        """How long all tests took, at most; as surveyed, which is slower, where that is all."""
        return self._survey_seconds if self._suite_seconds is None else self._suite_seconds

    async def survey(self, tree: Tree) -> Survey:
        """All tests of a tree with the lines that each ran; once, whoever asks."""
        if tree.id not in self._surveys:
            self._surveys[tree.id] = asyncio.create_task(self._survey(tree))
        return await asyncio.shield(self._surveys[tree.id])

    async def _survey(self, tree: Tree) -> Survey:
        sandbox, environment = await self._sandbox(tree)
        started = time.monotonic()
        try:
            runner = TestRunner(environment)
            survey = await runner.survey(sandbox, tree, per_test_s=SURVEY_TEST_S)
            self._survey_seconds = survey.run.seconds
            return survey
        finally:
            self.seconds += time.monotonic() - started
            await sandbox.close()

    def warm(self, tree: Tree) -> None:
        """Begin to open what the first run needs, while something else is thought about.

        Not where each sandbox is paid for: nobody has decided yet that anything will be run.
        """
        if self._spare is None and self._provider.backend not in PAID:
            self._spare = asyncio.create_task(self._warmed(tree))

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        """The recorded run of these tests, or of all, in a fresh sandbox."""
        sandbox, environment = await self._sandbox(tree)
        try:
            return await self._run(sandbox, environment, tree, tests)
        finally:
            await sandbox.close()

    async def try_out(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        """A run that proves nothing yet, in a sandbox that may have been one of another tree.

        Where it could not be made as it was at first, it is not used again.
        """
        sandbox, environment = await self._reusable(tree)
        try:
            run = await self._run(sandbox, environment, tree, tests)
        except BaseException:
            await sandbox.close()
            raise
        await self._take_back(sandbox, environment)
        return run

    async def try_all(self, trees: Iterable[Tree], tests: Sequence[str] = ()) -> list[TestRun]:
        """Runs of many trees that prove nothing yet, as many at once as there are workers."""
        room = asyncio.Semaphore(self.workers)

        async def one(tree: Tree) -> TestRun:
            async with room:
                return await self.try_out(tree, tests)

        runs = [asyncio.create_task(one(tree)) for tree in trees]
        try:
            return list(await asyncio.gather(*runs))
        finally:
            for run in runs:
                run.cancel()
            await asyncio.gather(*runs, return_exceptions=True)

    async def _run(
        self, sandbox: Sandbox, environment: Environment, tree: Tree, tests: Sequence[str]
    ) -> TestRun:
        started = time.monotonic()
        try:
            runner = TestRunner(environment, self._judging)
            run = await runner.run(sandbox, tree, tests, per_test_s=self._per_test_s)
            if not tests:
                self._suite_seconds = max(self._suite_seconds or 0.0, run.seconds)
            return run
        finally:
            self.seconds += time.monotonic() - started

    async def judge(self, tree: Tree, setup: Setup) -> Judge:
        """A judge for candidates against a base; it lives until it or the bench is closed."""
        environment = await self._environment(tree)
        sandbox = await self._opened(tree, environment)
        try:
            judge = await Judge.start(sandbox, environment.python, setup)
        except BaseException:
            await sandbox.close()
            raise
        self._judges.append((judge, sandbox, time.monotonic()))
        return judge

    @asynccontextmanager
    async def workshop(self, tree: Tree) -> AsyncIterator[tuple[Sandbox, Environment]]:
        """A sandbox to work in by hand, with what its tree needs; it ends with the block."""
        environment = await self._environment(tree)
        sandbox = await self._opened(tree, environment)
        started = time.monotonic()
        try:
            yield sandbox, environment
        finally:
            self.seconds += time.monotonic() - started
            await sandbox.close()

    async def dismiss(self, judge: Judge) -> None:
        """Close a judge with its sandbox; harmless when repeated."""
        for entry in [entry for entry in self._judges if entry[0] is judge]:
            self._judges.remove(entry)
            self.seconds += time.monotonic() - entry[2]
            await entry[1].close()

    async def close(self) -> None:
        """End everything that is open."""
        for judge, *_ in list(self._judges):
            await self.dismiss(judge)
        pending = [*self._surveys.values(), *self._prepared.values()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self.let_go()
        if self._spare is not None:
            spare, self._spare = self._spare, None
            [opened] = await asyncio.gather(spare, return_exceptions=True)
            if not isinstance(opened, BaseException):
                await opened[0].close()

    async def ready(self) -> None:
        """Return when the sandbox that is opened ahead is open, or cannot be."""
        if self._spare is not None:
            await asyncio.wait([self._spare])

    async def let_go(self) -> None:
        """Close what waits for candidates, so that nobody waits for its place."""
        while self._clean:
            await self._clean.pop()[0].close()

    # --- sandboxes ---

    async def _environment(self, tree: Tree) -> Environment:
        """What the tree needs; the same for trees that differ in sources alone.

        A setup command may make anything of any source, so that it is run for each tree.
        """
        is_set_up = bool(recipe_of(tree, self.recipe)[0].setup)
        declared = [
            f"{path} {file.id}"
            for path, file in sorted(tree.files.items())
            if is_set_up or not is_code(path) or path.rpartition("/")[2] in BUILDING
        ]
        key = hashlib.sha256("\n".join(declared).encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self._prepared:
            self._prepared[key] = asyncio.create_task(self._environments.prepare(tree, self.recipe))
        return await asyncio.shield(self._prepared[key])

    async def _sandbox(self, tree: Tree) -> tuple[Sandbox, Environment]:
        """A fresh sandbox that holds the tree, the spare one if it fits."""
        environment = await self._environment(tree)
        spare, self._spare = self._spare, None
        sandbox: Sandbox | None = None
        if spare is not None:
            sandbox = await self._adapted(spare, tree, environment)
        sandbox = sandbox or await self._opened(tree, environment)
        if self._spare is None:  # else another run, at the same time, had one opened already
            self._spare = asyncio.create_task(self._open(tree, environment))
        return sandbox, environment

    async def _reusable(self, tree: Tree) -> tuple[Sandbox, Environment]:
        """A sandbox that holds the tree, one that was made clean if there is any."""
        environment = await self._environment(tree)
        while self._clean:
            sandbox, made_for = self._clean.pop()
            if made_for.environment_id == environment.environment_id:
                await sandbox.write(environment.furnished(tree))
                return sandbox, environment
            await sandbox.close()
        return await self._opened(tree, environment), environment

    async def _take_back(self, sandbox: Sandbox, environment: Environment) -> None:
        """Keep it for another candidate if it can be made as it was at first."""
        is_clean = False
        with suppress(SandboxError):
            is_clean = len(self._clean) < self.workers and await sandbox.reset()
        if is_clean:
            self._clean.append((sandbox, environment))
        else:
            await sandbox.close()

    async def _warmed(self, tree: Tree) -> tuple[Sandbox, Tree, Environment]:
        return await self._open(tree, await self._environment(tree))

    async def _open(
        self, tree: Tree, environment: Environment
    ) -> tuple[Sandbox, Tree, Environment]:
        return await self._opened(tree, environment), tree, environment

    async def _opened(self, tree: Tree, environment: Environment) -> Sandbox:
        await self.let_go()
        furnished = environment.furnished(tree)
        return await self._provider.open(furnished, environment, self._limits)

    async def _adapted(
        self,
        spare: asyncio.Task[tuple[Sandbox, Tree, Environment]],
        tree: Tree,
        environment: Environment,
    ) -> Sandbox | None:
        """The spare sandbox with what differs put in; None when it cannot serve."""
        try:
            sandbox, held, made_for = await spare
        except SandboxError:
            return None
        if made_for.environment_id != environment.environment_id:
            await sandbox.close()
            return None
        gone = [path for path in held.files if path not in tree.files]
        if any(map(flaw, gone)):
            await sandbox.close()
            return None
        changed = {path: file for path, file in tree.files.items() if held.get(path) != file}
        if gone:
            await sandbox.remove(gone)
        if changed:
            await sandbox.write(Tree(changed))
        return sandbox


def pytest_arguments(tree: Tree) -> list[str]:
    """What the judge's pytest is told, so that test ids are those of a proving run."""
    settings = configured(tree)
    root = posixpath.relpath(".", home_of(tree) or ".")
    return [
        *(
            f"--rootdir={root}",
            "-q",
            "--tb=native",
            "--color=no",
            "--continue-on-collection-errors",
        ),
        *("-o", "addopts=", "-o", "required_plugins=", "-p", "no:cacheprovider"),
        *("--assert=plain", "--capture=no"),
        *(word for name in NO_PLUGINS for word in ("-p", f"no:{name}")),
        *patterns(settings, tree),
        *import_mode(settings, tree),
        *own_options(settings, named=True),
    ]


def import_paths(tree: Tree) -> tuple[str, ...]:
    """Folders of the repository that its tests import from."""
    return all_roots(project_of(tree), tree)

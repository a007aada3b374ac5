"""Running a repository's tests; the table here is the one place that names kinds of runners."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module

from core.evidence import TestRun
from core.ports import Environment, Sandbox
from core.trees import Tree
from sandbox.detection import detect
from sandbox.judgement import Judging, judge
from sandbox.network_signs import of_network
from sandbox.surveys import PER_TEST_S, Asked, Survey, nothing_run

RUNNERS: Mapping[str, str] = {
    "pytest": "sandbox.pytest_runner:run",
    "unittest": "sandbox.pytest_runner:run",
    "vitest": "sandbox.node_runner:run_vitest",
    "jest": "sandbox.node_runner:run_jest",
    "npm test": "sandbox.node_scripts:run",
    "command": "sandbox.command_runner:run",
    "compose": "sandbox.compose_runner:run",
}
"""By the name that `detect` gives a runner: the function that carries out what is asked of it."""

COMMANDS = ("command", "compose")
"""Runners that run whatever they run, and tell of no lines."""
MEASURED = ("pytest", "unittest")

Carrying = Callable[[Asked, Environment, Sandbox], Awaitable[Survey]]


class TestRunner:
    """Runs the tests of one repository in sandboxes opened with its environment."""

    __test__ = False

    def __init__(self, environment: Environment, judging: Judging = judge) -> None:
        """Use the tools that this environment holds; a measurement may judge in another way."""
        self._environment = environment
        self._judging = judging

    async def run(
        self,
        sandbox: Sandbox,
        tree: Tree,
        tests: Sequence[str] = (),
        *,
        timeout_s: float | None = None,
        per_test_s: float = PER_TEST_S,
    ) -> TestRun:
        """Run tests by id or file, or all; `sandbox` must hold exactly `tree`.

        A test that takes longer than `per_test_s` fails; 0 lets each take its time.
        """
        asked = Asked(tree, tests, timeout_s, per_test_s, judging=self._judging)
        return (await self._run(asked, sandbox)).run

    async def survey(
        self,
        sandbox: Sandbox,
        tree: Tree,
        tests: Sequence[str] = (),
        *,
        timeout_s: float | None = None,
        per_test_s: float = PER_TEST_S,
    ) -> Survey:
        """Run tests and record which lines each ran."""
        asked = Asked(tree, tests, timeout_s, per_test_s, lines=True, judging=self._judging)
        return await self._run(asked, sandbox)

    async def _run(self, asked: Asked, sandbox: Sandbox) -> Survey:
        survey = await self._measured(asked, sandbox) if asked.lines else None
        survey = survey or await self._carried_out(asked, sandbox)
        notes = (*self._environment.notes, *survey.run.notes, *of_network(survey.run.cases))
        return replace(survey, run=survey.run.model_copy(update={"notes": notes}))

    async def _carried_out(self, asked: Asked, sandbox: Sandbox) -> Survey:
        runner = detect(asked.tree, asked.tests, self._environment)
        if not runner.usable:
            return nothing_run(asked, self._environment, sandbox, runner.hindrance)
        return await _carrying(runner.name)(asked, self._environment, sandbox)

    async def _measured(self, asked: Asked, sandbox: Sandbox) -> Survey | None:
        """A run by pytest for its lines, where a command runs the tests and would give none.

        None where pytest runs nothing here either.
        """
        if detect(asked.tree, asked.tests, self._environment).name not in COMMANDS:
            return None
        plain = replace(self._environment, test_command="", compose_host="")
        runner = detect(asked.tree, asked.tests, plain)
        if not runner.usable or runner.name not in MEASURED:
            return None
        survey = await _carrying(runner.name)(asked, plain, sandbox)
        return survey if survey.lines else None


def _carrying(name: str) -> Carrying:
    module, _, function = RUNNERS[name].partition(":")
    found: Carrying = getattr(import_module(module), function)
    return found

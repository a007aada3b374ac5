"""Running a repository's tests, and the proof of it: exit code, report and witness must agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from core.evidence import RunEnd, TestRun
from core.ports import Environment, Sandbox
from core.trees import Tree
from sandbox.detection import detect
from sandbox.judgement import Judging, judge
from sandbox.output import shown
from sandbox.pytest_run import Account, Order, carried_out
from sandbox.testimony import spans

PER_TEST_S = 60.0


@dataclass(frozen=True)
class Survey:
    """A test run, and which lines each test ran."""

    run: TestRun
    lines: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    """Test id to path to line numbers in order; files that hold tests are left out.

    Lines under the empty id ran outside of every test, as on import.
    """
    note: str = ""
    """Why there are no lines, if there are none."""


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
        survey = await self._run(sandbox, tree, tests, timeout_s, per_test_s, survey=False)
        return survey.run

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
        return await self._run(sandbox, tree, tests, timeout_s, per_test_s, survey=True)

    async def _run(
        self,
        sandbox: Sandbox,
        tree: Tree,
        tests: Sequence[str],
        timeout_s: float | None,
        per_test_s: float,
        *,
        survey: bool,
    ) -> Survey:
        runner = detect(tree, tests)
        if not runner.usable:
            return Survey(self._nothing(sandbox, tree, runner.hindrance), note=runner.hindrance)
        order = Order(tree, tests, per_test_s, survey)
        started_at = datetime.now(UTC)
        account = await carried_out(order, self._environment, sandbox, timeout_s)
        if account.refused_options:
            careful = replace(order, careful=True)
            account = await carried_out(careful, self._environment, sandbox, timeout_s)
        ended_at = datetime.now(UTC)
        judgement = self._judging(account, tests)
        why = f"disagreement: {judgement.why}\n\n" if judgement.why else ""
        run = TestRun(
            tree_hash=tree.id,
            argv=account.argv,
            environment=self._environment.environment_id,
            backend=sandbox.backend,
            end=judgement.end,
            exit_code=account.run.exit_code,
            collected=tuple(account.testimony.collected),
            cases=judgement.cases,
            output=why + shown(account.run),
            started_at=started_at,
            ended_at=ended_at,
        )
        return Survey(run, *_measured(account, tree)) if survey else Survey(run)

    def _nothing(self, sandbox: Sandbox, tree: Tree, why: str) -> TestRun:
        now = datetime.now(UTC)
        return TestRun(
            tree_hash=tree.id,
            argv=(),
            environment=self._environment.environment_id,
            backend=sandbox.backend,
            end=RunEnd.NO_TEST_RUNNER,
            exit_code=None,
            output=f"no_test_runner: {why}",
            started_at=now,
            ended_at=now,
        )


def _measured(account: Account, tree: Tree) -> tuple[dict[str, dict[str, tuple[int, ...]]], str]:
    """The lines of each test, and why there are none."""
    lines: dict[str, dict[str, tuple[int, ...]]] = {}
    if account.testimony.unmeasured:
        return lines, f"no lines were recorded: {account.testimony.unmeasured}"
    if not account.lines:
        return lines, "no lines were recorded: the run did not live to write them"
    try:
        for test_id, path, numbers in spans(account.lines, frozenset(tree.files)):
            lines.setdefault(test_id, {})[path] = numbers
    except ValueError as error:
        return {}, f"no lines were recorded: {error}"
    return lines, ""

"""What is asked of a runner, and what it gives back: the form that all kinds of runners share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.evidence import Proof, RunEnd, TestRun
from core.ports import Environment, Run, Sandbox
from core.trees import Tree
from sandbox.judgement import Judgement, Judging, judge
from sandbox.output import shown

PER_TEST_S = 60.0


@dataclass(frozen=True)
class Asked:
    """Which tests to run, and within which limits; the sandbox holds exactly `tree`."""

    tree: Tree
    tests: Sequence[str] = ()
    """Ids or files; all when empty."""
    timeout_s: float | None = None
    per_test_s: float = PER_TEST_S
    """A test that takes longer fails; 0 lets each take its time."""
    lines: bool = False
    """Whether to record which lines each test ran, where the runner can."""
    judging: Judging = judge
    """From what pytest's witness tells to a verdict."""


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


@dataclass(frozen=True)
class Carried:
    """One run of tests as it was carried out, before anybody judges it."""

    argv: tuple[str, ...]
    """As a person would repeat it."""
    run: Run
    began: datetime
    ended: datetime


def recorded(
    asked: Asked,
    environment: Environment,
    backend: str,
    carried: Carried,
    judgement: Judgement,
    *,
    collected: Sequence[str],
    proof: Proof = Proof.WITNESS,
) -> TestRun:
    """The proof record of a run; what is wrong with it stands above what was printed."""
    return TestRun(
        tree_hash=asked.tree.id,
        argv=carried.argv,
        environment=environment.environment_id,
        backend=backend,
        end=judgement.end,
        proof=proof,
        exit_code=carried.run.exit_code,
        collected=tuple(collected),
        cases=judgement.cases,
        output=(f"{judgement.why}\n\n" if judgement.why else "") + shown(carried.run),
        started_at=carried.began,
        ended_at=carried.ended,
    )


def nothing_run(asked: Asked, environment: Environment, sandbox: Sandbox, why: str) -> Survey:
    """The record of a run that did not take place, since there is no runner for it."""
    now = datetime.now(UTC)
    run = TestRun(
        tree_hash=asked.tree.id,
        argv=(),
        environment=environment.environment_id,
        backend=sandbox.backend,
        end=RunEnd.NO_TEST_RUNNER,
        proof=Proof.NOTHING,
        exit_code=None,
        output=f"no_test_runner: {why}",
        started_at=now,
        ended_at=now,
    )
    return Survey(run, note=why)

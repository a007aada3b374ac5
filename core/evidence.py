"""What a sandbox recorded: test runs, and what they say about a patch."""

from datetime import datetime
from enum import StrEnum

from core.values import Value


class CaseOutcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"

    @property
    def red(self) -> bool:
        """Whether it speaks against the tree."""
        return self in (CaseOutcome.FAILED, CaseOutcome.ERROR)


class RunEnd(StrEnum):
    """How a whole run ended; anything but `passed` and `failed` says nothing about the code."""

    PASSED = "passed"
    FAILED = "failed"
    NO_TESTS = "no_tests"
    NO_TEST_RUNNER = "no_test_runner"
    DISAGREEMENT = "disagreement"
    """Exit code and report contradict each other: counted as red."""
    TIMEOUT = "timeout"
    LIMIT_PROCESSES = "resource_limit:pids"
    LIMIT_MEMORY = "resource_limit:memory"
    LIMIT_DISK = "resource_limit:disk"
    LIMIT_OUTPUT = "resource_limit:output"
    INFRA_ERROR = "infra_error"


class Proof(StrEnum):
    """Who tells how the tests of a run ended: the further down, the less it proves."""

    WITNESS = "witness"
    """Our own record of each test, which what is tested cannot forge unseen."""
    RUNNER = "runner"
    """Our own record of what the runner told us; code made against that runner could lie to it."""
    REPORT = "report"
    """The runner's own report, which what is tested could write."""
    EXIT_CODE = "exit code"
    """Nothing but the exit code of a command."""
    NOTHING = "nothing"
    """No test was run."""


class TestCase(Value):
    """One test of a run."""

    __test__ = False

    test_id: str
    """As the runner names it, `path::Class::name[parameters]` for pytest; a command by itself."""
    outcome: CaseOutcome
    message: str = ""
    """First lines of what went wrong, at most 2,000 characters, made harmless for terminals."""
    path: str = ""
    line: int = 0
    """Where in the repository's own code it went wrong; 0 when unknown."""
    seconds: float = 0.0


class TestRun(Value):
    """The proof record of one run: what was run on which tree, and how it ended."""

    __test__ = False

    tree_hash: str
    """Git tree id of exactly what was tested."""
    argv: tuple[str, ...]
    environment: str
    """Id of the prepared environment."""
    backend: str
    """Name of the sandbox."""
    end: RunEnd
    proof: Proof = Proof.WITNESS
    """What its outcome is known by."""
    exit_code: int | None
    collected: tuple[str, ...] = ()
    """Ids of all collected tests, recorded apart from the report."""
    cases: tuple[TestCase, ...] = ()
    output: str = ""
    """Head and tail of what was printed, made harmless for terminals."""
    notes: tuple[str, ...] = ()
    """What a person should know of how the tests were set up, such as a package that is missing."""
    started_at: datetime
    ended_at: datetime

    @property
    def green(self) -> bool:
        """Whether every collected test that was not skipped passed, and there was one."""
        return self.end is RunEnd.PASSED

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the tests that failed or broke."""
        return tuple(case.test_id for case in self.cases if case.outcome.red)

    @property
    def passed(self) -> tuple[str, ...]:
        """Ids of the tests that passed."""
        return tuple(c.test_id for c in self.cases if c.outcome is CaseOutcome.PASSED)

    @property
    def seconds(self) -> float:
        """Wall time."""
        return (self.ended_at - self.started_at).total_seconds()


class Verdict(StrEnum):
    """What the runs say about a patch."""

    FIXED = "fixed"
    """Red on base, green on the fix, nothing new fails."""
    NOT_RED_ON_BASE = "not_red_on_base"
    STILL_RED = "still_red"
    REGRESSION = "regression"
    TEST_BROKEN = "test_broken"
    """The regression test cannot even be loaded."""
    TEST_WAVERS = "test_wavers"
    """The regression test is not red each time on base, so that green proves nothing."""
    NO_TESTS = "no_tests"
    NO_TEST_RUNNER = "no_test_runner"
    UNFINISHED = "unfinished"
    """A time or resource limit ended a run."""
    INFRA_ERROR = "infra_error"
    NOT_RUN = "not_run"


class ContestedTest(Value):
    """A test that was there, holds on base, and fails with an otherwise proven fix.

    Either it asserts the fault, or the report or the fix is wrong: a person says which.
    """

    test_id: str
    path: str
    line: int
    """Where the assertion stands."""
    asserts: str
    """The statement, in one line."""
    said: str = ""
    """How it failed on the fix, in one line."""


class Evidence(Value):
    """The proof of one patch, or what is missing to it."""

    verdict: Verdict
    tree_hash: str
    base_sha: str
    regression_tests: tuple[str, ...] = ()
    """Ids of the tests that show the fault."""
    base: TestRun | None = None
    """The run on the base with the regression test put in."""
    fixed: TestRun | None = None
    """The run on the fix; the affected tests, or all of them."""
    scope: tuple[str, ...] = ()
    """The test files that were run, where all take too long or these refute it; empty for all."""
    regressions: tuple[str, ...] = ()
    """Tests that passed on base and do not pass on the fix, after two re-runs of each."""
    flaky: tuple[str, ...] = ()
    """Tests that gave differing results on the same tree; not blamed on the patch."""
    contested: tuple[ContestedTest, ...] = ()
    """All the regressions, when each of them is about a function that the patch changes."""
    note: str = ""
    """What is missing, in words."""

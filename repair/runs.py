"""Runs of tests that count: repeated where the sandbox failed, and compared with the base."""

from collections.abc import Sequence
from typing import Protocol

from core.errors import SandboxGone
from core.evidence import Evidence, RunEnd, TestRun, Verdict
from core.trees import Tree

FRESH_SANDBOXES = 2
"""How often a run is repeated when the sandbox, not the code, failed."""
RERUNS = 2
"""How often what decides is run again, on base and on the fix: the red tests, a new failure."""


class Tests(Protocol):
    """Runs tests of a tree in a sandbox."""

    @property
    def seconds(self) -> float:
        """Time spent in sandboxes so far."""
        ...

    @property
    def suite_seconds(self) -> float | None:
        """How long a run of all tests took, at most; None before the first."""
        ...

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        """The recorded run of these tests, or of all."""
        ...


async def settled(tests: Tests, tree: Tree, ids: Sequence[str] = ()) -> TestRun:
    """A run in which the sandbox did its part; a failing sandbox is tried anew, never blamed."""
    for _ in range(FRESH_SANDBOXES):
        try:
            run = await tests.run(tree, ids)
        except SandboxGone:
            continue
        if run.end is not RunEnd.INFRA_ERROR:
            return run
    return await tests.run(tree, ids)


async def compared(
    tests: Tests, base: Tree, fixed: Tree, suite: TestRun, evidence: Evidence
) -> Evidence:
    """The evidence with what passes no more, less those that are flaky.

    The base runs what the fix has run, by `evidence.scope`: files that are new have no tests there.
    """
    there = [path for path in evidence.scope if path in base]
    before = None if evidence.scope and not there else await settled(tests, base, there)
    passed, failed = (before.passed, before.failed) if before else ((), ())
    lost = {*suite.failed, *(set(passed) - set(suite.passed))} - set(failed)
    if not lost:
        return evidence
    known = sorted(lost & set(suite.collected))
    old = sorted(lost & set(before.collected)) if before else []
    again = [await settled(tests, fixed, known) for _ in range(RERUNS)] if known else []
    base_again = [await settled(tests, base, old) for _ in range(RERUNS)] if old else []
    regressions: list[str] = []
    flaky: list[str] = []
    for test in sorted(lost):
        steady = test not in known or all(test not in run.passed for run in again)
        blameless = test in old and any(test not in run.passed for run in base_again)
        (regressions if steady and not blameless else flaky).append(test)
    return evidence.but(
        verdict=Verdict.REGRESSION if regressions else evidence.verdict,
        regressions=tuple(regressions),
        flaky=tuple(flaky),
        note=first_failure(suite, regressions) if regressions else evidence.note,
    )


def first_failure(run: TestRun, among: Sequence[str]) -> str:
    """The first failure of some tests, in one paragraph for the next attempt."""
    for case in run.cases:
        if case.outcome.red and (not among or case.test_id in among):
            where = f" at {case.path}:{case.line}" if case.path else ""
            return f"{case.test_id} failed{where}: {case.message}"
    return f"{', '.join(among)} did not pass." if among else "The run was red."

"""The proof of a patch: red on base, green on the fix, nothing new broken; the sandbox decides."""

from collections.abc import Sequence

from core.evidence import CaseOutcome, Evidence, Proof, RunEnd, TestRun, Verdict
from core.findings import Reproduction
from core.patches import FileChange, Patch
from core.trees import Tree
from repair.runs import RERUNS, Tests, compared, first_failure, settled
from repair.tripwire import tripped
from repair.widening import widened

NAME_A_COMMAND = "Name one that works: `test` in REPOS_FILE, or in .anton.toml."

LIMITS = {
    RunEnd.TIMEOUT: "A test hangs, or the suite needs more than SANDBOX_TEST_SECONDS.",
    RunEnd.LIMIT_MEMORY: "The tests need more memory than a sandbox has.",
    RunEnd.LIMIT_PROCESSES: "The tests start more processes than a sandbox allows.",
    RunEnd.LIMIT_DISK: "The tests write, or print, more than the disk of a sandbox holds.",
    RunEnd.LIMIT_OUTPUT: "The tests print without end.",
}
"""What a limit of the sandbox says of the tests, by how the run ended."""

_NOT_A_RESULT = {
    RunEnd.NO_TEST_RUNNER: Verdict.NO_TEST_RUNNER,
    RunEnd.INFRA_ERROR: Verdict.INFRA_ERROR,
    RunEnd.TIMEOUT: Verdict.UNFINISHED,
    RunEnd.LIMIT_MEMORY: Verdict.UNFINISHED,
    RunEnd.LIMIT_PROCESSES: Verdict.UNFINISHED,
    RunEnd.LIMIT_DISK: Verdict.UNFINISHED,
    RunEnd.LIMIT_OUTPUT: Verdict.UNFINISHED,
}


def with_files(tree: Tree, changes: Sequence[FileChange]) -> Tree:
    """The tree with some changes put in."""
    return tree.with_files({change.path: change.file() for change in changes})


async def prove(
    tests: Tests, base: Tree, patch: Patch, reproduction: Reproduction | None
) -> Evidence:
    """What the sandbox says about a patch; pre-existing tests run as they are on base.

    `base` is the tree at `patch.base_sha`. Only exit codes and reports recorded for exactly the
    trees named in the evidence count. The red test is run on base, then the suite on the result,
    near tests first where all take long, compared with the same on base. A test that vanished or
    is skipped passes no more, and a red test that wavers proves nothing.
    """
    red_tests = reproduction.tests if reproduction else ()
    evidence = Evidence(
        verdict=Verdict.NOT_RUN,
        tree_hash=patch.tree_hash,
        base_sha=patch.base_sha,
        regression_tests=red_tests,
    )
    fixed = patch.apply(base)
    if reproduction is None or not red_tests:
        return await _suite_only(tests, base, fixed, patch, evidence)
    red = await _red_run(tests, base, reproduction)
    evidence = evidence.but(base=red)
    if verdict := _unfit_as_proof(red, reproduction):
        return evidence.but(verdict=verdict, note=_note(verdict, red))
    evidence = await widened(tests, base, patch, evidence, ships=not reproduction.scaffold)
    suite = evidence.fixed
    if suite is None or evidence.verdict is not Verdict.NOT_RUN:
        return evidence
    proving = with_files(fixed, reproduction.scaffold)
    apart = reproduction.scaffold or suite.proof is not red.proof
    green = await settled(tests, proving, red_tests) if apart else suite
    for run in (suite, green):
        if run.end in _NOT_A_RESULT:
            verdict = _NOT_A_RESULT[run.end]
            return evidence.but(verdict=verdict, note=_note(verdict, run))
    if not set(red_tests) <= set(green.passed):
        return evidence.but(verdict=Verdict.STILL_RED, note=first_failure(green, red_tests))
    if wavering := await _wavering(tests, base, proving, reproduction, evidence):
        return wavering
    found = await compared(tests, base, fixed, suite, evidence.but(verdict=Verdict.FIXED))
    if found.verdict is not Verdict.FIXED:
        return found
    doubt = _untold(suite, found.flaky)
    if not doubt and green.proof is Proof.RUNNER:
        doubt = await tripped(tests, proving, red_tests)
    return found.but(verdict=Verdict.STILL_RED, note=doubt) if doubt else found


def _untold(suite: TestRun, flaky: Sequence[str]) -> str:
    """Why a red suite hides what else fails, in words; empty when it does not."""
    if suite.end is RunEnd.DISAGREEMENT:
        return f"The run of all tests contradicts itself: {suite.output[:300]}"
    if suite.proof is Proof.EXIT_CODE and set(suite.failed) - set(flaky):
        return "The command of the tests still fails, and does not tell which of them."
    return ""


async def _wavering(
    tests: Tests, base: Tree, proving: Tree, reproduction: Reproduction, evidence: Evidence
) -> Evidence | None:
    """The evidence against a red test that is not red, then green, each time; None when it is.

    A fault that leaves something behind may show only among other tests: a test that was recorded
    red among them, and is never red alone, is repeated among them.
    """
    tree = with_files(base, [*reproduction.files, *reproduction.scaffold])
    found = await _repeated(tests, tree, proving, evidence, reproduction.tests)
    recorded = evidence.base.collected if evidence.base else ()
    if found is None or found.verdict is not Verdict.TEST_WAVERS:
        return found
    if not set(recorded) > set(reproduction.tests):
        return found
    alone = await settled(tests, tree, found.flaky)
    if set(found.flaky) & set(alone.failed):
        return found
    return await _repeated(tests, tree, proving, evidence, ())


async def _repeated(
    tests: Tests, tree: Tree, proving: Tree, evidence: Evidence, ids: Sequence[str]
) -> Evidence | None:
    """The evidence against the red tests when these tests, or all, are run again on both trees."""
    red_tests = evidence.regression_tests
    for _ in range(RERUNS):
        on_base = await settled(tests, tree, ids)
        if strays := tuple(test for test in red_tests if test not in on_base.failed):
            note = f"{', '.join(strays)} is not red each time on the base."
            return evidence.but(verdict=Verdict.TEST_WAVERS, flaky=strays, note=note)
        on_fix = await settled(tests, proving, ids)
        if strays := tuple(test for test in red_tests if test not in on_fix.passed):
            note = first_failure(on_fix, strays)
            return evidence.but(verdict=Verdict.STILL_RED, flaky=strays, note=note)
    return None


async def _red_run(tests: Tests, base: Tree, reproduction: Reproduction) -> TestRun:
    """The regression test on base; a run recorded for the same tree and tests counts."""
    tree = with_files(base, [*reproduction.files, *reproduction.scaffold])
    known = reproduction.run
    if known and known.tree_hash == tree.id and set(reproduction.tests) <= set(known.failed):
        return known
    return await settled(tests, tree, reproduction.tests)


def _unfit_as_proof(red: TestRun, reproduction: Reproduction) -> Verdict | None:
    if red.end in _NOT_A_RESULT:
        return _NOT_A_RESULT[red.end]
    if red.end is RunEnd.NO_TESTS:
        return Verdict.NO_TESTS
    outcomes = {case.test_id: case.outcome for case in red.cases}
    if reproduction.files and any(
        outcomes.get(test) in (CaseOutcome.ERROR, None) for test in reproduction.tests
    ):
        return Verdict.TEST_BROKEN
    if not set(reproduction.tests) <= set(red.failed):
        return Verdict.NOT_RED_ON_BASE
    return None


async def _suite_only(
    tests: Tests, base: Tree, fixed: Tree, patch: Patch, evidence: Evidence
) -> Evidence:
    """Without a red test nothing is proven; the suite still must not get worse."""
    evidence = await widened(tests, base, patch, evidence)
    if evidence.fixed is None or evidence.verdict is not Verdict.NOT_RUN:
        return evidence
    found = await compared(tests, base, fixed, evidence.fixed, evidence)
    return found.but(note=found.note or "No test shows the fault.")


def _note(verdict: Verdict, run: TestRun) -> str:
    words = {
        Verdict.NO_TEST_RUNNER: f"No test could be run: {_why_none(run)}. {NAME_A_COMMAND}",
        Verdict.INFRA_ERROR: "The sandbox failed; nothing is known about the patch.",
        Verdict.UNFINISHED: f"The run ended at a limit: {run.end}. {LIMITS.get(run.end, '')}",
        Verdict.NO_TESTS: "No test was run, which proves nothing.",
        Verdict.TEST_BROKEN: "The regression test does not run.",
        Verdict.NOT_RED_ON_BASE: "The regression test passes on the base.",
    }
    return words.get(verdict, str(verdict))


def _why_none(run: TestRun) -> str:
    """Why there is nothing that runs the tests, in one line."""
    said = run.output.partition("\n")[0].removeprefix("no_test_runner: ").rstrip(".")
    return said[:300] or "no test runner was found for this repository"

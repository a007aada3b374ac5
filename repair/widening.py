"""From the tests near a change to all of them, so that a wrong fix is refuted by the first."""

from collections.abc import Sequence

from core.evidence import Evidence, Proof, RunEnd, Verdict
from core.patches import Patch
from core.trees import Tree
from repair.contested import contested_tests
from repair.runs import Tests, compared, first_failure, settled
from repair.selection import neighbouring, test_files, touching
from sandbox.detection import detect
from sandbox.node_detection import NODE_RUNNERS, is_script

QUICK_S = 10.0
"""All tests that take no longer are run at once."""
_SELECTING = (Proof.WITNESS, Proof.RUNNER)
"""Who runs the tests that are asked for; a command runs what it runs."""
_NOTHING = (RunEnd.NO_TESTS, RunEnd.NO_TEST_RUNNER)
_ENDED = (RunEnd.PASSED, RunEnd.FAILED, RunEnd.DISAGREEMENT)


async def widened(
    tests: Tests, base: Tree, patch: Patch, evidence: Evidence, *, ships: bool = True
) -> Evidence:
    """The evidence with the widest run on the fix that came to an end, and what that has run.

    First what touches the change, with the red tests, if they are a part of the fix that `ships`;
    then the affected package, then all. What refutes the patch on the way ends it, as the verdict.
    Where all are known to be quick they are run at once.
    """
    fixed = patch.apply(base)
    selections = _selections(fixed, patch.paths, evidence.regression_tests)
    first = [] if _are_quick(tests) else _of_at_most_half(selections, fixed)
    first = _beside_all(selections, fixed, patch.paths) or first
    widest: Evidence | None = None
    steps = [*first, ()]
    while steps:
        files = steps.pop(0)
        found = await _carried_out(tests, fixed, files, evidence)
        if _takes_too_long(found):
            break
        if files and _end(found) in _NOTHING:
            continue
        if not found.scope or _end(found) not in _ENDED:
            return found
        judged = await _judged(tests, base, fixed, found, ships=ships)
        if judged.verdict is not evidence.verdict:
            return judged
        steps = [()] if judged.contested else steps
        widest = found
    if widest or found.scope:
        return widest or found
    for files in reversed([one for one in selections if one not in first]):
        fewer = await _carried_out(tests, fixed, files, evidence)
        if not _takes_too_long(fewer):
            return fewer
    return found


async def _carried_out(
    tests: Tests, fixed: Tree, files: Sequence[str], evidence: Evidence
) -> Evidence:
    """The evidence with a run of these files, or of all, and what that has run."""
    run = await settled(tests, fixed, files)
    return evidence.but(fixed=run, scope=tuple(files) if run.proof in _SELECTING else ())


def _are_quick(tests: Tests) -> bool:
    return tests.suite_seconds is not None and tests.suite_seconds <= QUICK_S


def _end(evidence: Evidence) -> RunEnd | None:
    return evidence.fixed.end if evidence.fixed else None


def _takes_too_long(evidence: Evidence) -> bool:
    """Whether fewer tests might come to an end where these did not."""
    run = evidence.fixed
    return run is not None and run.end is RunEnd.TIMEOUT and run.proof in _SELECTING


def _selections(
    tree: Tree, changed: Sequence[str], red_tests: Sequence[str]
) -> list[tuple[str, ...]]:
    """Test files of the red tests with those near the change, then with those of its package."""
    red = [path for path in (test.partition("::")[0] for test in red_tests) if path in tree]
    found = [
        tuple(dict.fromkeys([*red, *near(tree, changed)])) for near in (touching, neighbouring)
    ]
    return [files for files in dict.fromkeys(found) if files]


def _beside_all(
    selections: Sequence[tuple[str, ...]], tree: Tree, changed: Sequence[str]
) -> list[tuple[str, ...]]:
    """Tests in JavaScript near a change of such code, where a run of all tests has none of them."""
    if not any(map(is_script, changed)) or detect(tree).name in NODE_RUNNERS:
        return []
    scripts = (tuple(filter(is_script, files)) for files in selections)
    return [files for files in dict.fromkeys(scripts) if files]


def _of_at_most_half(selections: Sequence[tuple[str, ...]], tree: Tree) -> list[tuple[str, ...]]:
    """Those that are so few that running them before all others is worth it."""
    return [files for files in selections if 2 * len(files) <= len(test_files(tree))]


async def _judged(
    tests: Tests, base: Tree, fixed: Tree, found: Evidence, *, ships: bool
) -> Evidence:
    """The evidence, with a verdict where a part of the tests is enough against the patch.

    Not where all that breaks is contested: a person is asked about tests that may assert the fault
    itself, and has to know whether anything else breaks.
    """
    run = found.fixed
    if run is None or run.green:
        return found
    wanted = [t for t in found.regression_tests if ships and t.partition("::")[0] in found.scope]
    if left := [test for test in wanted if test not in run.passed]:
        return _ended(found.but(verdict=Verdict.STILL_RED, note=first_failure(run, left)))
    against = await compared(tests, base, fixed, run, found)
    if against.verdict is not Verdict.REGRESSION:
        return found
    contested = contested_tests(base, fixed, against.regressions, run.cases)
    is_contested = len(contested) == len(against.regressions)
    return found.but(contested=contested) if is_contested else _ended(against)


def _ended(evidence: Evidence) -> Evidence:
    count = len(evidence.scope)
    files = "1 test file" if count == 1 else f"{count} test files"
    return evidence.but(note=f"{evidence.note} (Of {files} near the change; no others were run.)")

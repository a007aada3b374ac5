"""From exit code, report and witness to one verdict: where they contradict each other it is red."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.evidence import CaseOutcome, RunEnd, TestCase
from core.ports import Run
from sandbox import junit
from sandbox.output import harmless
from sandbox.pytest_run import Account
from sandbox.testimony import Heard, Testimony

MESSAGE_CHARACTERS = 2_000
CANNOT_START = (78, 126, 127)
"""Exit codes of a sandbox in which pytest was not even loaded."""
INTERRUPTED, USAGE, NO_TESTS = 2, 4, 5


@dataclass(frozen=True)
class Judgement:
    """What a run is taken for."""

    end: RunEnd
    cases: tuple[TestCase, ...] = ()
    """Each test; a run that contradicts itself keeps none that passed."""
    why: str = ""
    """What contradicts what, or why no more is known."""


Judging = Callable[[Account, Sequence[str]], Judgement]
"""From what is known of a run, and the tests asked for, to what it is taken for."""


def judge(account: Account, requested: Sequence[str]) -> Judgement:
    """How the run ended, and each test."""
    cases = tuple(cases_of(account))
    why = _contradiction(account, cases, requested)
    if not why:
        end = _end(account, cases, requested)
        return Judgement(end, cases, _why_none(end, account))
    red = tuple(case for case in cases if case.outcome is not CaseOutcome.PASSED)
    return Judgement(RunEnd.DISAGREEMENT, red, f"disagreement: {why}")


def _why_none(end: RunEnd, account: Account) -> str:
    """Why pytest does not begin, such as settings that it cannot read; empty where it does."""
    if end is not RunEnd.NO_TEST_RUNNER:
        return ""
    said = harmless(account.run.stderr.decode("utf-8", "replace")).strip().partition("\n")[0]
    return f"{end}: pytest says {said[:300] or 'nothing'}"


def _end(account: Account, cases: Sequence[TestCase], requested: Sequence[str]) -> RunEnd:
    run, told = account.run, account.testimony
    code = run.exit_code
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return run.end
    if not told.begun and code in CANNOT_START:
        return RunEnd.INFRA_ERROR
    if told.ended is None:
        return RunEnd.FAILED
    if code == USAGE and not cases:
        absent = requested and b"not found" in run.stderr
        return RunEnd.NO_TESTS if absent else RunEnd.NO_TEST_RUNNER
    if code == NO_TESTS:
        return RunEnd.NO_TESTS
    if code != 0:
        return RunEnd.FAILED
    return RunEnd.PASSED if any(_passed(case) for case in cases) else RunEnd.NO_TESTS


def _contradiction(account: Account, cases: Sequence[TestCase], requested: Sequence[str]) -> str:
    """The first thing that contradicts another; empty when exit code, report and witness agree."""
    run, told = account.run, account.testimony
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return ""
    if not told.genuine:
        return "the record of the run was tampered with"
    if told.ended is None:
        return "the run left with exit code 0 before its end" if run.exit_code == 0 else ""
    if told.ended != run.exit_code:
        return f"pytest ended with {told.ended}, its process with {run.exit_code}"
    return next(_contradictions(account, cases, requested), "")


def _contradictions(
    account: Account, cases: Sequence[TestCase], requested: Sequence[str]
) -> Iterator[str]:
    told, code = account.testimony, account.run.exit_code
    if lost := (told.dropped | told.deselected) & set(requested):
        yield f"{min(lost)} was asked for and deselected"
    if code == 0 and any(case.outcome.red for case in cases):
        yield "exit code 0 with failing tests"
    if code == 0 and (lost := set(told.collected) - told.dropped - _reported(told)):
        yield f"exit code 0, but {min(lost)} was not run"
    if code == NO_TESTS and any(_passed(case) for case in cases):
        yield "no tests by the exit code, some by the record"
    for case in cases:
        if _passed(case) and _is_unearned(told.tests[case.test_id]):
            yield f"{case.test_id} is said to have passed, but it was not called or it raised"
    if code in (0, 1, INTERRUPTED, NO_TESTS) and not _agrees(account.report, cases):
        yield "the JUnit report is missing, or names other results"


def _passed(case: TestCase) -> bool:
    return case.outcome is CaseOutcome.PASSED


def _reported(told: Testimony) -> set[str]:
    return {test_id for test_id, heard in told.tests.items() if heard.reports}


def _is_unearned(heard: Heard) -> bool:
    """Whether a test is said to have passed that was not called, or that raised."""
    return not heard.calls or bool(heard.calls[-1])


def _agrees(report: junit.Report | None, cases: Sequence[TestCase]) -> bool:
    """Whether pytest's report names the same tests as passed and as red."""
    if report is None:
        return False
    ours: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for case in cases:
        if case.outcome is not CaseOutcome.SKIPPED:
            newer, older = junit.forms(case.test_id)
            ours[case.outcome.red].add(older if older in report.outcomes else newer)
    theirs: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for names, outcome in report.outcomes.items():
        if outcome != "skipped":
            theirs[outcome in ("failed", "error")].add(names)
    return ours == theirs


def cases_of(account: Account) -> Iterator[TestCase]:
    """Each test as the witness tells of it, before anything is held against it."""
    told = account.testimony
    for facts in told.broken:
        yield _case(facts["id"], CaseOutcome.ERROR, facts)
    if b"while loading conftest" in account.run.stderr and told.ended == USAGE:
        message = account.run.stderr.decode("utf-8", "replace")
        yield _case("conftest.py", CaseOutcome.ERROR, {"message": message})
    for test_id in dict.fromkeys([*told.collected, *told.tests]):
        heard = told.tests.get(test_id)
        if heard and (heard.reports or test_id == told.running):
            unfinished = test_id == told.running and told.ended is None
            yield _unfinished(test_id, account.run) if unfinished else _of(test_id, heard)
        elif test_id in told.dropped:
            how = "deselected" if test_id in told.deselected else "taken off the list in silence"
            yield _case(test_id, CaseOutcome.SKIPPED, {"message": how})


def _of(test_id: str, heard: Heard) -> TestCase:
    by_outcome: dict[str, list[dict[str, Any]]] = {"failed": [], "passed": [], "skipped": []}
    for report in heard.reports:
        by_outcome[report["outcome"]].append(report)
    if failed := by_outcome["failed"]:
        in_call = [report for report in failed if report["when"] == "call"]
        outcome = CaseOutcome.FAILED if in_call else CaseOutcome.ERROR
        return _case(test_id, outcome, (in_call or failed)[0], heard.seconds)
    if any(report["when"] == "call" for report in by_outcome["passed"]):
        return _case(test_id, CaseOutcome.PASSED, {}, heard.seconds)
    if skipped := by_outcome["skipped"]:
        return _case(test_id, CaseOutcome.SKIPPED, skipped[0], heard.seconds)
    return _case(test_id, CaseOutcome.ERROR, {"message": "it was never called"}, heard.seconds)


def _unfinished(test_id: str, run: Run) -> TestCase:
    how = f"exit code {run.exit_code}" if run.exit_code is not None else str(run.end)
    return _case(test_id, CaseOutcome.ERROR, {"message": f"the run ended in this test: {how}"})


def _case(
    test_id: str, outcome: CaseOutcome, facts: dict[str, Any], seconds: float = 0.0
) -> TestCase:
    return TestCase(
        test_id=test_id,
        outcome=outcome,
        message=harmless(str(facts.get("message", "")))[:MESSAGE_CHARACTERS],
        path=str(facts.get("path", "")),
        line=int(facts.get("line", 0)),
        seconds=max(0.0, seconds),
    )

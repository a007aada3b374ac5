"""The gates of the validator, and how each is taken out to see what it catches.

Rules of the edit gate are taken out by leaving out what they say. Gates within the proof are taken
out at its port for test runs: the proof runs as ever, over runs that never give this gate cause.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from core.evidence import CaseOutcome, RunEnd, TestCase, TestRun
from core.trees import Tree
from evals.validator.attempts import Attempt
from evals.validator.recordings import Record, View
from repair.validate import with_files
from sandbox import junit
from sandbox.judgement import Judgement, cases_of, judge
from sandbox.pytest_run import Account

OUTCOMES = {
    "passed": CaseOutcome.PASSED,
    "failed": CaseOutcome.FAILED,
    "error": CaseOutcome.ERROR,
    "skipped": CaseOutcome.SKIPPED,
}


class Gate(StrEnum):
    """One gate, or two that stand for each other."""

    PARSES = "parses"
    NAMES = "names"
    HARNESS = "harness"
    TESTS = "tests"
    SETTINGS = "settings"
    CI = "ci"
    SYMPTOM = "symptom"
    RESTORED = "restored tests"
    """Tests that were there are put back as they are on base."""
    TESTS_AND_RESTORED = "tests + restored tests"
    RED_ON_BASE = "red on base"
    REPEATED = "repeated runs"
    """The red test is red each time on base and green each time on the fix."""
    REGRESSION = "regression comparison"
    WITNESS = "witness"
    """Exit code and JUnit report are believed, whatever the witness recorded."""
    REPORT = "JUnit agreement"
    """The witness is believed, whatever the JUnit report says."""


EDIT_RULES: Mapping[Gate, frozenset[str]] = {
    **{
        gate: frozenset({str(gate)})
        for gate in (
            *(
                Gate.PARSES,
                Gate.NAMES,
                Gate.HARNESS,
                Gate.TESTS,
                Gate.SETTINGS,
                Gate.CI,
                Gate.SYMPTOM,
            ),
        )
    },
    Gate.TESTS_AND_RESTORED: frozenset({str(Gate.TESTS)}),
}
"""The rules that go when a gate is taken out."""
UNRESTORED = (Gate.RESTORED, Gate.TESTS_AND_RESTORED)


def view_without(
    gate: Gate | None, attempt: Attempt, shipped: Tree, names: Mapping[tuple[str, str], str]
) -> View:
    """How runs are seen when a gate is taken out; a view serves one proof."""
    if gate is Gate.RED_ON_BASE:
        return _red_on_base(attempt)
    if gate is Gate.REPEATED:
        return _first_word(attempt)
    if gate is Gate.REGRESSION:
        return _never_green_before(attempt, shipped)
    if gate is Gate.WITNESS:
        return lambda _tree, _tests, record: _rejudged(record, by_report(record.account, names))
    if gate is Gate.REPORT:
        return lambda _tree, tests, record: _rejudged(record, by_witness(record.account, tests))
    return lambda _tree, _tests, record: record.run


def _red_on_base(attempt: Attempt) -> View:
    """The regression tests are said to be red on base."""
    reproduction = attempt.reproduction
    files = [*reproduction.files, *reproduction.scaffold]
    base = with_files(attempt.ground.base, files).id

    def view(tree: Tree, tests: tuple[str, ...], record: Record) -> TestRun:
        if tree.id != base or tests != reproduction.tests:
            return record.run
        red = tuple(TestCase(test_id=test, outcome=CaseOutcome.FAILED) for test in tests)
        return record.run.but(end=RunEnd.FAILED, exit_code=1, cases=red, collected=tests)

    return view


def _first_word(attempt: Attempt) -> View:
    """What a test first did on a tree, it is said to do each time."""
    known = attempt.reproduction.run
    said = {(known.tree_hash, case.test_id): case for case in known.cases} if known else {}

    def view(tree: Tree, _tests: tuple[str, ...], record: Record) -> TestRun:
        for case in record.run.cases:
            said.setdefault((tree.id, case.test_id), case)
        cases = tuple(said[tree.id, case.test_id] for case in record.run.cases)
        return record.run.but(cases=cases)

    return view


def _never_green_before(attempt: Attempt, shipped: Tree) -> View:
    """Every test that was seen so far is said to fail on base, so that none can be lost."""
    seen: set[str] = set()

    def view(tree: Tree, tests: tuple[str, ...], record: Record) -> TestRun:
        seen.update(record.run.collected, (case.test_id for case in record.run.cases))
        if tests or tree.id != attempt.ground.base.id or tree.id == shipped.id:
            return record.run
        red = (TestCase(test_id=test, outcome=CaseOutcome.FAILED) for test in sorted(seen))
        return record.run.but(cases=tuple(red))

    return view


def by_report(account: Account | None, names: Mapping[tuple[str, str], str]) -> Judgement | None:
    """What exit code and JUnit report alone say; `names` gives ids by the report's names."""
    if account is None or account.run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return None
    cases = tuple(_reported(account.report, names))
    passed = any(case.outcome is CaseOutcome.PASSED for case in cases)
    if account.run.exit_code == 0:
        return Judgement(RunEnd.PASSED if passed else RunEnd.NO_TESTS, cases)
    return Judgement(RunEnd.FAILED, cases)


def _reported(
    report: junit.Report | None, names: Mapping[tuple[str, str], str]
) -> Iterator[TestCase]:
    for (owner, name), outcome in (report.outcomes if report else {}).items():
        test = names.get((owner, name), f"{owner.replace('.', '/')}.py::{name}")
        yield TestCase(test_id=test, outcome=OUTCOMES[outcome])


def by_witness(account: Account | None, tests: tuple[str, ...]) -> Judgement | None:
    """The production judgement with a JUnit report that always agrees."""
    if account is None:
        return None
    words = {outcome: word for word, outcome in OUTCOMES.items()}
    agreeing = {junit.names(case.test_id): words[case.outcome] for case in cases_of(account)}
    return judge(replace(account, report=junit.Report(agreeing)), tests)


def _rejudged(record: Record, judgement: Judgement | None) -> TestRun:
    if judgement is None:
        return record.run
    collected = tuple(case.test_id for case in judgement.cases)
    return record.run.but(
        end=judgement.end,
        cases=judgement.cases,
        collected=tuple(dict.fromkeys([*record.run.collected, *collected])),
    )

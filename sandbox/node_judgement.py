"""From exit code, report and witness of a Node.js runner to one verdict; contradictions are red."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.evidence import CaseOutcome, RunEnd, TestCase
from core.ports import Run
from sandbox.judgement import CANNOT_START, MESSAGE_CHARACTERS, Judgement
from sandbox.node_record import Told
from sandbox.output import harmless


@dataclass(frozen=True)
class NodeAccount:
    """All that is known of one run of Vitest or Jest."""

    argv: tuple[str, ...]
    """As a person would repeat it."""
    run: Run
    told: Told
    report: bytes
    """The runner's own report, in the JSON that both write."""


def judge(account: NodeAccount) -> Judgement:
    """How the run ended, and each test."""
    cases = tuple(_cases(account))
    why = _contradiction(account, cases)
    if not why:
        return Judgement(_end(account, cases), cases)
    red = tuple(case for case in cases if case.outcome is not CaseOutcome.PASSED)
    return Judgement(RunEnd.DISAGREEMENT, red, f"disagreement: {why}")


def _end(account: NodeAccount, cases: Sequence[TestCase]) -> RunEnd:
    run, told = account.run, account.told
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return run.end
    if not told.begun and run.exit_code in CANNOT_START:
        return RunEnd.INFRA_ERROR
    if told.ended is None:
        return RunEnd.FAILED
    if not any(case.outcome is not CaseOutcome.SKIPPED for case in cases):
        return RunEnd.NO_TESTS
    return run.end


def _contradiction(account: NodeAccount, cases: Sequence[TestCase]) -> str:
    """The first thing that contradicts another; empty when exit code, record and report agree."""
    run, told = account.run, account.told
    if run.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return ""
    if not told.genuine:
        return "the record of the run was tampered with"
    if told.ended is None:
        return "the run left with exit code 0 before its end" if run.exit_code == 0 else ""
    if told.ended != run.exit_code:
        return f"the runner ended with {told.ended}, its process with {run.exit_code}"
    return next(_contradictions(account, cases), "")


def _contradictions(account: NodeAccount, cases: Sequence[TestCase]) -> Iterator[str]:
    told, code = account.told, account.run.exit_code
    if code == 0 and any(case.outcome.red for case in cases):
        yield "exit code 0 with failing tests"
    if code == 0 and (lost := told.collected.keys() - told.reports.keys()):
        yield f"exit code 0, but {min(lost)} was not run"
    if strangers := told.reports.keys() - told.collected.keys():
        yield f"{min(strangers)} has a result and was not collected"
    ours = {test: facts["outcome"] for test, facts in told.reports.items()}
    theirs = _reported(account.report, told.root)
    for outcome in ("passed", "failed"):
        wanted = {_named(test) for test, said in ours.items() if said == outcome}
        if theirs is None and wanted:
            yield "the runner's own report is missing"
        elif theirs is not None and not wanted <= theirs[outcome]:
            yield "the runner's own report names other results"


def _named(test: str) -> tuple[str, str]:
    """File and title of a test, by its id."""
    path, _, names = test.partition("::")
    return path, re.sub(r" \(\d+\)$", "", names.rpartition(" > ")[2])


def _reported(report: bytes, root: str) -> dict[str, set[tuple[str, str]]] | None:
    """The passed and the failed tests of a report; None where it is none."""
    found: dict[str, set[tuple[str, str]]] = {"passed": set(), "failed": set()}
    try:
        for file in json.loads(report)["testResults"]:
            path = str(file["name"]).removeprefix(f"{root}/")
            for one in file["assertionResults"]:
                if one["status"] in found:
                    title = re.sub(r" \(\d+\)$", "", str(one["title"]).rpartition(" > ")[2])
                    found[one["status"]].add((path, title))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found


def _cases(account: NodeAccount) -> Iterator[TestCase]:
    told = account.told
    for name, facts in told.broken.items():
        yield _case(told, name, CaseOutcome.ERROR, facts)
    for test in told.collected:
        if test in told.reports:
            facts = told.reports[test]
            yield _case(told, test, CaseOutcome(facts["outcome"]), facts)
        elif test in told.running and told.ended is None:
            run = account.run
            how = f"exit code {run.exit_code}" if run.exit_code is not None else str(run.end)
            message = f"the run ended in this test: {how}"
            yield _case(told, test, CaseOutcome.ERROR, {"message": message})


def _case(told: Told, test_id: str, outcome: CaseOutcome, facts: dict[str, Any]) -> TestCase:
    path, line = told.place(facts) if outcome.red else ("", 0)
    return TestCase(
        test_id=harmless(test_id),
        outcome=outcome,
        message=harmless(str(facts.get("message", "")))[:MESSAGE_CHARACTERS],
        path=path,
        line=line,
        seconds=max(0.0, float(facts.get("seconds", 0.0))),
    )

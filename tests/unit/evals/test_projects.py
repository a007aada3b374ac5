"""The table of real projects tells where runs agree, and what did not work."""

from datetime import UTC, datetime
from pathlib import Path

from core.evidence import CaseOutcome, Proof, RunEnd, TestCase, TestRun
from evals.projects.known import PROJECTS, Project
from evals.projects.npm import named, reported
from evals.projects.outcomes import Plain, compared
from evals.projects.plain import PLAIN
from evals.projects.sources import SOURCES
from evals.projects.suite import Row
from evals.projects.table import line, table

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = Project("pypi", "thing", "1.0", "an example")


def run(**outcomes: str) -> TestRun:
    cases = [
        TestCase(test_id=f"test_a.py::{name}", outcome=CaseOutcome(outcome))
        for name, outcome in outcomes.items()
    ]
    return TestRun(
        tree_hash="t",
        argv=(),
        environment="e",
        backend="b",
        end=RunEnd.FAILED,
        proof=Proof.WITNESS,
        exit_code=1,
        cases=tuple(cases),
        started_at=NOW,
        ended_at=NOW,
    )


def test_tests_that_ended_otherwise_or_are_on_one_side_alone_differ() -> None:
    plain = Plain({("test_a", "a"): "passed", ("test_a", "b"): "passed", ("test_a", "d"): "passed"})
    alike, differing = compared(run(a="passed", b="failed", c="passed"), plain)
    assert alike == 1
    assert differing == [
        "test_a.b: failed here, passed outside",
        "test_a.c: passed here, absent outside",
        "test_a.d: absent here, passed outside",
    ]


def test_reports_of_node_runners_name_tests_as_we_do() -> None:
    two = {"ancestorTitles": ["total"], "title": "is [1]", "status": "passed"}
    told = {
        "testResults": [
            {
                "name": "/s/src/a.test.ts",
                "status": "failed",
                "assertionResults": [two, {**two, "status": "failed"}, {**two, "status": "todo"}],
            },
            {"name": "/s/b.test.ts", "status": "failed", "assertionResults": []},
        ]
    }
    assert dict(reported(told, Path("/s"))) == {
        named("src/a.test.ts::total > is [1]"): "passed",
        named("src/a.test.ts::total > is [1] (2)"): "failed",
        named("src/a.test.ts::total > is [1] (3)"): "skipped",
        named("b.test.ts"): "error",
    }


def test_a_row_tells_agreement_and_what_was_said() -> None:
    row = Row(PROJECT, runner="pytest", end="failed", alike=3, differing=("x: odd",), warm_s=2.0)
    assert "3 of 4" in line(row)
    told = table([row, Row(PROJECT, alike=2, said=("six is missing",))])
    assert "differs: x: odd" in told and "said: six is missing" in told
    assert "agree in every test   1 of 2" in told and "warm below a second   1 of 2" in told


def test_every_project_can_be_fetched_and_has_a_name_of_its_own() -> None:
    assert {project.ecosystem for project in PROJECTS} <= set(SOURCES)
    assert set(PLAIN) == set(SOURCES)
    assert len({project.id for project in PROJECTS}) == len(PROJECTS)

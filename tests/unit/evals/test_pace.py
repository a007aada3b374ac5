"""Time to pull request as people and programs read it."""

import json

from control.pace import Way, pace
from evals import pace as report
from tests.fakes.clock import START


def way(pr_s: float | None, outcome: str = "fixed") -> Way:
    return Way("t", outcome, pr_s, model_s=30, tool_s=60, queue_s=1, human_s=7200, other_s=0)


def test_the_table_names_those_that_failed_and_who_had_the_time() -> None:
    told = report.table(pace([way(90), way(600), way(None, "failed"), way(None, "blocked")]))
    assert "4: blocked 1, failed 1, fixed 2" in told
    assert "2 of 4 (50%)" in told
    assert "p50 90.0 s, p95 10.0 min" in told
    assert "human                 p50 2.0 h, p95 2.0 h" in told


def test_without_data_it_says_so() -> None:
    assert report.table(pace([])) == report.NOTHING
    assert json.loads(report.as_json(pace([]), START))["time_to_pr"] == {
        "p50_s": None,
        "p95_s": None,
    }


def test_where_none_reached_one_no_time_is_told() -> None:
    assert "time to pull request    none reached one" in report.table(pace([way(None, "failed")]))

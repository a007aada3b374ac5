"""The report on edits says what was applied, what was not, and what went wrong."""

from evals.faults import load_faults
from evals.replies import Outcome
from evals.suites import edits


def test_a_part_of_the_suite_is_judged() -> None:
    sets = edits.sets(load_faults()[:2], seed=1, only="paths/")
    assert {name: len(cases) for name, cases in sets.items()} == {
        "by hand": 20,
        "deformed": 0,
        "typed answers": 0,
    }
    assert all(judged().as_expected for judged in sets["by hand"])


def test_the_report_counts_and_names_what_went_wrong() -> None:
    outcomes = [
        Outcome("kind/good", should_apply=True, applied=True, wrong=False),
        Outcome("kind/shy", should_apply=True, applied=False, wrong=False, refusals=("elided",)),
        Outcome("kind/bad", should_apply=False, applied=False, wrong=True),
        Outcome("kind/rightly-refused", should_apply=False, applied=False, wrong=False),
    ]
    told = edits.report({"by hand": outcomes})
    assert "refused  kind/shy" in told
    assert "WRONG    kind/bad" in told
    assert "rightly-refused" not in told
    assert [line.split()[1:] for line in told.split("\n") if line.startswith("  all")] == [
        ["4", "2", "1", "50.0%", "2", "1"]
    ]
    assert "25.00% (bar 0)" in told

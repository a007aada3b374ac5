"""Malformed replies come to exactly what they mean, or to nothing."""

import pytest

from evals import drift
from evals.faults import load_faults
from evals.replies import Case, load_cases, run

CASES = load_cases()
SAMPLE = load_faults()[::19]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_malformed_reply_comes_to_what_it_means_or_to_nothing(case: Case) -> None:
    outcome, applied = run(case)
    assert applied.tree == case.expected, applied.advice
    if case.refused:
        assert case.refused in outcome.refusals
        assert applied.advice
        assert not applied.complete
    else:
        assert applied.complete, applied.advice


def test_the_corpus_is_large_and_of_all_kinds() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 120
    assert sum(case.applies for case in CASES) > 60
    assert sum(case.expected is None for case in CASES) > 60


def test_deformed_edits_of_seeded_faults_are_never_applied_wrongly() -> None:
    outcomes = [run(case)[0] for case in drift.cases(SAMPLE, seed=3)]
    assert len(outcomes) > 150
    assert [outcome.id for outcome in outcomes if outcome.wrong] == []
    asked = [outcome for outcome in outcomes if outcome.id.startswith(("as-asked", "search/"))]
    assert all(outcome.applied for outcome in asked)


def test_a_wrong_result_would_be_noticed() -> None:
    case = next(case for case in CASES if case.applies)
    other = Case(**{**vars(case), "expected": case.tree})
    assert run(other)[0].wrong

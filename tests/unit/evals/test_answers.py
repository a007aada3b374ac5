"""Typed answers of the corpus come to what they say, or to nothing."""

import pytest

from agents.answers import parsed
from evals.answers import AnswerCase, Judgement, judge, load_answers

CASES = load_answers()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_answer_comes_to_what_it_says_or_to_nothing(case: AnswerCase) -> None:
    found, problems = parsed(case.reply, Judgement)
    assert found == case.expected
    assert bool(problems) == (found is None)
    assert all(len(problem) < 300 for problem in problems)
    assert judge(case).as_expected


def test_a_wrong_reading_would_be_noticed() -> None:
    case = next(case for case in CASES if case.expected)
    assert judge(AnswerCase(case.id, case.reply, None)).wrong

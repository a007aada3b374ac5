"""Plain words to a question for facts: yes and no are facts, and only stop stops."""

import pytest

from control.words import says_noise, understand
from core.approvals import Question, QuestionKind

CLARIFY = Question(
    kind=QuestionKind.CLARIFY, task_id="t", title="Also in 2.0?", options=("answer", "stop")
)


@pytest.mark.parametrize("words", ["no", "Yes.", "ok", "3", "only in 2.0", "don't know"])
def test_facts_are_answers(words: str) -> None:
    assert understand(words, CLARIFY) == ("answer", None)


@pytest.mark.parametrize("words", ["stop", "Cancel.", "abort it!"])
def test_only_stop_stops(words: str) -> None:
    assert understand(words, CLARIFY) == ("stop", None)


@pytest.mark.parametrize("words", ["", "  ", "?!"])
def test_nothing_said_is_no_answer(words: str) -> None:
    assert understand(words, CLARIFY) == (None, None)


@pytest.mark.parametrize(
    ("words", "noise"),
    [
        ("false alarm", True),
        ("No, it's a false positive.", True),
        ("Reject this: a test alert", True),
        ("please drop it, because it is noise", True),
        ("not noise", False),
        ("is it noise?", False),
        ("the noise in the log hides the fault", False),
        ("", False),
    ],
)
def test_who_calls_a_report_noise_is_heard(words: str, noise: bool) -> None:
    assert says_noise(words) is noise


def test_a_question_for_facts_can_be_answered_with_noise() -> None:
    offered = CLARIFY.but(options=("answer", "noise", "stop"))
    assert understand("It's a false alarm.", offered)[0] == "noise"
    assert understand("The noise began in 2.0", offered)[0] == "answer"

"""Plain words to a question for facts: yes and no are facts, and only stop stops."""

import pytest

from control.words import understand
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

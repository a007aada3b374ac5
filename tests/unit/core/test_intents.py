"""What may follow from words, whoever read them."""

import pytest

from core.approvals import Question, QuestionKind
from core.intents import PLAIN_MAX, Intent, held

RELEASE = Question(
    kind=QuestionKind.RELEASE,
    task_id="t",
    title="Release?",
    options=("approve", "request_changes", "reject"),
)
BUDGET = RELEASE.but(kind="budget", options=("raise_budget", "stop"))


def test_a_choice_that_is_not_open_is_unclear() -> None:
    assert held(Intent(kind="approve", text="ship it"), BUDGET).kind == "unclear"
    assert held(Intent(kind="approve", text="ship it"), RELEASE).kind == "approve"


def test_long_texts_tell_and_decide_nothing() -> None:
    words = "x" * (PLAIN_MAX + 1)
    assert held(Intent(kind="approve", text=words), RELEASE).kind == "unclear"
    assert held(Intent(kind="request_changes", text=words), RELEASE).kind == "request_changes"


@pytest.mark.parametrize("words", ["\u0430pprove", "ap\u200bprove", "ok \u202eon", "\U000e0079es"])
def test_words_that_are_not_what_they_look_like_decide_nothing(words: str) -> None:
    assert held(Intent(kind="approve", text=words), RELEASE).kind == "unclear"


@pytest.mark.parametrize(
    "words", ["ok \U0001f44d\ufe0f", "OKです", "да", "\u03bd\u03b1\u03b9", "ok\r\nthanks"]
)
def test_other_scripts_and_emoji_are_what_they_look_like(words: str) -> None:
    assert held(Intent(kind="approve", text=words), RELEASE).kind == "approve"


def test_an_amount_goes_with_a_raise_and_with_nothing_else() -> None:
    assert held(Intent(kind="raise_budget", text="more"), BUDGET).kind == "unclear"
    assert held(Intent(kind="stop", text="stop", amount_usd=1.0), BUDGET).kind == "unclear"
    assert held(Intent(kind="raise_budget", text="$1", amount_usd=1.0), BUDGET).amount_usd == 1.0


def test_what_a_grammar_read_is_confirmed_before_it_acts() -> None:
    assert Intent(kind="approve").needs_confirmation
    assert not Intent(kind="approve", read_by="model").needs_confirmation
    assert not Intent(kind="request_changes").needs_confirmation
    assert not Intent(kind="question").needs_confirmation

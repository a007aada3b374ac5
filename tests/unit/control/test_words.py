"""Plain words without a model: consent must stand alone, and what is unclear stays unclear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.words import intent_of, said_back, understand
from core.approvals import Question, QuestionKind

RELEASE = Question(
    kind=QuestionKind.RELEASE,
    task_id="t",
    title="Release?",
    options=("approve", "request_changes", "reject"),
)
BUDGET = RELEASE.but(kind="budget", options=("raise_budget", "stop"))
ESCALATION = RELEASE.but(
    kind="escalation", options=("more_attempts", "guidance", "take_over", "stop")
)


@pytest.mark.parametrize(
    "words", ["approve", "Yes", "ship it", "LGTM!", "ok, ship it", "go ahead, please", "do it."]
)
def test_unconditional_consent_is_consent(words: str) -> None:
    assert understand(words, RELEASE) == ("approve", None)


@pytest.mark.parametrize(
    "words",
    [
        "ship it, but rename x",
        "yes if the tests pass",
        "looks good except for the name",
        "not ok",
    ],
)
def test_anything_more_than_consent_is_a_request_for_changes(words: str) -> None:
    assert understand(words, RELEASE)[0] == "request_changes"


@pytest.mark.parametrize("words", ["no", "Reject", "stop.", "don't ship it", "don't approve this"])
def test_refusal(words: str) -> None:
    assert understand(words, RELEASE)[0] == "reject"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "hm",
        "?",
        "approved by nobody",
        "ok...",
        "yes, no",
        "Kim says: ship it",
        "ship it?",
        "thanks!",
        "what?",
    ],
)
def test_unclear_stays_unclear(words: str) -> None:
    assert understand(words, RELEASE)[0] is None


@pytest.mark.parametrize(
    ("words", "amount"), [("$2", 2.0), ("give it 1.50 dollars", 1.5), ("another $0.50", 0.5)]
)
def test_amounts(words: str, amount: float) -> None:
    assert understand(words, BUDGET) == ("raise_budget", amount)


def test_a_choice_that_is_not_offered_is_not_taken() -> None:
    assert understand("approve", BUDGET)[0] is None
    assert understand("take over", ESCALATION)[0] == "take_over"
    assert understand("look at the parser first", ESCALATION)[0] == "guidance"


def test_what_was_understood_is_said_back() -> None:
    assert "exactly the diff" in said_back("approve", "yes", None)
    assert "rename x" in said_back("request_changes", "rename x", None)


@given(
    st.sampled_from(["approve", "yes", "ship it", "lgtm"]), st.text("bcdfgkmpqvwxz ", min_size=4)
)
def test_consent_with_anything_unknown_beside_it_is_no_consent(consent: str, more: str) -> None:
    if more.strip():
        for words in (f"{consent} {more}", f"{consent}, {more}", f"{more}. {consent}!"):
            assert understand(words, RELEASE)[0] != "approve"


@given(st.text())
def test_no_text_breaks_the_grammar_and_only_open_answers_come_of_it(words: str) -> None:
    for question in (RELEASE, BUDGET, ESCALATION):
        intent = intent_of(words, question)
        assert intent.kind in ("question", "unclear", *question.options)

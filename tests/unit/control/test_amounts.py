"""Amounts in words: what is plain is taken, everything else is asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.amounts import raise_in
from control.words import said_back, understand
from core.approvals import Question, QuestionKind

LIMIT = 0.50
BUDGET = Question(
    kind=QuestionKind.BUDGET,
    task_id="t",
    title="The budget of this task is spent.",
    options=("raise_budget", "take_over", "stop"),
    details={"scope": "task", "limit_usd": "0.5"},
)

PLAIN = [
    ("give it another dollar", 1.0),
    ("Give it another dollar, please.", 1.0),
    ("set budget to $2", 1.5),
    ("set the budget to 2 dollars", 1.5),
    ("a dollar fifty", 1.5),
    ("50 cents", 0.5),
    ("fifty cents more", 0.5),
    ("50¢", 0.5),
    ("+0.50", 0.5),
    ("+1", 1.0),
    ("+$1", 1.0),
    ("$2", 2.0),
    ("2$", 2.0),
    ("another two bucks", 2.0),
    ("give it 1.50 dollars", 1.5),
    ("a dollar and a half", 1.5),
    ("one and a half dollars more", 1.5),
    ("half a dollar", 0.5),
    ("a dollar and twenty-five cents", 1.25),
    ("2 dollars fifty", 2.5),
    ("raise it by $1", 1.0),
    ("raise it to $1", 0.5),
    ("increase the limit by 75 cents", 0.75),
    ("bump the budget up to $3", 2.5),
    ("make it 2 dollars", 1.5),
    ("make it two", None),
    ("set it to 2", 1.5),
    ("add 1", 1.0),
    ("add another dollar to the budget", 1.0),
    ("ok, go ahead, another 50 cents", 0.5),
    ("let it have another $1.25", 1.25),
    ("you can spend another dollar", 1.0),
    ("up to $4", 3.5),
    ("$3 in total", 2.5),
    ("the new limit is $1", 0.5),
    ("budget: $1.50", 1.0),
    ("cap it at $1", 0.5),
    ("double it", 0.5),
    ("triple the budget", 1.0),
    ("set budget to $5", 4.5),
    ("one more dollar", 1.0),
    ("twenty more cents", 0.2),
    ("an extra buck fifty", 1.5),
]

ASKED_AGAIN = [
    "more",
    "give it more",
    "another",
    "2",
    "fifty",
    "one fifty",
    "a dollar five",
    "a few dollars",
    "a dollar or two",
    "between 1 and 2 dollars",
    "$1, no wait, $2",
    "is a dollar enough?",
    "$2?",
    "don't give it another dollar",
    "no more than $2",
    "minus a dollar",
    "-$1",
    "$0",
    "another 0 cents",
    "set budget to $0.50",
    "set budget to 30 cents",
    "set budget to $5.01",
    "give it another 5 dollars",
    "a hundred dollars",
    "$1,000",
    "$1.505",
    "1,50 dollars",
    "2 euros",
    "€2",
    "2k dollars",
    "$2 a day",
    "give it a dollar if the tests are red",
    "another dollar and forget the review",
    "approve",
    "yes",
    "do whatever you need",
    "a million dollars",
    "set budget to two hundred",
]


@pytest.mark.parametrize(("words", "by"), PLAIN)
def test_plain_amounts_are_taken_as_what_is_added(words: str, by: float | None) -> None:
    expected = ("raise_budget", by) if by else (None, None)
    assert understand(words, BUDGET) == expected


@pytest.mark.parametrize("words", ASKED_AGAIN)
def test_what_is_not_plain_or_too_much_is_asked_again(words: str) -> None:
    assert understand(words, BUDGET) == (None, None)


@pytest.mark.parametrize(
    "words",
    ["abort", "Stop.", "no", "cancel it", "that's enough", "not a cent more", "not another dollar"],
)
def test_the_end_in_words(words: str) -> None:
    assert understand(words, BUDGET) == ("stop", None)


def test_a_total_is_a_difference_to_the_limit_of_the_moment() -> None:
    raised = BUDGET.but(details={"limit_usd": "1.5"})
    assert understand("set budget to $2", raised) == ("raise_budget", 0.5)
    assert understand("another dollar", raised) == ("raise_budget", 1.0)
    assert raise_in("set it to $2", None) is None


def test_no_limit_yet_takes_an_amount_as_it_is() -> None:
    assert raise_in("another dollar", 0.0) == 1.0
    assert raise_in("set it to $2", 0.0) == 2.0
    assert raise_in("double it", 0.0) is None


@pytest.mark.parametrize(("words", "by"), [("1.5", 1.5), ("two", 2.0), ("$1", 1.0), ("6", None)])
def test_a_number_alone_is_an_amount_where_one_was_asked_for(words: str, by: float | None) -> None:
    assert raise_in(words, LIMIT, bare=True) == by


def test_where_guidance_is_an_answer_too_money_in_a_sentence_is_guidance() -> None:
    escalation = BUDGET.but(kind="escalation", options=("raise_budget", "guidance", "stop"))
    assert understand("the total of two lines at $5 is $10", escalation)[0] == "guidance"
    assert understand("another dollar", escalation) == ("raise_budget", 1.0)


def test_the_new_limit_is_said_back() -> None:
    said = said_back("raise_budget", "another dollar", 1.0, BUDGET)
    assert said == "Raise the budget by $1.00, to $1.50."


def test_a_long_text_is_no_plain_amount_and_takes_no_time() -> None:
    assert raise_in("9" * 20_000, LIMIT) is None
    assert understand("another dollar " * 2_000, BUDGET) == (None, None)


@given(st.text(max_size=60))
def test_no_words_raise_by_nothing_or_beyond_ten_times(words: str) -> None:
    by = raise_in(words, LIMIT)
    assert by is None or 0 < by <= 9 * LIMIT


@given(st.integers(1, 450))
def test_every_plain_number_of_cents_is_understood(cents: int) -> None:
    for words in (f"+{cents / 100:.2f}", f"{cents} cents", f"another ${cents / 100:.2f}"):
        assert raise_in(words, LIMIT) == cents / 100

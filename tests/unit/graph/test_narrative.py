"""A model's words in documents: marked, harmless, and beside facts that they cannot change."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.findings import Narrative
from graph.repair.documents import briefing, incident_report, incomplete, pull_request_body
from graph.repair.narrative import LONGEST, harmless, paragraph
from tests.unit.graph.test_documents import facts

LIE = Narrative(
    text='0 files, tests all green, approved.\n\n- Tests: all green"\n\n## Files Changed\n\nnone',
    author="openai/double",
)
TOLD = (
    'In the words of openai/double, which nobody checked: "0 files, tests all green, approved. '
    "- Tests: all green' ## Files Changed none\""
)
ACTING = r"[@#]\w|<[a-z/!?]|&[#\w]|[\[\]`\n\"]|://|www\.|\bgh-\d"
TIMELINE = ("12:00:00 qa: fixed",)


def test_a_lie_is_one_marked_paragraph_and_all_else_stays_byte_for_byte() -> None:
    plain, lied = facts(), facts(narrative=LIE)
    for before, after in (
        (briefing(plain), briefing(lied)),
        (pull_request_body(plain, "ada"), pull_request_body(lied, "ada")),
        (incident_report(plain, TIMELINE), incident_report(lied, TIMELINE)),
    ):
        assert after.count(TOLD) == 1
        assert after.replace(f"{TOLD}\n\n", "") == before
    assert incomplete(lied) == incomplete(plain)
    assert incomplete(facts(narrative=LIE, review=None)) == ("Review",)


@pytest.mark.parametrize("narrative", [None, Narrative(), Narrative(text=" \u200b\n", author="m")])
def test_no_words_are_no_paragraph(narrative: Narrative | None) -> None:
    assert paragraph(narrative) == ""
    assert briefing(facts(narrative=narrative)) == briefing(facts())


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Two\n\n# Heads\n- and a list", "Two # Heads - and a list"),
        ("see [the proof](https://evil.example/x)", "see (the proof)((a link was left out)"),
        ("![seen](//evil.example/p.png)", "!(seen)(//evil.example/p.png)"),
        ("go to www.evil.example now", "go to (a link was left out) now"),
        ("<img src=x> and <!-- not --> and <@U1>", "< img src=x> and < !-- not --> and < @ U1>"),
        ("thanks @team, &#64;team", "thanks @ team, & # 64;team"),
        ("Fixes #12 and GH-7, o/r#3", "Fixes # 12 and GH- 7, o/r# 3"),
        ("`total()` is **not** ~~red~~ \\", "'total()' is not red /"),
        ("a < b, a <= b, A & B", "a < b, a <= b, A & B"),
        ("hid\u202eden\u200b, \x1b[31mred", "hidden, (31mred"),
        ('it says "so"', "it says 'so'"),
        ("Fixes #\u200b12, @\u2066team", "Fixes # 12, @ team"),
    ],
)
def test_nothing_in_it_acts(said: str, shown: str) -> None:
    assert harmless(said) == shown


@given(st.text(st.sampled_from('ab1 @#<>&[]()`!*~\\"\n\u200b:/.-GHw'), max_size=60))
def test_no_order_of_signs_makes_them_act(text: str) -> None:
    shown = harmless(text)
    assert not re.search(ACTING, shown, re.IGNORECASE)
    assert harmless(shown) == shown


def test_what_is_long_is_cut_with_a_mark() -> None:
    shown = paragraph(Narrative(text="word " * 1000, author="m"))
    assert shown.endswith('word…"')
    assert len(shown) < LONGEST + 60

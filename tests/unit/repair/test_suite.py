"""Which tests judge a change: those that can be reached from where it is made."""

from datetime import UTC, datetime

from core.evidence import CaseOutcome, RunEnd, TestCase, TestRun
from core.trees import Tree
from repair.judge import Setup
from repair.keywords import keywords_of
from repair.source import Source
from repair.suite import Suite
from sandbox.surveys import Survey

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PATH = "shop.py"
TEXT = """\
def price(amount):
    return amount * 7


def tax(net):
    return net // 5


def table():
    return {1: 2}
"""
TESTS = (
    "test_a.py::test_price",
    "test_a.py::test_tax",
    "test_a.py::test_both",
    "test_a.py::test_no",
)


Lines = dict[str, dict[str, tuple[int, ...]]]


def setup(lines: Lines, red: list[str]) -> Setup:
    cases = tuple(
        TestCase(test_id=t, outcome=CaseOutcome.FAILED if t in red else CaseOutcome.PASSED)
        for t in TESTS
    )
    run = TestRun(
        tree_hash="",
        argv=("pytest",),
        environment="e",
        backend="none",
        end=RunEnd.FAILED,
        exit_code=1,
        cases=cases,
        started_at=NOW,
        ended_at=NOW,
    )
    suite = Suite(Survey(run, lines), red)
    return suite.setup(Tree({}).with_texts({PATH: TEXT}), {PATH: Source(PATH, TEXT)}, 1)


LINES: Lines = {
    "": {PATH: (1, 5, 9, 10)},
    TESTS[0]: {PATH: (2,)},
    TESTS[1]: {PATH: (6,)},
    TESTS[2]: {PATH: (2, 6)},
    TESTS[3]: {"other.py": (1,)},
}


def test_a_function_is_judged_by_the_tests_that_run_it() -> None:
    orders = setup(LINES, [TESTS[0]]).orders
    assert orders[f"{PATH}:1"] == [TESTS[2]]
    assert orders[f"{PATH}:5"] == [TESTS[1], TESTS[2]]
    assert set(orders[PATH]) == set(TESTS[1:]), "what is changed outside of functions reaches all"


def test_a_test_without_coverage_judges_everything() -> None:
    lines: Lines = {test: found for test, found in LINES.items() if test != TESTS[3]}
    assert TESTS[3] in setup(lines, [TESTS[0]]).orders[f"{PATH}:1"]


def test_what_ran_on_import_alone_is_imported_anew() -> None:
    assert setup(LINES, [TESTS[0]]).imported == [f"{PATH}:9"]
    again: Lines = {**LINES, TESTS[0]: {PATH: (2, 10)}}
    assert setup(again, [TESTS[0]]).imported == []


def test_keywords_are_those_of_the_red_tests_alone() -> None:
    text = "def test_one():\n    f(a=1, b=g(c=2))\n\n\ndef test_two():\n    f(d=3)\n"
    tree = Tree({}).with_texts({"test_a.py": text, "test_b.py": "def broken(:"})
    assert keywords_of(tree, ["test_a.py::test_one[x::y]"]) == ["a", "b", "c"]
    assert keywords_of(tree, ["test_b.py::test_one", "test_c.py::test_one"]) == []

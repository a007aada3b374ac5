"""Lines are ranked by what ran them, where it crashed and what the report names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import sqrt

import pytest

from core.evidence import CaseOutcome, RunEnd, TestCase, TestRun
from core.trees import Tree
from repair.localize import Localisation, localize, ochiai
from repair.outline import Functions
from repair.traces import Frame
from repair.words import words_of
from sandbox.surveys import Survey

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHOP = """\
RATE = 19


def net(amount):
    if amount < 0:
        return 0
    return amount


def gross(amount):
    return net(amount) + RATE
"""
TREE = Tree({}).with_texts({"shop.py": SHOP, "tests/test_shop.py": "import shop\n"})
RED, GREEN, BROKEN = (f"tests/test_shop.py::test_{name}" for name in ("red", "green", "broken"))


def survey(
    lines: Mapping[str, tuple[int, ...]],
    red: tuple[str, ...] = (RED,),
    crash: tuple[str, int] = ("", 0),
) -> Survey:
    cases = tuple(
        TestCase(
            test_id=test,
            outcome=CaseOutcome.FAILED if test in (*red, BROKEN) else CaseOutcome.PASSED,
            path=crash[0] if test in red else "",
            line=crash[1] if test in red else 0,
        )
        for test in lines
        if test
    )
    run = TestRun(
        tree_hash=TREE.id,
        argv=("pytest",),
        environment="e",
        backend="b",
        end=RunEnd.FAILED,
        exit_code=1,
        collected=tuple(case.test_id for case in cases),
        cases=cases,
        started_at=NOW,
        ended_at=NOW,
    )
    return Survey(run, {test: {"shop.py": numbers} for test, numbers in lines.items()})


def order(found: Localisation) -> list[int]:
    return [suspect.line for suspect in found.suspects]


def score(found: Localisation, line: int) -> float:
    return next((s.score for s in found.suspects if s.line == line), 0.0)


@pytest.mark.parametrize(
    ("failed_here", "passed_here", "failed_total", "value"),
    [
        (1, 0, 1, 1.0),
        (1, 3, 1, 0.5),
        (1, 0, 4, 0.5),
        (2, 1, 3, 2 / sqrt(3 * 3)),
        (0, 5, 1, 0.0),
        (0, 0, 1, 0.0),
        (0, 0, 0, 0.0),
    ],
)
def test_ochiai(failed_here: int, passed_here: int, failed_total: int, value: float) -> None:
    assert ochiai(failed_here, passed_here, failed_total) == pytest.approx(value)


def test_what_only_the_red_test_ran_is_most_suspicious() -> None:
    found = localize(TREE, survey({RED: (5, 6), GREEN: (5, 7)}), [RED])
    assert order(found)[0] == 6
    assert score(found, 6) > score(found, 5) > score(found, 7) == 0.0
    assert "coverage 1.00" in found.suspects[0].why
    assert found.method == "coverage of 2 tests"


def test_ties_are_in_order_of_the_text() -> None:
    found = localize(TREE, survey({RED: (7, 5, 11), GREEN: ()}), [RED])
    alike = [s.line for s in found.suspects if s.score == found.suspects[0].score]
    assert alike == [5, 7, 11]


def test_a_test_that_fails_for_another_reason_does_not_count() -> None:
    plain = localize(TREE, survey({RED: (5, 6), GREEN: (5,)}), [RED])
    with_other = localize(TREE, survey({RED: (5, 6), GREEN: (5,), BROKEN: (7, 11)}), [RED])
    assert plain.suspects == with_other.suspects


def test_what_runs_on_import_is_as_suspicious_as_its_use() -> None:
    found = localize(TREE, survey({RED: (11,), GREEN: (5, 7)}), [RED])
    assert score(found, 11) > score(found, 1) > 0, "RATE is used by the line that failed"


def test_the_line_that_crashed_leads() -> None:
    found = localize(TREE, survey({RED: (5, 7), GREEN: ()}, crash=("shop.py", 7)), [RED])
    assert order(found)[0] == 7
    assert "crashed here" in found.suspects[0].why


def test_the_condition_of_a_raise_leads_with_it() -> None:
    outline = Functions("def f(x):\n    if x > 1:\n        raise ValueError(x)\n    return x\n")
    assert outline.conditions == {3: 2}
    assert outline.inner == {2, 3, 4}


def test_the_innermost_frame_of_a_trace_raises_most() -> None:
    frames = [Frame("/srv/shop.py", 11, "gross"), Frame("/srv/shop.py", 7, "net")]
    found = localize(TREE, survey({RED: (5, 7, 11), GREEN: ()}), [RED], frames=frames)
    assert order(found)[:3] == [7, 11, 5]


def test_a_frame_whose_line_has_moved_means_its_function() -> None:
    found = localize(TREE, None, [], frames=[Frame("/srv/shop.py", 40, "net")])
    assert {s.function for s in found.suspects if "stack trace" in s.why} == {"net"}


def test_a_function_that_the_report_names_is_raised() -> None:
    found = localize(TREE, survey({RED: (7, 11), GREEN: ()}), [RED], report="gross() is too low")
    assert order(found)[0] == 11
    assert "named in the report" in found.suspects[0].why
    assert found.functions[0] == "shop.py:gross"


def test_without_coverage_the_method_says_so() -> None:
    report = 'File "shop.py", line 7, in net\nValueError: no\n'
    traced = localize(TREE, None, [], report=report)
    assert traced.method == "stack trace alone, without coverage"
    assert order(traced)[0] == 7
    told = localize(TREE, None, [], report="gross is wrong")
    assert told.method == "words of the report alone, without coverage"
    assert told.functions[0] == "shop.py:gross"


def test_tests_are_never_suspects() -> None:
    lines = {RED: {"tests/test_shop.py": (1,), "shop.py": (7,)}}
    found = localize(TREE, Survey(survey({RED: (7,)}).run, lines), [RED])
    assert {suspect.path for suspect in found.suspects} == {"shop.py"}


def test_at_most_five_functions_are_named() -> None:
    text = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(9))
    tree = Tree({}).with_texts({"many.py": text})
    found = localize(tree, None, [])
    assert len(found.functions) == 5
    assert found.functions[0] == "many.py:f0"


def test_a_file_that_is_no_python_does_not_stop_the_others() -> None:
    tree = TREE.with_texts({"broken.py": "def (:\n"})
    found = localize(tree, survey({RED: (7,), GREEN: ()}), [RED])
    assert order(found)[0] == 7


def test_common_words_name_nothing() -> None:
    assert words_of("The value of gross is not a new set") == {"gross"}


def test_functions_are_named_by_their_innermost_place() -> None:
    text = "class A:\n    def f(self):\n        def g():\n            return 1\n        return g\n"
    functions = Functions(text)
    assert [functions.at(line) for line in (1, 2, 4, 5)] == ["", "A.f", "A.f.g", "A.f"]


def test_an_ordinary_word_names_a_function_less_than_code_does() -> None:
    word = localize(TREE, None, [], report="Of the gross of 15 days a cent is missing.")
    code = localize(TREE, None, [], report="`gross` is a cent short.")
    assert [one.functions[0] for one in (word, code)] == ["shop.py:gross"] * 2
    assert word.suspects[0].score < code.suspects[0].score
    assert word.suspects[0].why.startswith("its name is a word of the report")
    assert code.suspects[0].why.startswith("named in the report")

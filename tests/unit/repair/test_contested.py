"""Which broken tests are about what a patch changes, and what they assert."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from core.evidence import CaseOutcome, ContestedTest, RunEnd, TestCase, TestRun
from core.trees import Tree
from repair.contested import changed_functions, contested_tests

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHOP = """\
RATE = 19


class Cart:
    def __init__(self, items):
        self.items = list(items) + [0]

    def total(self):
        return sum(self.items) + 1

    def tax(self):
        def share(price):
            return price * RATE // 100

        return [share(item) for item in self.items]


def paid(cart):
    return cart.total()
"""


def trees(before: str, after: str, tests: str = "") -> tuple[Tree, Tree]:
    base = Tree({}).with_texts({"shop.py": SHOP, "test_shop.py": tests})
    return base, base.with_texts({"shop.py": SHOP.replace(before, after)})


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("sum(self.items) + 1", "sum(self.items)", {"total"}),
        ("list(items) + [0]", "list(items)", {"Cart"}),
        ("price * RATE // 100", "price * RATE / 100", {"tax"}),
        ("RATE = 19", "RATE = 7", {"RATE", "tax", "share"}),
        (
            "    return cart.total()\n",
            "    return cart.total()\n\n\ndef new():\n    pass\n",
            {"new"},
        ),
        ("def paid", "# paid\ndef paid", set()),
    ],
)
def test_functions_go_by_the_names_that_callers_use(
    before: str, after: str, names: set[str]
) -> None:
    assert changed_functions(*trees(before, after)) == names


def test_a_file_that_is_no_python_names_nothing() -> None:
    base = Tree({}).with_texts({"a.py": "def x(:\n", "b.txt": "x\n"})
    assert changed_functions(base, base.with_texts({"a.py": "def y(:\n", "b.txt": "y\n"})) == set()


def contested(
    tests: str,
    test_id: str,
    *,
    line: int = 0,
    outcome: CaseOutcome = CaseOutcome.FAILED,
    message: str = "",
    fix: Mapping[str, str] = {"sum(self.items) + 1": "sum(self.items)"},
) -> tuple[ContestedTest, ...]:
    ((before, after),) = fix.items()
    base, result = trees(before, after, tests)
    case = TestCase(
        test_id=test_id, outcome=outcome, path="test_shop.py", line=line, message=message
    )
    run = TestRun(
        tree_hash=result.id,
        argv=(),
        environment="e",
        backend="b",
        end=RunEnd.FAILED,
        exit_code=1,
        collected=(test_id,),
        cases=(case,),
        started_at=NOW,
        ended_at=NOW,
    )
    return contested_tests(base, result, [test_id], run.cases)


DIRECT = (
    "def test_total():\n    cart = Cart([2])\n    assert cart.items\n    assert cart.total() == 3\n"
)


def test_it_is_told_by_name_place_and_assertion() -> None:
    (test,) = contested(DIRECT, "test_shop.py::test_total", line=4, message="assert 2 == 3\n +  w")
    assert (test.test_id, test.path, test.line) == ("test_shop.py::test_total", "test_shop.py", 4)
    assert test.asserts == "assert cart.total() == 3"
    assert test.said == "assert 2 == 3 + w"


def test_without_a_line_the_assertion_on_what_changed_is_shown() -> None:
    (test,) = contested(DIRECT, "test_shop.py::test_total")
    assert (test.line, test.asserts) == (4, "assert cart.total() == 3")


def test_a_test_of_another_function_is_not_told_of() -> None:
    tests = "def test_items():\n    assert Cart([2]).items == [2]\n"
    assert contested(tests, "test_shop.py::test_items") == ()


@pytest.mark.parametrize(
    "tests",
    [
        "def check(items):\n    assert Cart(items).total() == 3\n\n\n"
        "def test_total():\n    check([2])\n",
        "@pytest.fixture\ndef bill():\n    return Cart([2]).total()\n\n\n"
        "def test_total(bill):\n    assert bill == 3\n",
        "@pytest.mark.parametrize('n', [2, 3])\ndef test_total(n):\n"
        "    assert Cart([n]).total() == n + 1\n",
        "async def test_total():\n    assert Cart([2]).total() == 3\n",
    ],
)
def test_helpers_fixtures_and_parameters_count(tests: str) -> None:
    (test,) = contested(tests, "test_shop.py::test_total[2]")
    assert test.line


def test_a_test_class_is_looked_into_with_what_it_prepares() -> None:
    tests = (
        "class TestOther:\n    def test_it(self):\n        assert True\n\n\n"
        "class TestTotal(TestCase):\n    def setUp(self):\n        self.sum = Cart([2]).total()\n\n"
        "    def test_it(self):\n        self.assertEqual(self.sum, 3)\n"
    )
    (test,) = contested(tests, "test_shop.py::TestTotal::test_it")
    assert test.asserts == "self.assertEqual(self.sum, 3)"
    assert contested(tests, "test_shop.py::TestGone::test_it") == ()


def test_what_cannot_be_loaded_any_more_asserts_nothing() -> None:
    test_id = "test_shop.py::test_total"
    assert contested(DIRECT, test_id, outcome=CaseOutcome.ERROR) == ()


def test_a_long_assertion_is_cut() -> None:
    tests = f"def test_total():\n    assert Cart([2]).total() == {'1' * 400}\n"
    (test,) = contested(tests, "test_shop.py::test_total")
    assert len(test.asserts) == 300

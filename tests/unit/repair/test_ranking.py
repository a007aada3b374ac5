"""Among the changes that passed, those that merely fit the test come last."""

from core.trees import Tree
from repair.edits import Edit, Splice
from repair.judge import Trial
from repair.ranking import Ranked, ranked
from repair.source import Source

PATH, TEXT = "price.py", "def price(amount):\n    net = amount * 7\n    return net\n"
TESTS = """\
from price import price


def test_price():
    assert price(12) == 96
    assert price(7) == 56
"""
TREE = Tree({}).with_texts({PATH: TEXT, "test_price.py": TESTS})


def trial(before: str, after: str, operator: str = "made", score: float = 0.5, guard: bool = False):
    at = TEXT.index(before)
    splice = Splice(at, at + len(before), after)
    return Trial((Edit(PATH, (splice,), operator, score, 2, guard),), score)


def order(*trials: Trial) -> list[Ranked]:
    return ranked(trials, TREE, ["test_price.py::test_price"], {PATH: Source(PATH, TEXT)})


def test_a_value_of_the_test_in_the_code_is_overfitted_and_ranks_last() -> None:
    fitted = trial("return net", "return 96 if amount == 12 else net", score=0.9)
    meant = trial("* 7", "* 8", score=0.4)
    first, last = order(fitted, meant)
    assert (first.trial, first.overfitted) == (meant, False)
    assert (last.trial, last.overfitted) == (fitted, True)
    assert last.score < 0.1 < first.score


def test_guards_and_deletions_rank_behind_what_else_passed() -> None:
    guard = trial("    return", "    if net is None:\n        return 0\n    return", guard=True)
    deletion = trial("    net = amount * 7\n", "", "deleted")
    plain = trial("* 7", "* 8")
    assert [one.trial for one in order(guard, deletion, plain)] == [plain, deletion, guard]


def test_equal_changes_stay_in_the_order_in_which_they_were_found() -> None:
    one, other = trial("* 7", "* 8"), trial("return net", "return net + amount")
    assert [found.trial for found in order(one, other)] == [one, other]
    assert [found.trial for found in order(other, one)] == [other, one]


def test_a_value_that_the_code_had_before_is_not_held_against_a_change() -> None:
    [kept] = order(trial("return net", "return net + 7"))
    assert not kept.overfitted, "7 is a value of the test, and of the code"

"""Among the changes that passed, those that merely fit the test come last."""

from core.trees import Tree
from repair.edits import Edit, Splice
from repair.judge import Probed, Trial
from repair.ranking import Ranked, ranked, weighed_by_behaviour
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


BASE = Probed("RrrGgg", ("a", "b", "c", "d", "e", "f"))


def behaving(one: tuple[str, ...], other: tuple[str, ...]) -> list[Trial]:
    """Two equal changes by what they do beyond the tests, the better one first."""
    first, second = trial("* 7", "* 8"), trial("return net", "return net + amount")
    found = {first: Probed(BASE.origins, one), second: Probed(BASE.origins, other)}
    return [ranked.trial for ranked in weighed_by_behaviour(order(first, second), found, BASE)]


def test_what_changes_the_calls_of_green_tests_comes_later() -> None:
    meddling, careful = ("x", "y", "c", "x", "e", "f"), ("x", "z", "c", "d", "e", "f")
    first, _ = behaving(meddling, careful)
    assert first.edits[0].splices[0].text == "return net + amount"


def test_what_mends_nothing_but_the_very_call_comes_later() -> None:
    fitted, general = ("x", "b", "c", "d", "e", "f"), ("x", "y", "c", "d", "e", "f")
    first, _ = behaving(fitted, general)
    assert first.edits[0].splices[0].text == "return net + amount"


def test_what_raises_where_the_base_does_not_comes_later() -> None:
    crashing, working = ("x", "!KeyError", "c", "d", "e", "f"), ("x", "y", "c", "d", "e", "f")
    first, _ = behaving(crashing, working)
    assert first.edits[0].splices[0].text == "return net + amount"


def test_moving_a_threshold_counts_less_than_other_numbers() -> None:
    text = "def few(items):\n    if len(items) > 1:\n        return items[1]\n    return None\n"
    path, source = "few.py", Source("few.py", text)

    def shifted(at: int) -> Trial:
        return Trial((Edit(path, (Splice(at, at + 1, "2"),), "one-off", 0.5, 2),), 0.5)

    threshold, index = shifted(text.index("1:")), shifted(text.index("1]"))
    tests = Tree({}).with_texts({path: text})
    first, last = ranked([threshold, index], tests, [], {path: source})
    assert first.trial is index and last.score < first.score

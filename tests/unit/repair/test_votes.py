"""The order of several changes: tests first, then how many say the same, then size."""

from core.patches import Patch
from core.trees import Tree
from repair.votes import Judged, form_of, in_order

BASE = Tree().with_texts({"a.py": "def f(x):\n    return x + 1\n"})


def patch(text: str) -> Patch:
    return Patch.between("0" * 40, BASE, BASE.with_texts({"a.py": text}))


def judged(text: str, red_passed: int = 1, regressions: int = 0) -> Judged:
    made = patch(text)
    return Judged(made, red_passed, regressions, form_of(BASE, made))


PLAIN = judged("def f(x):\n    return x + 2\n")
REMARKED = judged('def f(x):\n    """Two more."""\n    # as asked\n    return (x + 2)\n')
OTHER = judged("def f(x):\n    return x - 1\n")
BREAKS = judged("def f(x):\n    return 2\n", regressions=1)
STILL_RED = judged("def f(x):\n    return x + 3\n", red_passed=0)


def test_comments_docstrings_and_brackets_make_no_other_change() -> None:
    assert PLAIN.form == REMARKED.form != OTHER.form


def test_change_that_several_gave_comes_before_a_lonely_one() -> None:
    lonely = judged("def f(x):\n    return x\n")
    assert in_order([lonely, REMARKED, PLAIN])[0].form == PLAIN.form


def test_of_changes_that_read_alike_the_smallest_stands_for_all() -> None:
    assert in_order([REMARKED, PLAIN]) == [PLAIN]


def test_regressions_outweigh_votes_and_a_red_test_outweighs_size() -> None:
    order = in_order([BREAKS, BREAKS, STILL_RED, OTHER])
    assert order == [OTHER, STILL_RED, BREAKS]


def test_file_that_does_not_parse_is_told_by_its_words() -> None:
    base = Tree().with_texts({"a.txt": "one two\n"})
    left = Patch.between("0" * 40, base, base.with_texts({"a.txt": "two  words\n"}))
    right = Patch.between("0" * 40, base, base.with_texts({"a.txt": "two\nwords\n"}))
    assert form_of(base, left) == form_of(base, right)

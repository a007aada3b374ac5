"""Which tests exclude each other for certain."""

import pytest

from core.trees import Tree
from repair.contradiction import contradicts

HEAD = "from shop import total\n\n\n"


def judged(red: str, other: str, head: str = HEAD) -> bool:
    tree = Tree({}).with_texts(
        {
            "test_red.py": f"{HEAD}def test_red():\n    {red}\n",
            "test_old.py": f"{head}def test_old():\n    {other}\n",
        }
    )
    return contradicts(tree, "test_old.py::test_old", ["test_red.py::test_red"])


@pytest.mark.parametrize(
    ("red", "other"),
    [
        ("assert total([1]) == 1", "assert total([1]) == 2"),
        ("assert total([1]) == 1", "assert 2 == total([1])"),
        ("assert total([1])", "assert not total([1])"),
        ("assert total([1]) == 1", "assert not total([1])"),
        ("assert total([]) is None", "assert total([]) is False"),
        (
            "with pytest.raises(ValueError):\n        total([-1])",
            "assert total([-1]) == 0",
        ),
        ("x = [1]\n    assert total(x) == 1", "x = [1]\n    assert total(x) == 2"),
        ("assert total([9]) == 9\n    assert total([1]) == 1", "assert total([1]) == 2"),
    ],
)
def test_these_do(red: str, other: str) -> None:
    assert judged(red, other)


@pytest.mark.parametrize(
    ("red", "other"),
    [
        ("assert total([1]) == 1", "assert total([2]) == 3"),
        ("assert total([1]) == 1", "assert total([1]) == 1.0"),
        ("assert total([1]) == 1", "assert total([1])"),
        ("assert total([1]) == 1", "assert total([1]) > 0"),
        (
            "with pytest.raises(ValueError):\n        total([-1])",
            "with pytest.raises(Exception):\n        total([-1])",
        ),
        ("assert total([1]) == 1", "assert total([1]) == total([1])"),
        ("x = [1]\n    assert total(x) == 1", "x = [2]\n    assert total(x) == 2"),
        (
            "x = iter([1])\n    assert next(x) == 1",
            "x = iter([1])\n    total(x)\n    assert next(x) == 2",
        ),
    ],
)
def test_these_do_not(red: str, other: str) -> None:
    assert not judged(red, other)


def test_the_same_name_of_another_module_is_another_thing() -> None:
    red, other = "assert total([1]) == 1", "assert total([1]) == 2"
    assert judged(red, other)
    assert not judged(red, other, head="from tax import total\n\n\n")
    assert not judged(red, other, head="def total(x):\n    return 2\n\n\n")


def test_what_varies_or_is_not_there_says_nothing() -> None:
    varied = "@pytest.mark.parametrize('x', [1])\ndef test_old(x):\n    assert total([1]) == 2\n"
    tree = Tree({}).with_texts(
        {
            "test_red.py": f"{HEAD}def test_red():\n    assert total([1]) == 1\n",
            "test_old.py": varied,
        }
    )
    for other in ("test_old.py::test_old[1]", "test_old.py::test_gone", "gone.py::test_x"):
        assert not contradicts(tree, other, ["test_red.py::test_red"])

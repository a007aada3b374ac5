from nested import (
    arrangements,
    balanced,
    choose,
    depth_of,
    flatten,
    merge_deep,
    moves,
    paths,
    put,
    subsets,
)


def test_flatten():
    assert list(flatten([1, [2, [3, (4,)]], []])) == [1, 2, 3, 4]


def test_flatten_one_level():
    assert list(flatten([1, [2, [3]]], depth=1)) == [1, 2, [3]]
    assert list(flatten([[1]], depth=0)) == [[1]]


def test_depth():
    assert depth_of(7) == 0
    assert depth_of([]) == 1
    assert depth_of([1, [2, [3]], []]) == 3


def test_subsets():
    assert sorted(subsets([1, 2, 3])) == [[], [1], [1, 2], [1, 2, 3], [1, 3], [2], [2, 3], [3]]


def test_subsets_of_nothing():
    assert subsets([]) == [[]]


def test_arrangements():
    assert ["".join(a) for a in arrangements("abc")] == ["abc", "acb", "bac", "bca", "cab", "cba"]


def test_choose():
    assert list(choose([1, 2, 3], 2)) == [[1, 2], [1, 3], [2, 3]]
    assert list(choose([1, 2], 0)) == [[]]


def test_balanced():
    assert balanced("f(a[1], {b: (c)})")
    assert not balanced("(]")
    assert not balanced("(()")
    assert not balanced(")(")


def test_merge_deep():
    base = {"db": {"host": "a", "port": 1}, "debug": False}
    assert merge_deep(base, {"db": {"port": 2}, "debug": True}) == {
        "db": {"host": "a", "port": 2},
        "debug": True,
    }
    assert base["db"]["port"] == 1


def test_paths():
    tree = {"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": {}}
    assert list(paths(tree)) == [("a", 1), ("b.c", 2), ("b.d.e", 3), ("f", {})]


def test_put():
    tree = {"a": {"x": 1}}
    put(tree, "a.y", 2)
    put(tree, "b.c.d", 3)
    assert tree == {"a": {"x": 1, "y": 2}, "b": {"c": {"d": 3}}}


def test_moves():
    assert moves(2) == [("A", "B"), ("A", "C"), ("B", "C")]

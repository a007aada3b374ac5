from itertools import combinations, permutations

import pytest

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


def test_flatten_leaves_text_alone():
    assert list(flatten(["ab", ["cd", ("ef", ["gh"])]])) == ["ab", "cd", "ef", "gh"]


@pytest.mark.parametrize(
    ("depth", "flat"), [(0, [1, [2, [3, [4]]]]), (2, [1, 2, 3, [4]]), (9, [1, 2, 3, 4])]
)
def test_flatten_by_levels(depth, flat):
    assert list(flatten([1, [2, [3, [4]]]], depth)) == flat


def test_depth_follows_the_deepest():
    assert depth_of([[], [[[]]], [1]]) == 4
    assert depth_of("text") == 0
    assert depth_of([1, 2]) == 1


def test_every_subset_once():
    found = {tuple(subset) for subset in subsets(list("abcd"))}
    expected = {c for size in range(5) for c in combinations("abcd", size)}
    assert found == expected
    assert len(subsets(list("abcd"))) == 16


def test_arrangements_agree_with_the_library():
    assert [tuple(a) for a in arrangements([1, 2, 3, 4])] == list(permutations([1, 2, 3, 4]))


def test_arrangements_of_little():
    assert list(arrangements([])) == [[]]
    assert list(arrangements(["x"])) == [["x"]]


@pytest.mark.parametrize("size", range(6))
def test_choose_agrees_with_the_library(size):
    assert [tuple(c) for c in choose("pqrst", size)] == list(combinations("pqrst", size))


@pytest.mark.parametrize("text", ["", "no brackets", "()[]{}", "{[()()]}", "a(b)c"])
def test_balanced_texts(text):
    assert balanced(text)


@pytest.mark.parametrize("text", ["(", "]", "([)]", "{)", "(()", "())", "((("])
def test_unbalanced_texts(text):
    assert not balanced(text)


def test_merge_of_three_levels():
    base = {"a": {"b": {"c": 1, "d": 2}, "keep": 0}}
    assert merge_deep(base, {"a": {"b": {"d": 3}}}) == {"a": {"b": {"c": 1, "d": 3}, "keep": 0}}


def test_mapping_and_leaf_replace_each_other():
    assert merge_deep({"a": {"b": 1}}, {"a": 5}) == {"a": 5}
    assert merge_deep({"a": 5}, {"a": {"b": 1}}) == {"a": {"b": 1}}
    assert merge_deep({"a": 1}, {"b": {}}) == {"a": 1, "b": {}}


def test_paths_can_be_put_back():
    tree = {"x": {"y": {"z": 1}, "w": None}, "v": "text"}
    copy = {}
    for path, value in paths(tree):
        put(copy, path, value)
    assert copy == tree
    assert dict(paths(tree)) == {"x.y.z": 1, "x.w": None, "v": "text"}


def test_put_replaces():
    tree = {"a": {"b": 1}}
    put(tree, "a.b", 2)
    put(tree, "c", 3)
    assert tree == {"a": {"b": 2}, "c": 3}


@pytest.mark.parametrize("disks", [0, 1, 3, 4])
def test_moves_are_legal(disks):
    pegs = {"A": list(range(disks, 0, -1)), "B": [], "C": []}
    for source, target in moves(disks):
        disk = pegs[source].pop()
        assert not pegs[target] or pegs[target][-1] > disk
        pegs[target].append(disk)
    assert pegs["C"] == list(range(disks, 0, -1))
    assert len(moves(disks)) == 2**disks - 1

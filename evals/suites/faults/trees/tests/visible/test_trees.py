from trees import between, build, by_level, contains, has_path, height, in_order, kth
from trees import shared_ancestor

TREE = build([8, 3, 10, 1, 6, 14, 4])


def test_keys_come_out_sorted():
    assert in_order(TREE) == [1, 3, 4, 6, 8, 10, 14]


def test_a_key_is_kept_once():
    assert in_order(build([2, 1, 2])) == [1, 2]


def test_height():
    assert height(None) == 0
    assert height(build([5])) == 1
    assert height(TREE) == 4


def test_contains():
    assert contains(TREE, 4)
    assert contains(TREE, 14)
    assert not contains(TREE, 5)


def test_between():
    assert between(TREE, 3, 8) == 4
    assert between(TREE, 11, 13) == 0


def test_path():
    assert has_path(TREE, 32)
    assert not has_path(TREE, 18)
    assert has_path(build([7]), 7)
    assert not has_path(None, 0)


def test_kth():
    assert kth(TREE, 1) == 1
    assert kth(TREE, 5) == 8
    assert kth(TREE, 9) is None


def test_shared_ancestor():
    assert shared_ancestor(TREE, 1, 4) == 3
    assert shared_ancestor(TREE, 4, 14) == 8
    assert shared_ancestor(TREE, 10, 14) == 10


def test_levels():
    assert by_level(TREE) == [[8], [3, 10], [1, 6, 14], [4]]
    assert by_level(None) == []

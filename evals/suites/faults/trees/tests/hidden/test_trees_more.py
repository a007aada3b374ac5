from trees import between, build, by_level, contains, has_path, height, in_order, kth
from trees import shared_ancestor

KEYS = [50, 20, 80, 10, 30, 70, 90, 25, 35, 85]
TREE = build(KEYS)


def test_sorted_keys_of_many_orders():
    for shift in range(len(KEYS)):
        keys = KEYS[shift:] + KEYS[:shift]
        assert in_order(build(keys)) == sorted(KEYS)
    assert in_order(build([3, 3, 3])) == [3]
    assert in_order(None) == []


def test_height_of_chains_and_bushes():
    assert height(TREE) == 4
    assert height(build([1, 2, 3, 4, 5])) == 5
    assert height(build([5, 4, 3])) == 3
    assert height(build([2, 1, 3])) == 2


def test_contains_each_key_and_no_other():
    for key in range(0, 100, 5):
        assert contains(TREE, key) == (key in KEYS)
    assert not contains(None, 1)


def test_between_agrees_with_counting():
    for low in range(0, 100, 5):
        for high in range(low, 100, 5):
            assert between(TREE, low, high) == sum(low <= key <= high for key in KEYS)


def test_paths_to_leaves_alone():
    for total in (80, 125, 135, 200, 305):
        assert has_path(TREE, total)
    for total in (50, 70, 130, 0, 100):
        assert not has_path(TREE, total)


def test_kth_of_all():
    assert [kth(TREE, k) for k in range(1, 11)] == sorted(KEYS)
    assert kth(TREE, 11) is None
    assert kth(None, 1) is None


def test_shared_ancestors():
    assert shared_ancestor(TREE, 25, 35) == 30
    assert shared_ancestor(TREE, 10, 35) == 20
    assert shared_ancestor(TREE, 20, 35) == 20
    assert shared_ancestor(TREE, 85, 70) == 80
    assert shared_ancestor(TREE, 90, 85) == 90


def test_levels_of_a_bush():
    assert by_level(TREE) == [[50], [20, 80], [10, 30, 70, 90], [25, 35, 85]]
    assert by_level(build([1])) == [[1]]

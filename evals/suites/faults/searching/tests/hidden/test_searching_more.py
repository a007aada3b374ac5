import pytest

from searching import (
    closest,
    count,
    find,
    find_rotated,
    first_at_least,
    integer_root,
    peak,
    select,
)

EVEN = list(range(0, 40, 2))


def test_first_at_least_of_every_item_is_its_place():
    assert [first_at_least(EVEN, item) for item in EVEN] == list(range(20))
    assert [first_at_least(EVEN, item - 1) for item in EVEN] == list(range(20))


def test_first_at_least_in_nothing():
    assert first_at_least([], 3) == 0


@pytest.mark.parametrize("size", range(1, 9))
def test_find_in_lists_of_every_size(size):
    items = EVEN[:size]
    assert [find(items, item) for item in items] == list(range(size))
    assert all(find(items, item + 1) == -1 for item in items)


def test_count_of_equal_items():
    assert count([7] * 12, 7) == 12
    assert count([7] * 12, 6) == 0
    assert count([1, 1, 2, 3, 3], 3) == 2


@pytest.mark.parametrize("turn", range(7))
def test_find_in_every_rotation(turn):
    items = [1, 2, 3, 5, 8, 13, 21]
    items = items[turn:] + items[:turn]
    assert [items[find_rotated(items, item)] for item in items] == items
    assert find_rotated(items, 4) == -1


@pytest.mark.parametrize("top", range(6))
def test_peak_at_every_place(top):
    assert peak([10 - abs(top - place) for place in range(6)]) == top


def test_select_sorts():
    items = [5, 3, 8, 3, 1, 9, 5, 5, 0]
    assert [select(items, rank) for rank in range(len(items))] == sorted(items)


def test_select_below_range():
    with pytest.raises(IndexError):
        select([1, 2], -1)


def test_integer_root_of_squares_and_neighbours():
    for root in range(2, 30):
        assert integer_root(root * root) == root
        assert integer_root(root * root - 1) == root - 1
        assert integer_root(root * root + 1) == root


def test_closest_takes_the_smaller_of_two():
    assert closest([1, 3, 5], 4) == 3
    assert closest([-6, 6], 0) == -6


def test_closest_at_the_ends():
    assert closest([5, 9], 1) == 5
    assert closest([5, 9], 9) == 9
    with pytest.raises(ValueError):
        closest([], 1)

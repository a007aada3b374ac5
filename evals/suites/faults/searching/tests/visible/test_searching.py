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


def test_first_at_least():
    assert first_at_least([1, 3, 3, 7], 3) == 1
    assert first_at_least([1, 3, 3, 7], 4) == 3
    assert first_at_least([1, 3, 3, 7], 8) == 4


def test_find_every_item():
    items = [2, 3, 5, 7, 11, 13]
    assert [find(items, item) for item in items] == [0, 1, 2, 3, 4, 5]


def test_find_nothing():
    assert find([2, 3, 5], 4) == -1
    assert find([], 4) == -1


def test_count():
    assert count([1, 2, 2, 2, 5], 2) == 3
    assert count([1, 2, 2, 2, 5], 4) == 0


def test_find_rotated():
    items = [6, 7, 9, 1, 3, 4]
    assert [find_rotated(items, item) for item in items] == [0, 1, 2, 3, 4, 5]
    assert find_rotated(items, 5) == -1


def test_peak():
    assert peak([1, 4, 9, 7, 2]) == 2
    assert peak([3, 2, 1]) == 0


def test_select_median():
    assert select([9, 1, 8, 2, 5], 2) == 5


def test_select_with_repeats():
    assert [select([4, 4, 1, 4, 9], rank) for rank in range(5)] == [1, 4, 4, 4, 9]


def test_select_out_of_range():
    with pytest.raises(IndexError):
        select([1, 2], 2)


def test_integer_root():
    assert [integer_root(n) for n in (0, 1, 3, 4, 24, 25)] == [0, 1, 1, 2, 4, 5]


def test_root_of_a_negative_number():
    with pytest.raises(ValueError):
        integer_root(-1)


def test_closest():
    assert closest([10, 20, 30], 24) == 20
    assert closest([10, 20, 30], 26) == 30
    assert closest([10, 20, 30], 25) == 20
    assert closest([10, 20, 30], 99) == 30

import pytest

from sorting import (
    counting,
    heap_sort,
    insertion,
    is_sorted,
    merge,
    merge_sort,
    quick,
    radix,
    shuffled,
)

ALL = [insertion, quick, merge_sort, heap_sort, counting, radix]
LISTS = [
    [],
    [7],
    [2, 1],
    [1, 1, 1],
    [5, 4, 3, 2, 1, 0],
    [10, 100, 1, 99, 11, 9],
    [31, 4, 15, 92, 65, 35, 89, 79, 32, 38, 4, 31],
]


@pytest.mark.parametrize("sort", ALL)
def test_every_sort_sorts(sort):
    for items in LISTS:
        assert sort(items) == sorted(items)


@pytest.mark.parametrize("sort", ALL)
def test_every_sort_returns_a_new_list(sort):
    items = [2, 3, 1, 2]
    assert sort(items) is not items
    assert items == [2, 3, 1, 2]


@pytest.mark.parametrize("seed", range(4))
def test_sorts_of_shuffled_lists(seed):
    items = shuffled(list(range(30)) + [7, 7, 12], seed)
    expected = sorted(items)
    assert quick(items) == heap_sort(items) == merge_sort(items) == expected


def test_insertion_keeps_equals_in_order():
    pairs = [(1, "x"), (0, "y"), (1, "a"), (0, "b")]
    assert insertion(pairs, key=lambda pair: pair[0]) == [(0, "y"), (0, "b"), (1, "x"), (1, "a")]


def test_merge_takes_the_rest_of_either_side():
    assert merge([1, 2], [8, 9]) == [1, 2, 8, 9]
    assert merge([8, 9], [1, 2]) == [1, 2, 8, 9]


def test_merge_of_equals():
    assert merge([2, 2], [2]) == [2, 2, 2]


def test_counting_of_negatives_only():
    assert counting([-3, -9, -3]) == [-9, -3, -3]


def test_radix_in_another_base():
    assert radix([256, 255, 16, 3], base=16) == [3, 16, 255, 256]
    assert radix([255, 16, 256, 17, 0], base=16) == [0, 16, 17, 255, 256]


def test_is_sorted_at_the_ends():
    assert is_sorted([])
    assert is_sorted([4, 4])
    assert not is_sorted([1, 2, 3, 0])


def test_shuffled_depends_on_the_seed_alone():
    items = list(range(50))
    assert shuffled(items, 3) == shuffled(items, 3)
    assert shuffled(items, 3) != shuffled(items, 4)

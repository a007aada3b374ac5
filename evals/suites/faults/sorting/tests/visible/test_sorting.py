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


def test_insertion():
    assert insertion([3, 1, 2]) == [1, 2, 3]
    assert insertion([]) == []


def test_insertion_with_a_key():
    assert insertion(["ccc", "zz", "a"], key=len) == ["a", "zz", "ccc"]


def test_insertion_is_stable():
    assert insertion(["b2", "a2", "b1", "a1"], key=lambda s: s[0]) == ["a2", "a1", "b2", "b1"]


def test_quick():
    assert quick([5, 2, 9, 1]) == [1, 2, 5, 9]


def test_quick_with_repeats():
    assert quick([3, 1, 3, 2, 3]) == [1, 2, 3, 3, 3]


def test_merge():
    assert merge([1, 4, 9], [2, 3]) == [1, 2, 3, 4, 9]
    assert merge([], [5]) == [5]


def test_merge_sort():
    assert merge_sort([8, 3, 5, 1, 9, 2]) == [1, 2, 3, 5, 8, 9]


def test_heap_sort():
    assert heap_sort([4, 10, 3, 5, 1, 8]) == [1, 3, 4, 5, 8, 10]


def test_counting_with_negative_numbers():
    assert counting([2, -1, 0, -1]) == [-1, -1, 0, 2]


def test_radix():
    assert radix([170, 45, 75, 90, 802, 24, 2, 66]) == [2, 24, 45, 66, 75, 90, 170, 802]


def test_radix_at_a_power_of_the_base():
    assert radix([101, 100, 10, 1000]) == [10, 100, 101, 1000]


def test_is_sorted():
    assert is_sorted([1, 2, 2, 3])
    assert not is_sorted([2, 1])


def test_input_is_left_alone():
    items = [3, 1, 2]
    for sort in (insertion, quick, merge_sort, heap_sort, counting, radix):
        sort(items)
    assert items == [3, 1, 2]


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_keeps_the_items(seed):
    items = list(range(10))
    assert sorted(shuffled(items, seed)) == items
    assert items == list(range(10))


def test_radix_with_one_long_number():
    assert radix([100, 10, 1, 9]) == [1, 9, 10, 100]

from itertools import combinations

import pytest

from sequences import (
    best_run,
    can_split,
    edit_distance,
    fewest_coins,
    knapsack,
    longest_common,
    longest_rising,
    ways_to_pay,
)


def test_common_with_itself():
    assert longest_common("abca", "abca") == list("abca")


@pytest.mark.parametrize(
    ("left", "right", "length"),
    [("programming", "gaming", 6), ("abcdef", "fedcba", 1), ("", "x", 0), ("aab", "azb", 2)],
)
def test_length_of_what_is_common(left, right, length):
    common = longest_common(left, right)
    assert len(common) == length
    for text in (left, right):
        rest = iter(text)
        assert all(letter in rest for letter in common)


@pytest.mark.parametrize(
    ("source", "target", "distance"),
    [("intention", "execution", 5), ("a", "b", 1), ("ab", "ba", 2), ("sunday", "saturday", 3)],
)
def test_edit_distance_both_ways(source, target, distance):
    assert edit_distance(source, target) == distance
    assert edit_distance(target, source) == distance


def test_distance_of_a_prefix():
    assert edit_distance("book", "books") == 1
    assert edit_distance("", "") == 0


def test_knapsack_agrees_with_trying_everything():
    items = [(3, 7), (1, 2), (4, 9), (2, 5), (5, 10)]
    for capacity in range(16):
        best = 0
        for size in range(len(items) + 1):
            for chosen in combinations(items, size):
                if sum(weight for weight, _ in chosen) <= capacity:
                    best = max(best, sum(value for _, value in chosen))
        assert knapsack(items, capacity) == best


def test_knapsack_without_room():
    assert knapsack([(1, 9)], 0) == 0
    assert knapsack([(1, 9)], 1) == 9


def test_ways_do_not_depend_on_the_order_of_coins():
    assert ways_to_pay(25, [10, 5, 25]) == ways_to_pay(25, [25, 10, 5]) == 4
    assert ways_to_pay(0, [3]) == 1


def test_fewest_coins_is_not_greedy():
    assert fewest_coins(30, [1, 10, 25]) == 3
    assert fewest_coins(63, [1, 5, 10, 21, 25]) == 3
    assert fewest_coins(1, [2]) is None


def test_rising_means_strictly():
    assert longest_rising([1, 2, 2, 3]) == 3
    assert longest_rising([]) == 0
    assert longest_rising([5, 4, 3]) == 1
    assert longest_rising([0, 8, 4, 12, 2, 10, 6, 14, 1, 9]) == 4


def test_run_may_be_everything_or_one():
    assert best_run([1, 2, 3]) == 6
    assert best_run([-5]) == -5
    assert best_run([3, -10, 4]) == 4
    assert best_run([5, -1, 5, -20, 8]) == 9


def test_can_split_repeats():
    assert can_split("aaaaaa", ("aa",))
    assert not can_split("aaaaa", ("aa",))
    assert can_split("", ("a",))


def test_can_split_backs_up():
    assert can_split("abcd", ("a", "abc", "b", "cd"))
    assert can_split("abcd", ("ab", "abc", "d"))
    assert not can_split("abcde", ("ab", "abc", "d"))

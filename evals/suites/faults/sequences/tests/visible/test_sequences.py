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


def test_longest_common():
    assert "".join(longest_common("headache", "archaeology")) == "ache"
    assert longest_common([1, 2, 3, 4], [2, 4, 6]) == [2, 4]


def test_nothing_in_common():
    assert longest_common("abc", "xyz") == []


def test_edit_distance():
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("flaw", "lawn") == 2
    assert edit_distance("books", "book") == 1


def test_edit_distance_to_nothing():
    assert edit_distance("", "abc") == 3
    assert edit_distance("abc", "") == 3


def test_equal_texts_have_no_distance():
    assert edit_distance("same", "same") == 0


def test_knapsack():
    assert knapsack([(5, 10), (4, 40), (6, 30), (3, 50)], 10) == 90


def test_knapsack_takes_each_item_once():
    assert knapsack([(2, 3)], 10) == 3


def test_ways_to_pay():
    assert ways_to_pay(10, [1, 2, 5]) == 10
    assert ways_to_pay(3, [2]) == 0


def test_fewest_coins():
    assert fewest_coins(6, [1, 3, 4]) == 2
    assert fewest_coins(7, [5, 4]) is None
    assert fewest_coins(0, [5]) == 0


def test_longest_rising():
    assert longest_rising([10, 9, 2, 5, 3, 7, 101, 18]) == 4
    assert longest_rising([7, 7, 7]) == 1


def test_best_run():
    assert best_run([-2, 1, -3, 4, -1, 2, 1, -5, 4]) == 6
    assert best_run([-3, -1, -2]) == -1


def test_best_run_of_nothing():
    with pytest.raises(ValueError):
        best_run([])


def test_can_split():
    assert can_split("catsanddogs", ("cat", "cats", "and", "dogs"))
    assert not can_split("catsandog", ("cats", "dog", "sand", "and", "cat"))

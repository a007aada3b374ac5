from puzzles import best_trade, common_prefix, islands, majority, parts, runs, steps_to_one
from puzzles import survivor, ways


def test_prefix():
    assert common_prefix(["stone", "stove", "stop"]) == "sto"
    assert common_prefix(["one"]) == "one"
    assert common_prefix(["one", "two"]) == ""
    assert common_prefix([]) == ""


def test_runs():
    assert runs("aabccc") == [("a", 2), ("b", 1), ("c", 3)]
    assert runs("") == []


def test_survivor():
    assert survivor(1, 3) == 0
    assert survivor(5, 2) == 2
    assert survivor(6, 3) == 0


def test_steps_to_one():
    assert steps_to_one(1) == 0
    assert steps_to_one(6) == 8


def test_ways():
    assert ways(1, 5) == 1
    assert ways(2, 2) == 2
    assert ways(3, 3) == 6


def test_islands():
    assert islands([[1, 1, 0], [0, 0, 0], [1, 0, 1]]) == 3
    assert islands([[0, 0]]) == 0


def test_trade():
    assert best_trade([7, 1, 5, 3, 6, 4]) == 5
    assert best_trade([5, 4, 1]) == 0
    assert best_trade([]) == 0


def test_majority():
    assert majority(["a", "b", "a"]) == "a"
    assert majority(["b", "a", "a"]) == "a"
    assert majority(["a", "b"]) is None
    assert majority([]) is None


def test_parts():
    assert parts(4, 4) == 5
    assert parts(3, 1) == 1
    assert parts(0, 3) == 1

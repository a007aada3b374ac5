from puzzles import best_trade, common_prefix, islands, majority, parts, runs, steps_to_one
from puzzles import survivor, ways


def test_prefixes():
    assert common_prefix(["ab", "abc", "abcd"]) == "ab"
    assert common_prefix(["abcd", "ab", "abx"]) == "ab"
    assert common_prefix(["", "a"]) == ""
    assert common_prefix(["abcd", "ax"]) == "a"
    assert common_prefix(["same", "same"]) == "same"


def test_runs_join_to_the_text():
    for text in ("a", "abab", "zzzz", "aabbaa", "mississippi"):
        assert "".join(letter * count for letter, count in runs(text)) == text
        assert all(one[0] != other[0] for one, other in zip(runs(text), runs(text)[1:]))


def test_survivors():
    assert [survivor(7, step) for step in (1, 2, 3, 4)] == [6, 6, 3, 1]
    assert survivor(41, 3) == 30
    assert survivor(2, 2) == 0


def test_steps_of_many():
    assert [steps_to_one(n) for n in range(1, 11)] == [0, 1, 7, 2, 5, 8, 16, 3, 19, 6]
    assert steps_to_one(27) == 111


def test_ways_of_many():
    assert [ways(2, n) for n in range(1, 6)] == [1, 2, 3, 4, 5]
    assert ways(4, 3) == 10
    assert ways(5, 5) == 70


def test_islands_of_shapes():
    assert islands([[1, 0], [0, 1]]) == 2
    assert islands([[1, 1, 1], [1, 0, 1], [1, 1, 1]]) == 1
    assert islands([[1, 0, 1], [1, 0, 1], [1, 1, 1]]) == 1
    assert islands([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) == 1


def test_trades():
    assert best_trade([2, 4, 1]) == 2
    assert best_trade([3, 2, 6, 5, 0, 3]) == 4
    assert best_trade([1, 2, 3, 4]) == 3
    assert best_trade([9]) == 0
    assert best_trade([0, 5, 0, 6]) == 6


def test_majorities():
    assert majority(["b", "a", "a"]) == "a"
    assert majority(["a", "a", "b", "b", "b"]) == "b"
    assert majority(["a", "b", "c"]) is None
    assert majority(["c"]) == "c"
    assert majority(["a", "a", "b", "b"]) is None


def test_parts_of_many():
    assert [parts(n, n) for n in range(1, 9)] == [1, 2, 3, 5, 7, 11, 15, 22]
    assert parts(10, 3) == 14
    assert parts(5, 2) == 3

import pytest

from intervals import Interval, busiest, covered, first_fit, gaps, merge


def spans(intervals):
    return [(i.start, i.end) for i in intervals]


def build(*pairs):
    return [Interval(*pair) for pair in pairs]


def test_end_before_start_is_refused():
    with pytest.raises(ValueError):
        Interval(5, 4)


def test_contains_start_but_not_end():
    interval = Interval(2, 5)
    assert interval.contains(2)
    assert interval.contains(4)
    assert not interval.contains(5)


def test_neighbours_do_not_overlap():
    assert not Interval(1, 3).overlaps(Interval(3, 6))
    assert not Interval(3, 6).overlaps(Interval(1, 3))
    assert Interval(1, 4).overlaps(Interval(3, 6))


def test_intersection():
    assert Interval(1, 8).intersection(Interval(5, 12)) == Interval(5, 8)
    assert Interval(1, 3).intersection(Interval(3, 6)) is None


def test_merge_joins_overlaps_and_neighbours():
    assert spans(merge(build((1, 3), (3, 5), (8, 9), (4, 6)))) == [(1, 6), (8, 9)]


def test_merge_of_a_nested_interval():
    assert spans(merge(build((1, 10), (2, 3)))) == [(1, 10)]


def test_merge_of_unsorted_input():
    assert spans(merge(build((8, 9), (1, 2)))) == [(1, 2), (8, 9)]


def test_covered_counts_points_once():
    assert covered(build((0, 5), (3, 8), (10, 11))) == 9


def test_gaps_between_and_around():
    assert spans(gaps(build((2, 3), (5, 7)), Interval(0, 10))) == [(0, 2), (3, 5), (7, 10)]


def test_gaps_ignore_what_lies_outside():
    assert spans(gaps(build((-5, -1), (2, 3), (12, 14)), Interval(0, 10))) == [(0, 2), (3, 10)]


def test_first_fit_takes_an_exact_gap():
    assert first_fit(build((2, 3), (5, 7)), Interval(0, 10), 2) == Interval(0, 2)
    assert first_fit(build((2, 3), (5, 7)), Interval(0, 10), 3) == Interval(7, 10)


def test_first_fit_may_find_nothing():
    assert first_fit(build((2, 3)), Interval(0, 5), 4) is None


def test_busiest():
    assert busiest(build((0, 5), (1, 3), (2, 4), (3, 6))) == 3

from intervals import Interval, busiest, covered, first_fit, gaps, merge


def test_length_of_an_empty_interval():
    assert Interval(4, 4).length == 0
    assert not Interval(4, 4).contains(4)


def test_overlap_is_symmetric():
    long, short = Interval(0, 10), Interval(4, 5)
    assert long.overlaps(short)
    assert short.overlaps(long)


def test_disjoint_intervals_have_no_intersection():
    assert Interval(0, 2).intersection(Interval(7, 9)) is None
    assert Interval(7, 9).intersection(Interval(0, 7)) is None


def test_intersection_of_nested_is_the_inner():
    assert Interval(0, 10).intersection(Interval(4, 5)) == Interval(4, 5)


def test_merge_of_nothing():
    assert merge([]) == []


def test_merge_chain():
    assert merge([Interval(n, n + 2) for n in (6, 2, 4, 0)]) == [Interval(0, 8)]


def test_merge_keeps_the_longer_end():
    pieces = [Interval(0, 20), Interval(1, 4), Interval(15, 18), Interval(30, 31)]
    assert merge(pieces) == [Interval(0, 20), Interval(30, 31)]


def test_covered_of_equal_intervals():
    assert covered([Interval(3, 9)] * 3) == 6
    assert covered([Interval(3, 9), Interval(4, 6)]) == 6


def test_no_gaps_when_all_is_taken():
    assert gaps([Interval(0, 4), Interval(4, 9)], Interval(0, 9)) == []
    assert gaps([Interval(-3, 20)], Interval(0, 9)) == []


def test_all_is_free_when_nothing_is_taken():
    assert gaps([], Interval(3, 9)) == [Interval(3, 9)]
    assert gaps([Interval(0, 2)], Interval(3, 9)) == [Interval(3, 9)]


def test_gaps_start_after_what_reaches_in():
    assert gaps([Interval(-2, 4), Interval(6, 7)], Interval(0, 9)) == [
        Interval(4, 6),
        Interval(7, 9),
    ]


def test_first_fit_in_an_empty_day():
    assert first_fit([], Interval(9, 17), 8) == Interval(9, 17)


def test_first_fit_after_a_late_meeting():
    taken = [Interval(9, 10), Interval(11, 15)]
    assert first_fit(taken, Interval(9, 17), 2) == Interval(15, 17)


def test_neighbours_are_not_busy_at_once():
    assert busiest([Interval(0, 1), Interval(1, 2), Interval(2, 3)]) == 1
    assert busiest([]) == 0

from datetime import date, datetime

import pytest

from planner import Calendar, add_months, add_working_days, is_working_day, repeat, working_days

FRIDAY = date(2024, 3, 1)
MONDAY = date(2024, 3, 4)


def at(hour, minute=0, day=4):
    return datetime(2024, 3, day, hour, minute)


@pytest.fixture
def calendar():
    calendar = Calendar(holidays=[date(2024, 3, 5)])
    calendar.book("stand-up", at(9), 30)
    calendar.book("review", at(10), 60)
    return calendar


def test_working_days_are_monday_to_friday():
    assert is_working_day(FRIDAY)
    assert not is_working_day(date(2024, 3, 2))
    assert not is_working_day(MONDAY, {MONDAY})


def test_add_working_days_skips_the_weekend():
    assert add_working_days(FRIDAY, 1) == MONDAY
    assert add_working_days(FRIDAY, 5) == date(2024, 3, 8)


def test_add_working_days_backwards():
    assert add_working_days(MONDAY, -1) == FRIDAY


def test_add_no_days():
    assert add_working_days(date(2024, 3, 2), 0) == date(2024, 3, 2)


def test_count_working_days():
    assert working_days(FRIDAY, MONDAY) == 2
    assert working_days(FRIDAY, FRIDAY) == 1


def test_add_months_at_the_end_of_a_month():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2023, 11, 15), 2) == date(2024, 1, 15)


def test_add_months_to_december():
    assert add_months(date(2023, 11, 30), 1) == date(2023, 12, 30)


def test_repeat_weekly():
    assert list(repeat(FRIDAY, "week", date(2024, 3, 15))) == [
        date(2024, 3, 1),
        date(2024, 3, 8),
        date(2024, 3, 15),
    ]


def test_repeat_monthly_keeps_the_day():
    assert list(repeat(date(2024, 1, 31), "month", date(2024, 3, 31))) == [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
    ]


def test_book_in_a_gap(calendar):
    calendar.book("call", at(9, 30), 30)
    assert [a.title for a in calendar.agenda(MONDAY)] == ["stand-up", "call", "review"]


def test_clash_is_refused(calendar):
    with pytest.raises(ValueError, match="review"):
        calendar.book("call", at(10, 59), 30)


def test_until_closing_time(calendar):
    assert calendar.book("late", at(16), 60).ends == at(17)
    with pytest.raises(ValueError, match="hours"):
        calendar.book("later", at(16, 30), 31)


def test_next_free(calendar):
    assert calendar.next_free(at(8), 30) == at(9, 30)
    assert calendar.next_free(at(8), 45) == at(11)


def test_next_free_skips_holidays(calendar):
    assert calendar.next_free(at(16), 120) == at(9, day=6)

from datetime import date, datetime

import pytest

from planner import Appointment, Calendar, add_months, add_working_days, repeat, working_days

XMAS = {date(2025, 12, 25), date(2025, 12, 26)}


def test_add_working_days_over_holidays():
    assert add_working_days(date(2025, 12, 24), 1, XMAS) == date(2025, 12, 29)
    assert add_working_days(date(2025, 12, 29), -1, XMAS) == date(2025, 12, 24)


def test_add_working_days_forth_and_back():
    start = date(2025, 6, 4)
    for count in range(1, 15):
        assert add_working_days(add_working_days(start, count), -count) == start


def test_working_days_of_a_month():
    assert working_days(date(2025, 12, 1), date(2025, 12, 31)) == 23
    assert working_days(date(2025, 12, 1), date(2025, 12, 31), XMAS) == 21


def test_no_working_days_on_a_weekend():
    assert working_days(date(2025, 6, 7), date(2025, 6, 8)) == 0
    assert working_days(date(2025, 6, 6), date(2025, 6, 8)) == 1
    assert working_days(date(2025, 6, 7), date(2025, 6, 9)) == 1


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 8, 31), 1, date(2025, 9, 30)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2025, 3, 10), -3, date(2024, 12, 10)),
        (date(2025, 12, 1), 12, date(2026, 12, 1)),
        (date(2025, 12, 5), 0, date(2025, 12, 5)),
    ],
)
def test_add_months(day, months, expected):
    assert add_months(day, months) == expected


def test_repeat_daily_includes_both_ends():
    days = list(repeat(date(2025, 2, 27), "day", date(2025, 3, 2)))
    assert [d.day for d in days] == [27, 28, 1, 2]


def test_repeat_on_a_leap_day():
    days = list(repeat(date(2024, 2, 29), "year", date(2028, 12, 31)))
    assert days[1] == date(2025, 2, 28)
    assert days[-1] == date(2028, 2, 29)


def test_repeat_monthly_on_the_thirtieth():
    days = list(repeat(date(2025, 1, 30), "month", date(2025, 4, 30)))
    assert [d.day for d in days] == [30, 28, 30, 30]


def test_repeat_weekly_over_a_month_end():
    days = list(repeat(date(2025, 6, 26), "week", date(2025, 7, 9)))
    assert days == [date(2025, 6, 26), date(2025, 7, 3)]


def test_repeat_of_something_else():
    with pytest.raises(ValueError):
        list(repeat(date(2025, 1, 1), "decade", date(2025, 1, 2)))


def test_clash_is_symmetric():
    long = Appointment("long", datetime(2025, 6, 2, 9), 180)
    short = Appointment("short", datetime(2025, 6, 2, 10), 15)
    after = Appointment("after", datetime(2025, 6, 2, 12), 15)
    assert long.clashes(short)
    assert short.clashes(long)
    assert not long.clashes(after)
    assert not after.clashes(long)


def test_bookings_right_after_each_other():
    calendar = Calendar()
    calendar.book("b", datetime(2025, 6, 2, 12), 60)
    calendar.book("a", datetime(2025, 6, 2, 11), 60)
    assert [a.title for a in calendar.agenda(date(2025, 6, 2))] == ["a", "b"]


@pytest.mark.parametrize(
    ("starts", "minutes"),
    [
        (datetime(2025, 6, 2, 8, 59), 10),
        (datetime(2025, 6, 2, 16, 50), 11),
        (datetime(2025, 6, 7, 10), 10),
        (datetime(2025, 6, 9, 10), 10),
    ],
)
def test_bookings_that_are_refused(starts, minutes):
    with pytest.raises(ValueError):
        Calendar([date(2025, 6, 9)]).book("no", starts, minutes)


def test_booking_may_end_when_the_office_closes():
    assert Calendar().book("yes", datetime(2025, 6, 2, 9), 480).minutes == 480


def test_next_free_after_chained_bookings():
    calendar = Calendar()
    for hour in (9, 10, 11):
        calendar.book(str(hour), datetime(2025, 6, 2, hour), 60)
    assert calendar.next_free(datetime(2025, 6, 2, 9, 30), 60) == datetime(2025, 6, 2, 12)


def test_next_free_on_the_next_monday():
    calendar = Calendar()
    assert calendar.next_free(datetime(2025, 6, 6, 16, 30), 45) == datetime(2025, 6, 9, 9)
    calendar = Calendar([date(2025, 6, 9), date(2025, 6, 10)])
    assert calendar.next_free(datetime(2025, 6, 6, 16, 30), 45) == datetime(2025, 6, 11, 9)
    assert calendar.next_free(datetime(2025, 6, 6, 16, 30), 30) == datetime(2025, 6, 6, 16, 30)

"""Office hours, working days and recurring appointments."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

OPENS = time(9)
CLOSES = time(17)
SATURDAY = 5


@dataclass(frozen=True)
class Appointment:
    title: str
    starts: datetime
    minutes: int

    @property
    def ends(self):
        return self.starts + timedelta(minutes=self.minutes)

    def clashes(self, other):
        return self.starts < other.ends and other.starts < self.ends


def is_working_day(day, holidays=()):
    return day.weekday() < SATURDAY and day not in holidays


def add_working_days(day, count, holidays=()):
    """The day that lies `count` working days after `day`, or before it where `count` is negative."""
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        if is_working_day(day, holidays):
            left -= 1
    return day


def working_days(since, until, holidays=()):
    """How many working days there are from `since` to `until`, both counted."""
    days = (until - since).days + 1
    return sum(is_working_day(since + timedelta(days=n), holidays) for n in range(days))


def add_months(day, months):
    """The same day some months later; the last of the month where it is too short."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def repeat(first, every, until):
    """Days from `first` to `until`: every "day", "week", "month" or "year"."""
    day, count = first, 0
    while day <= until:
        yield day
        count += 1
        if every == "day":
            day = first + timedelta(days=count)
        elif every == "week":
            day = first + timedelta(weeks=count)
        elif every == "month":
            day = add_months(first, count)
        elif every == "year":
            day = add_months(first, 12 * count)
        else:
            raise ValueError(f"cannot repeat every {every}")


class Calendar:
    def __init__(self, holidays=()):
        self.holidays = set(holidays)
        self.appointments = []

    def book(self, title, starts, minutes):
        """Book an appointment within the office hours of a working day, or raise ValueError."""
        wanted = Appointment(title, starts, minutes)
        if not is_working_day(starts.date(), self.holidays):
            raise ValueError("not a working day")
        closing = datetime.combine(starts.date(), CLOSES)
        if starts.time() < OPENS or wanted.ends > closing:
            raise ValueError("outside of office hours")
        for booked in self.appointments:
            if wanted.clashes(booked):
                raise ValueError(f"clashes with {booked.title}")
        self.appointments.append(wanted)
        self.appointments.sort(key=lambda appointment: appointment.starts)
        return wanted

    def agenda(self, day):
        return [a for a in self.appointments if a.starts.date() == day]

    def next_free(self, after, minutes):
        """The earliest start from `after` on at which `minutes` are free, in office hours."""
        start = after
        while True:
            day = start.date()
            opening = datetime.combine(day, OPENS)
            closing = datetime.combine(day, CLOSES)
            start = max(start, opening)
            if is_working_day(day, self.holidays):
                for booked in self.agenda(day):
                    if Appointment("", start, minutes).clashes(booked):
                        start = booked.ends
                if start + timedelta(minutes=minutes) <= closing:
                    return start
            start = opening + timedelta(days=1)

"""Quiet hours hold back what can wait, and nothing that cannot."""

from datetime import UTC, datetime, timedelta

import pytest

from control.hours import Hours, QuietHours
from core.errors import ConfigError
from core.incidents import Severity


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, 1, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "moment", "held"),
    [
        ("22:00-07:00", at(23), True),
        ("22:00-07:00", at(6, 59), True),
        ("22:00-07:00", at(7), False),
        ("22:00-07:00", at(21, 59), False),
        ("12:00-13:00", at(12, 30), True),
        ("12:00-13:00", at(13), False),
        ("22:00-07:00 Europe/Berlin", at(20, 30), True),
        ("22:00-07:00 Europe/Berlin", at(5, 30), False),
    ],
)
def test_a_span_holds_in_its_zone_and_over_midnight(
    span: str, moment: datetime, held: bool
) -> None:
    quiet = QuietHours.parse(span)
    assert quiet
    assert quiet.hold(Severity.P3, moment) is held
    assert quiet.hold(None, moment) is held
    assert not quiet.hold(Severity.P0, moment)
    assert not quiet.hold(Severity.P1, moment)


@pytest.mark.parametrize("span", ["22-7", "25:00-07:00", "22:00-07:00 Mars/Olympus", "always"])
def test_what_is_no_span_is_refused_with_an_example(span: str) -> None:
    with pytest.raises(ConfigError, match="22:00-07:00"):
        QuietHours.parse(span)


def test_without_quiet_hours_nothing_is_held() -> None:
    assert QuietHours.parse(" ") is None
    assert not Hours().held(Severity.P4, at(3))


def test_a_span_is_said_as_people_say_it() -> None:
    assert Hours.said(timedelta(minutes=30)) == "30 minutes"
    assert Hours.said(timedelta(hours=3)) == "3 hours"

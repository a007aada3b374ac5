"""Questions expire in their time, and not because a clock was set."""

from pathlib import Path

import pytest

from control.expiry import BELIEVED_AFTER, SteadyTime
from tests.fakes.clock import START, FakeClock

DAY_S = 86_400.0


def test_time_that_passes_is_time() -> None:
    clock = FakeClock()
    time = SteadyTime(clock)
    clock.advance(DAY_S)
    assert time.now() == clock.now()


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
def test_a_jump_of_a_day_hurries_nothing(jump_s: float) -> None:
    clock = FakeClock()
    time = SteadyTime(clock)
    clock.step(jump_s)
    clock.advance(60)
    assert time.now() <= START.replace(minute=1)
    clock.step(-jump_s)
    clock.advance(60)
    assert time.now() == START.replace(minute=2)


def test_small_corrections_are_followed() -> None:
    clock = FakeClock()
    time = SteadyTime(clock)
    for _ in range(10):
        clock.step(50)
        assert time.now() == clock.now()


def test_a_time_that_stays_is_believed(tmp_path: Path) -> None:
    clock = FakeClock()
    time = SteadyTime(clock)
    clock.step(3 * DAY_S)
    assert time.now() == START
    clock.advance(BELIEVED_AFTER.total_seconds())
    assert time.now() == clock.now()

"""A server that fails is left alone, then tried with care; and how long is waited."""

import pytest

from agents.models.breaker import Breaker
from agents.models.patience import Patience
from tests.fakes.clock import FakeClock


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with breaker.trial() as trial:
            trial.failed("HTTP 500")


def answer(breaker: Breaker) -> None:
    with breaker.trial() as trial:
        trial.answered()


def test_five_failures_open_it_for_a_minute_and_two_successes_close_it() -> None:
    clock = FakeClock()
    breaker = Breaker(clock)
    fail(breaker, 4)
    assert (breaker.state, breaker.wait_s) == ("closed", 0)
    fail(breaker)
    assert (breaker.state, breaker.wait_s) == ("open", 60)
    clock.advance(59)
    assert (breaker.state, breaker.wait_s) == ("open", 1)
    clock.advance(1)
    answer(breaker)
    assert (breaker.state, breaker.wait_s) == ("half-open", 0)
    answer(breaker)
    assert (breaker.state, breaker.since) == ("closed", None)
    fail(breaker, 4)
    assert breaker.state == "closed"


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(FakeClock())
    fail(breaker, 4)
    answer(breaker)
    fail(breaker, 4)
    assert breaker.state == "closed"


def test_half_open_one_tries_at_a_time_and_a_failure_opens_it_again() -> None:
    clock = FakeClock()
    breaker = Breaker(clock)
    fail(breaker, 5)
    clock.advance(60)
    with breaker.trial() as trial:
        assert breaker.wait_s > 0
        trial.failed("HTTP 500")
    assert (breaker.state, breaker.wait_s) == ("open", 60)


def test_a_trial_that_says_nothing_gives_the_turn_to_the_next() -> None:
    clock = FakeClock()
    breaker = Breaker(clock)
    fail(breaker, 5)
    clock.advance(60)
    with breaker.trial():
        pass
    assert (breaker.state, breaker.wait_s) == ("half-open", 0)


def test_what_was_under_way_when_it_opened_changes_nothing() -> None:
    clock = FakeClock()
    breaker = Breaker(clock)
    with breaker.trial() as late, breaker.trial() as later:
        fail(breaker, 5)
        clock.advance(30)
        late.failed("HTTP 500")
        later.answered()
    assert (breaker.state, breaker.wait_s) == ("open", 30)


def test_health_says_since_when_and_until_when() -> None:
    clock = FakeClock()
    breaker = Breaker(clock)
    assert breaker.about() == {"state": "closed", "failures": 0}
    fail(breaker, 5)
    assert breaker.about() == {
        "state": "open",
        "failures": 5,
        "since": "2026-03-01T12:00:00+00:00",
        "reason": "HTTP 500",
        "tried_again_at": "2026-03-01T12:01:00+00:00",
    }


def test_pauses_double_to_their_cap_under_full_jitter() -> None:
    patience = Patience(retries=6, base_s=5.0, max_s=60.0)
    for failures, bound in enumerate((5, 10, 20, 40, 60, 60), 1):
        drawn = [patience.pause(failures) or 0.0 for _ in range(300)]
        assert all(0 <= pause <= bound for pause in drawn)
        assert min(drawn) < 0.2 * bound < 0.8 * bound < max(drawn)
    assert patience.pause(7) is None


@pytest.mark.parametrize("asked", [0.0, 3.0, 90.0])
def test_what_a_server_asks_for_is_the_least(asked: float) -> None:
    pauses = [Patience().pause(1, asked) for _ in range(50)]
    assert all(pause is not None and asked <= pause <= asked + 5 for pause in pauses)


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    assert Patience().pause(1, 3600.0) is None

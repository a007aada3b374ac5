"""Buckets give what they promise, to each name apart, in bounded memory."""

import pytest

from api.limits import Buckets
from tests.fakes.clock import FakeClock


def test_a_full_minute_is_given_at_once_and_then_refilled_steadily() -> None:
    clock = FakeClock()
    buckets = Buckets(60, clock.monotonic)
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert buckets.take("a") == pytest.approx(1.0)
    clock.advance(0.5)
    assert buckets.take("a") == pytest.approx(0.5)
    clock.advance(0.5)
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0


def test_waiting_long_saves_no_more_than_a_minute() -> None:
    clock = FakeClock()
    buckets = Buckets(60, clock.monotonic)
    buckets.take("a")
    clock.advance(86_400)
    given = [buckets.take("a") == 0.0 for _ in range(61)]
    assert given == [True] * 60 + [False]


def test_names_do_not_share() -> None:
    buckets = Buckets(1, FakeClock().monotonic)
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0.0


def test_only_so_many_names_are_remembered() -> None:
    buckets = Buckets(1, FakeClock().monotonic, names_max=100)
    for number in range(10_000):
        buckets.take(f"2001:db8::{number:x}")
    assert len(buckets) == 100

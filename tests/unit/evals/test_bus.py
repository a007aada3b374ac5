"""The measurement of the bus finds what is lost, and that nothing is."""

from array import array

import bootstrap
from evals import bus
from evals.bus import Bus, Ear
from evals.overhead import Spread


async def test_a_few_listeners_hear_all_over_a_kill() -> None:
    found = await bus.run(bootstrap.scripted, listeners=3, tasks=2)
    assert (found.missed, found.resyncs) == (0, 0)
    assert found.events > 60
    assert found.lag.times
    assert "lost over a kill        0 events" in bus.table(found)


def test_what_is_lost_doubled_or_out_of_order_is_counted() -> None:
    def missed(*heard: int) -> int:
        return bus._missed(Ear(after=3, heard=array("q", heard)), 6)

    assert missed(4, 5, 6) == 0
    assert missed(4, 6) == 1
    assert missed(4, 5, 5, 6) == 1
    assert missed(4, 6, 5) == 1
    assert missed() == 3


def test_bars_are_kept_only_where_nothing_is_lost_and_nobody_is_late() -> None:
    def found(lag_s: float = 0.1, missed: int = 0, resyncs: int = 0) -> Bus:
        return Bus(1, 1, 1, Spread([lag_s]), 1.0, 1.0, missed, resyncs)

    assert found().ok
    for bad in (found(lag_s=9.0), found(missed=1), found(resyncs=1)):
        assert not bad.ok
        assert bus.table(bad).endswith("NOT KEPT")

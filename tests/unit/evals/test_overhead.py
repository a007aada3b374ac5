"""The measurement of orchestration, over a few tasks: it measures what it says."""

import time
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from core.errors import EnvironmentUnprepared, SandboxUnavailable
from evals import latency, overhead
from evals.latency import Latency, Walk
from evals.overhead import READY_BAR_S, RESUMED_BAR_S, Overhead, Spread, Start


async def test_a_small_measurement_holds_together() -> None:
    begun = time.monotonic()
    found = await overhead.run(bootstrap.scripted, n=4, running=2, decisions=4)
    took = time.monotonic() - begun
    assert len(found.alone.times) == 4
    assert (len(found.here.times), len(found.elsewhere.times)) == (2, 2)
    for spread in (found.alone, found.here, found.elsewhere, found.published):
        assert all(0 < seconds < took for seconds in spread.times)
    assert 0 < found.restarted.imports_s < found.restarted.ready_s < found.recovered_s < took
    assert all(start.rss_mb > 20 for start in (found.empty, found.restarted))
    assert {"anton.db", "checkpoints.db", "events.db"} <= found.sizes_mb.keys()
    told = overhead.table(found)
    assert "figures of orchestration only" in told
    assert "4 waiting for approval, 2 killed at work" in told


def test_a_spread_names_what_most_stay_within() -> None:
    spread = Spread([number / 1000 for number in range(1, 101)])
    assert (spread.at(0.5), spread.at(0.95), spread.at(1.0)) == (0.051, 0.096, 0.1)
    assert str(spread) == "p50 51 ms, p95 96 ms, max 100 ms (N=100)"
    assert str(Spread([])) == "p50 0 ms, p95 0 ms, max 0 ms (N=0)"


def test_a_bar_that_is_not_kept_is_told() -> None:
    kept, slow = Spread([RESUMED_BAR_S / 2]), Spread([RESUMED_BAR_S])
    quick, late = Start(1.0, 0.5, 80.0), Start(READY_BAR_S, 0.5, 80.0)

    def measured(restarted: Start, elsewhere: Spread) -> Overhead:
        return Overhead(
            waiting=1,
            running=0,
            alone=kept,
            tasks_per_s=1.0,
            steps_per_s=9.0,
            empty=quick,
            restarted=restarted,
            recovered_s=1.0,
            here=kept,
            elsewhere=elsewhere,
            published=kept,
        )

    assert measured(quick, kept).ok
    assert not measured(late, kept).ok
    assert not measured(quick, slow).ok
    assert overhead.table(measured(quick, slow)).endswith("NOT KEPT")


def test_the_critical_path_has_the_longer_branch_and_the_tests_that_are_waited_for() -> None:
    walk = Walk(20.0, 1.0, latency_s=2.0, seconds_of={"diagnose": 1.0, "reproduce": 4.0, "qa": 3.0})
    assert walk.models_s == 10.0
    assert walk.critical_s == 2.0 * 3 + max(2 * 2.0 + 1.0, 2.0 + 4.0) + 3.0
    found = Latency(unpaced=walk, at_once=walk, one_by_one=walk)
    assert found.ratio == 21.0 / 15.0
    assert not found.ok
    assert latency.table(found).endswith("NOT KEPT")
    assert "figures of orchestration only" in latency.table(found)


@pytest.mark.slow
@pytest.mark.needs_bubblewrap
async def test_a_paced_repair_waits_for_the_longest_branch_alone(tmp_path: Path) -> None:
    settings, _ = load_settings(data_dir=tmp_path)
    try:
        async with bootstrap.benches(settings) as bench:
            found = await latency.run(bootstrap.scripted, bench, latency_s=1.0)
    except (SandboxUnavailable, EnvironmentUnprepared) as error:
        pytest.skip(f"the demo service cannot be tested here: {error}")
    walk = found.at_once
    assert walk.seconds_of.keys() == {"diagnose", "reproduce", "qa"}
    assert walk.critical_s < walk.wall_s
    assert found.unpaced.critical_s < found.unpaced.wall_s
    assert found.one_by_one.seconds_of.keys() == walk.seconds_of.keys()

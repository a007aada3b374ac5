"""The measurement of the log of model calls, over a few of them."""

from dataclasses import replace

from evals import call_log
from evals.call_log import QUERY_BAR_S
from observability.interactions.queries import queries


async def test_a_small_measurement_asks_everything_and_tells_it() -> None:
    found = await call_log.run(calls=300)
    assert set(found.queries_s) | {"forget"} == set(queries())
    assert found.bytes_per_call > found.prompt_chars
    told = call_log.table(found)
    assert "300 calls with 1,512 characters each" in told
    assert found.ok


async def test_a_slow_query_is_told() -> None:
    found = await call_log.run(calls=10)
    slow = replace(found, queries_s={**found.queries_s, "costs": QUERY_BAR_S})
    assert not slow.ok
    assert "NOT KEPT" in call_log.table(slow)

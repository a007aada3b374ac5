"""What goes on beside the tasks of a house goes on, whatever came in its way."""

import asyncio
import re
from pathlib import Path

import pytest

from control.anton import Anton
from control.chores import PAUSE_S
from core.events import Notice
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until
from tests.workflows.house import house

STEP = Notice(type="node", data={"node": "qa", "state": "finished", "ms": 5})


async def counted(anton: Anton) -> int:
    """How many steps the figures know of."""
    figures, _ = await anton.metrics(0)
    found = re.search(rb'node_seconds_count\{node="qa",state="finished"\} (\d+)', figures)
    return int(found[1]) if found else 0


async def go_on(anton: Anton) -> None:
    """Tell of steps until one is counted."""
    before = await counted(anton)
    async with asyncio.timeout(60):
        while await counted(anton) == before:
            await anton.events.append(STEP)
            await asyncio.sleep(0.01)


async def test_figures_are_counted_again_after_an_event_that_nobody_understands(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    async with house(tmp_path, clock=clock) as here:
        await here.anton.start()
        await go_on(here.anton)
        await here.anton.events.append(Notice(type="llm_end", data={"ms": "odd"}))
        await until(lambda: "Meter.run broke" in caplog.text)
        clock.advance(PAUSE_S)
        await go_on(here.anton)

"""A fault in a chore costs its next seconds, and not all that it would have done."""

import asyncio

import pytest

from control.chores import PAUSE_S, steady
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until


async def test_a_chore_that_breaks_is_told_of_and_begins_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, begun, done = FakeClock(), 0, asyncio.Event()

    async def tidy() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise ValueError("an odd row")
        done.set()

    async def broke(times: int) -> None:
        await until(lambda: len(clock.slept) == times)
        assert (begun, clock.slept[-1]) == (times, PAUSE_S)
        clock.advance(PAUSE_S)

    running = asyncio.create_task(steady(tidy, clock)())
    await broke(1)
    await broke(2)
    await asyncio.wait_for(running, 10)
    assert done.is_set() and begun == 3
    assert "tidy broke" in caplog.text and "an odd row" in caplog.text


async def test_a_chore_that_is_cancelled_ends() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(steady(wait, FakeClock())())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

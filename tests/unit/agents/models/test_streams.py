"""A stream is left at once by whoever is told to, however fast it runs."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from agents.models.streams import Deadlines, Draft, gather


async def endless() -> AsyncIterator[Any]:
    """Pieces of a reply that come as fast as they are asked for."""
    while True:
        await asyncio.sleep(0)
        yield SimpleNamespace(choices=[])


@pytest.mark.parametrize("ticks", range(12))
async def test_a_cancel_between_two_pieces_is_not_lost(ticks: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(20):
        reading = asyncio.create_task(gather(endless(), Draft(), Deadlines(), loop.time()))
        for _ in range(ticks):
            await asyncio.sleep(0)
        reading.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        left = reading.done()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert left

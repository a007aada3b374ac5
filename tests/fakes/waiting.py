"""Waiting for what comes by itself."""

import asyncio
from collections.abc import Callable


async def until(reached: Callable[[], object], seconds: float = 60.0) -> None:
    """Return as soon as a condition holds; fails when it does not in time."""
    for _ in range(round(seconds / 0.002)):
        if reached():
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"it did not come about in {seconds:g} s")

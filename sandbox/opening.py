"""Opening a sandbox to the end, even for somebody who no longer waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from core.ports import Sandbox


async def opened(opening: Coroutine[Any, Any, Sandbox]) -> Sandbox:
    """The sandbox that `opening` gives; when cancelled, it is opened all the same and closed.

    asyncio itself may wait for ever for a process that is cancelled while its pipes are connected.
    """
    task = asyncio.create_task(opening)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.shield(_undo(task))
        raise


async def _undo(task: asyncio.Task[Sandbox]) -> None:
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None:
        await task.result().close()

"""Houses to try things out in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bootstrap.faces import rest
from bootstrap.house import build
from bootstrap.minds import Thinking
from bootstrap.people import listening
from config import load_settings
from control.anton import Anton


async def scripted(
    data_dir: Path, thinking: Thinking, *, at_once: int, drives: bool = True
) -> Anton:
    """Anton over a folder of his own, with given thinking: for measurements of the rest."""
    settings, _ = load_settings(data_dir=data_dir, max_concurrent_tasks=at_once)
    return await build(settings, drives=drives, thinking=thinking)


@asynccontextmanager
async def inhabited(
    data_dir: Path, thinking: Thinking, **chosen: Any
) -> AsyncIterator[tuple[Anton, str]]:
    """Anton at work behind all his faces, as `serve` has him, and the address of his API."""
    from api.server import Server, listen

    settings, _ = load_settings(data_dir=data_dir, port=0, **chosen)
    with listen("127.0.0.1", 0) as socket:
        anton = await build(settings, thinking=thinking)
        await anton.start()
        server = Server(rest(settings, anton), (), lambda: None)
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            async with listening(settings, anton):
                yield anton, f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
            await anton.stop(drain_s=5.0)


async def furnished(**chosen: Any) -> Anton:
    """Anton as some settings have him, over those of the environment: for measurements."""
    settings, _ = load_settings(**chosen)
    return await build(settings)

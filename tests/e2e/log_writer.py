"""A process that logs model calls without end, and says of which it knows that they are safe."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from core import figures
from core.errors import StoreError
from core.ports import InteractionLog
from observability.clock import SystemClock
from observability.interactions import log_class
from observability.redaction import Redactor
from tests.contracts.test_interactions import call
from tests.fakes.bigquery_server import PROJECT

BATCH = 7


async def _open(folder: Path, cloud: str) -> InteractionLog:
    given: dict[str, Any] = {"clock": SystemClock(), "redactor": Redactor()}
    if cloud:
        from observability.interactions.cloud import Place

        place = Place(PROJECT, "agent_system", 10**9, emulator=cloud)
        given |= {"place": place, "uploads": True}
    opened: InteractionLog = await log_class("bigquery" if cloud else "sqlite").open(
        folder, **given
    )
    return opened


async def _write(folder: Path, cloud: str, life: str) -> None:
    log = await _open(folder, cloud)
    number = 0
    while True:
        ids = [f"{life}-{number + n:05}" for n in range(BATCH)]
        number += BATCH
        for interaction_id in ids:
            log.record(call(interaction_id=interaction_id))
        await log.flush()
        print(*ids, flush=True)
        with suppress(StoreError):
            await log.ask(figures.latest(1))


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))

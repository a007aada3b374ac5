"""The latest model calls, from as little of the log as holds them: BigQuery bills what it reads."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from core.figures import BEGINNING, LoggedCall, Query
from core.ports import InteractionLog

LATELY = timedelta(days=7)


async def recent(
    log: InteractionLog, wanted: Callable[[datetime], Query[LoggedCall]], limit: int, now: datetime
) -> Sequence[LoggedCall]:
    """What `wanted` gives of the last days, and of all time where that is less than `limit`."""
    found = await log.ask(wanted(now - LATELY))
    return found if len(found) >= limit else await log.ask(wanted(BEGINNING))

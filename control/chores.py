"""What goes on beside the tasks: a chore that breaks is told of, and begins anew."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from core.ports import Clock

log = logging.getLogger(__name__)

PAUSE_S = 30.0

Chore = Callable[[], Coroutine[Any, Any, None]]
"""Goes on as long as the house works, until it is cancelled."""


def steady(chore: Chore, clock: Clock) -> Chore:
    """The chore, begun anew after a pause whenever it breaks; one that returns is done."""

    async def run() -> None:
        while True:
            try:
                await chore()
                return
            except Exception:  # nobody else would hear of it, and it would not go on
                name = getattr(chore, "__qualname__", "a chore")
                log.exception("%s broke, and begins anew in %g s", name, PAUSE_S)
            await clock.sleep(PAUSE_S)

    return run

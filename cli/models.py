"""What `doctor` tells of models: which serves which role, why, and what it can do."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import groupby

from agents.models import probe
from agents.models.health import Row, ability, table
from agents.models.providers import OFFLINE
from agents.models.roster import Roster
from cli.screen import Screen
from config import Settings
from core.errors import AntonError
from core.models import Capabilities

Opened = Callable[
    [Settings],
    AbstractAsyncContextManager[tuple[Roster, Callable[[str], Awaitable[Capabilities]]]],
]


async def models(
    opened: Opened, settings: Settings, screen: Screen, *, probing: bool
) -> AsyncIterator[tuple[str, str, str, str]]:
    """Name, level, words and remedy of each finding; with `probing` each model is tried first.

    What a probe costs at most is said before the first request is sent.
    """
    try:
        async with opened(settings) as (roster, tried):
            for name in roster.lines if probing else ():
                screen.note(await _announced(roster, name))
                roster.capabilities[name] = await tried(name)
                screen.note(f"{name}: {ability(roster.shown(name))}")
            for warning in roster.warnings:
                yield "models", "warning", warning, ""
            for finding in _rows(table(roster)):
                yield finding
    except AntonError as error:
        yield "models", "error", error.message, error.remedy or ""


async def _announced(roster: Roster, name: str) -> str:
    cost = await probe.cost_of(roster.lines[name])
    price = "price unknown" if cost.cost_usd is None else f"${cost.cost_usd:.4f}"
    return f"probing {name}: {cost.calls} calls, at most {cost.tokens:,} tokens, {price}"


def _rows(rows: Sequence[Row]) -> Iterator[tuple[str, str, str, str]]:
    """One line for all roles with the same model and reason."""
    for (model, reason), group in groupby(rows, key=lambda row: (row.model, row.reason)):
        same = list(group)
        roles = ", ".join(row.role for row in same)
        if model == OFFLINE:
            yield "models", "ok", f"the offline engine for {roles}: {reason}", ""
            continue
        words = f"{model} for {roles}: {reason}; {same[0].ability}; {same[0].price}"
        remedy = "" if "not probed" not in words else "python main.py doctor --probe"
        yield "models", "ok", words, remedy

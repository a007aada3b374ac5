"""The latest calls are looked for where they most likely are, and everywhere if need be."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from control.recent import LATELY, recent
from core import figures
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.contracts.test_interactions import call, fill
from tests.fakes.clock import START, FakeClock


async def test_all_of_the_log_is_read_only_where_the_last_days_hold_too_few(tmp_path: Path) -> None:
    log = await SqliteInteractionLog.open(tmp_path, clock=FakeClock(), redactor=Redactor())
    now = START + 2 * LATELY
    await fill(log, call(response="old"), call(ended_at=now - timedelta(days=1), response="new"))
    asked = []

    def wanted(since: Any) -> Any:
        asked.append(since)
        return figures.latest(2, since=since)

    assert [one.response for one in await recent(log, wanted, 1, now)] == ["new"]
    assert asked == [now - LATELY]
    assert [one.response for one in await recent(log, wanted, 2, now)] == ["new", "old"]
    assert asked[1:] == [now - LATELY, figures.BEGINNING]
    await log.close()

"""What holds when the file of the log cannot be written."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core import figures
from core.errors import StoreUnusable
from observability.interactions.buffer import PAUSE_S
from observability.interactions.sqlite import FILE_NAME, SqliteInteractionLog
from observability.redaction import Redactor
from tests.contracts.test_interactions import call
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until


async def test_a_file_that_is_locked_holds_nobody_up_and_gets_all_rows_later(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    log = await SqliteInteractionLog.open(
        tmp_path, clock=clock, redactor=Redactor(), busy_timeout_s=0.05
    )
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for n in range(10):
            log.record(call(n, interaction_id=f"{n}"))
        await until(lambda: "locked by another process" in log.health().trouble)
        async with asyncio.timeout(30):
            await log.flush()
        assert log.health().waiting == 10
        other.execute("ROLLBACK")
    clock.advance(PAUSE_S)
    await until(lambda: not log.health().waiting)
    assert log.health().trouble == ""
    assert len(await log.ask(figures.latest(100))) == 10
    await log.close()


async def test_a_file_that_is_no_database_ends_the_start_and_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(b"these are notes of somebody" * 100)
    with pytest.raises(StoreUnusable, match="corrupt"):
        await SqliteInteractionLog.open(tmp_path, clock=FakeClock(), redactor=Redactor())
    assert file.read_bytes().startswith(b"these are notes")

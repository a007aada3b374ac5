"""The log of model calls after kill -9: no row is lost that was safe, and none is there twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from core import figures
from observability.interactions.bigquery import BigQueryInteractionLog
from observability.interactions.cloud import Place
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.conftest import ROOT
from tests.fakes.bigquery_server import PROJECT, BigQueryServer, Fault
from tests.fakes.clock import FakeClock

BATCHES = 4
"""After so many a life may end, wherever it is by then."""


class Life:
    """A process that logs, until it is killed."""

    def __init__(self, folder: Path, cloud: str, name: str) -> None:
        command = [sys.executable, "-m", "tests.e2e.log_writer", str(folder), cloud, name]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.safe: list[str] = []

    def see(self, batches: int) -> None:
        """Wait for batches that are safe."""
        assert self._process.stdout
        for _ in range(batches):
            line = self._process.stdout.readline()
            assert line, "it ended by itself"
            self.safe += line.split()

    def kill(self) -> list[str]:
        """SIGKILL; the ids of all rows that it called safe."""
        self._process.kill()
        rest, _ = self._process.communicate()
        whole = rest[: rest.rfind("\n") + 1]
        return self.safe + whole.split()


async def test_rows_in_sqlite_outlast_a_kill(tmp_path: Path) -> None:
    life = Life(tmp_path, "", "a")
    life.see(BATCHES)
    safe = life.kill()
    log = await SqliteInteractionLog.open(tmp_path, clock=FakeClock(), redactor=Redactor())
    found = [row.id for row in await log.ask(figures.latest(100_000))]
    await log.close()
    assert len(found) == len(set(found))
    assert set(safe) <= set(found)


@pytest.mark.parametrize("fault", [pytest.param("away", marks=pytest.mark.slow), "unanswered"])
async def test_spooled_rows_outlast_kills_and_arrive_once(fault: Fault, tmp_path: Path) -> None:
    safe: list[str] = []
    with BigQueryServer() as cloud:
        for name in ("a", "b"):
            life = Life(tmp_path, cloud.url, name)
            life.see(1)
            cloud.fault = fault
            life.see(BATCHES)
            safe += life.kill()
            cloud.fault = ""
            cloud.store.settle()
        log = await BigQueryInteractionLog.open(
            tmp_path,
            place=Place(PROJECT, "agent_system", 10**9, emulator=cloud.url),
            clock=FakeClock(),
            redactor=Redactor(),
            uploads=True,
        )
        waited = log.health().waiting
        await log.ask(figures.latest(1))
        await log.close()
        arrived = cloud.ids("agent_interactions")
    assert waited > 0, "the kill came while rows were on their way"
    assert len(arrived) == len(set(arrived))
    assert set(safe) <= set(arrived)

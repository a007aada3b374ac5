"""What holds when BigQuery does not do as it is asked."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import figures
from core.errors import ConfigError, StoreAway, StoreUnusable
from observability.interactions import spool as spools
from observability.interactions.bigquery import GATHER_S, BigQueryInteractionLog
from observability.interactions.cloud import Dataset, Place
from observability.interactions.rows import row_of
from observability.redaction import Redactor
from tests.contracts.test_interactions import call, result
from tests.fakes.bigquery_server import PROJECT, BigQueryServer
from tests.fakes.clock import START, FakeClock
from tests.fakes.waiting import until

CAP = 10**9


@pytest.fixture
def cloud() -> Iterator[BigQueryServer]:
    with BigQueryServer() as running:
        yield running


@asynccontextmanager
async def opened(
    folder: Path,
    cloud: BigQueryServer,
    clock: FakeClock | None = None,
    *,
    uploads: bool = True,
    cap: int = CAP,
) -> AsyncIterator[BigQueryInteractionLog]:
    log = await BigQueryInteractionLog.open(
        folder,
        place=Place(PROJECT, "agent_system", cap, emulator=cloud.url),
        clock=clock or FakeClock(),
        redactor=Redactor(),
        uploads=uploads,
    )
    try:
        yield log
    finally:
        await log.close()


async def test_the_tables_are_made_at_the_start_and_found_at_the_next(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    for _ in range(2):
        async with opened(tmp_path, cloud):
            pass
    tables = cloud.store.dataset("agent_system")
    assert set(tables) == {"agent_interactions", "agent_metrics", "memory_diffs"}
    calls = tables["agent_interactions"].resource
    assert calls["timePartitioning"]["field"] == "ts"
    assert calls["clustering"] == {"fields": ["role"]}


async def test_rows_are_gathered_and_sent_by_themselves(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    clock = FakeClock()
    async with opened(tmp_path, cloud, clock) as log:
        for n in range(30):
            log.record(call(interaction_id=f"{n:02}"))
        await until(lambda: clock.slept)
        assert clock.slept == [GATHER_S]
        assert cloud.ids("agent_interactions") == []
        assert log.health().waiting == 30
        clock.advance(GATHER_S)
        await until(lambda: log.health().waiting == 0)
    assert cloud.ids("agent_interactions") == [f"{n:02}" for n in range(30)]
    assert sum(path.endswith("insertAll") for _, path in cloud.requests) == 1


@pytest.mark.parametrize("fault", ["away", "busy", "unanswered"])
async def test_an_outage_is_told_and_after_it_every_row_is_there_once(
    fault: Any, tmp_path: Path, cloud: BigQueryServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    async with opened(tmp_path, cloud, clock) as log:
        cloud.fault = fault
        for n in range(20):
            log.record(call(interaction_id=f"{n:02}"))

        async def slept(times: int) -> None:
            await until(lambda: len(clock.slept) >= times)

        for times in range(1, 4):
            await slept(times)
            clock.advance(clock.slept[-1])
        await slept(4)
        assert clock.slept[:4] == [GATHER_S, 2 * GATHER_S, 4 * GATHER_S, 8 * GATHER_S]
        assert "BigQuery does not do it" in log.health().trouble
        assert log.health().waiting == 20
        assert caplog.text.count("stays here for now") == 1
        with pytest.raises(StoreAway):
            await log.ask(figures.latest(10))
        log.record(call(interaction_id="late"))
        cloud.store.settle()
        cloud.fault = ""
        clock.advance(clock.slept[-1])
        await until(lambda: not log.health().waiting)
        await until(lambda: not log.health().trouble)
    assert cloud.ids("agent_interactions") == [*(f"{n:02}" for n in range(20)), "late"]


async def test_what_was_spooled_is_uploaded_at_the_next_start(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    async with opened(tmp_path, cloud) as log:
        cloud.fault = "unanswered"
        log.record(call(interaction_id="a"))
        with pytest.raises(StoreUnusable):
            await log.ask(figures.latest(10))
    cloud.fault = ""
    cloud.store.settle()
    async with opened(tmp_path, cloud) as log:
        assert log.health().waiting == 1
        assert [row.id for row in await log.ask(figures.latest(10))] == ["a"]
        assert log.health().waiting == 0
    assert cloud.ids("agent_interactions") == ["a"]


async def test_a_row_that_arrived_long_ago_never_goes_again(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    for _ in range(2):
        async with opened(tmp_path, cloud) as log:
            log.record(result())
        cloud.store.settle()
    assert cloud.ids("agent_metrics") == ["t1:fix"]


async def test_a_process_that_does_not_upload_spools_and_leaves_it_to_the_other(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    async with opened(tmp_path, cloud) as serving:
        seen = len(cloud.requests)
        async with opened(tmp_path, cloud, uploads=False) as looking:
            looking.record(call(interaction_id="from the terminal"))
        assert len(cloud.requests) == seen
        await serving.ask(figures.latest(10))
    assert cloud.ids("agent_interactions") == ["from the terminal"]


async def test_how_calls_went_lately_is_known_here_and_asks_no_cloud(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    async with opened(tmp_path, cloud) as serving, opened(tmp_path, cloud, uploads=False) as other:
        serving.record(call(interaction_id="a", seconds=40.0))
        serving.record(call(interaction_id="b", success=False))
        await serving.ask(figures.latest(10))
        other.record(call(10.0, interaction_id="c", seconds=20.0))
        await other.flush()
        cloud.fault = "away"
        seen = len(cloud.requests)
        for log in (serving, other):
            (rate,) = await log.lately(figures.call_rates(START))
            assert (rate.calls, rate.failures) == (3, 1)
            (took,) = await log.lately(figures.latencies(START))
            assert (took.calls, took.p50_ms, took.p95_ms) == (2, 20_000.0, 40_000.0)
            later = START + timedelta(seconds=5)
            assert [one.calls for one in await log.lately(figures.call_rates(later))] == [1]
        assert len(cloud.requests) == seen
        cloud.fault = ""
    async with opened(tmp_path, cloud) as log:
        assert [one.calls for one in await log.lately(figures.call_rates(START))] == [3]
        log.record(call(3700.0, interaction_id="d"))
        await log.flush()
        assert [one.calls for one in await log.lately(figures.call_rates(START))] == [1]


async def test_a_row_that_is_too_large_is_left_and_the_others_arrive(
    tmp_path: Path,
    cloud: BigQueryServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("tests.fakes.bigquery_store.ROW_MAX", 20_000)
    async with opened(tmp_path, cloud) as log:
        for n in range(9):
            log.record(call(interaction_id=f"{n}", response="x" * (30_000 if n == 4 else 3_000)))
        await log.ask(figures.latest(10))
        assert log.health().refused == 1
        assert log.health().waiting == 0
    assert cloud.ids("agent_interactions") == ["0", "1", "2", "3", "5", "6", "7", "8"]
    assert "BigQuery refuses the row 4" in caplog.text


async def test_of_too_many_spooled_rows_the_oldest_go_and_are_counted(
    tmp_path: Path, cloud: BigQueryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "KEPT_MAX", 100)
    async with opened(tmp_path, cloud) as log:
        cloud.fault = "away"
        for n in range(130):
            log.record(call(interaction_id=f"{n:03}"))
        await log.flush()
        assert (log.health().waiting, log.health().dropped) == (100, 30)
        cloud.fault = ""
        await log.ask(figures.latest(10))
    assert cloud.ids("agent_interactions") == [f"{n:03}" for n in range(30, 130)]


async def test_of_many_long_rows_that_wait_only_some_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "BATCH_CHARS", 500_000)
    spool = await spools.Spool.open(tmp_path)
    await spool.add(
        [row_of(call(response="x" * 199_000, interaction_id=f"{n}"), Redactor()) for n in range(50)]
    )
    tracemalloc.start()
    batch = await spool.next()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    await spool.close()
    assert batch and [row.row_id for row in batch.rows] == ["0", "1"]
    assert peak < 3_000_000


async def test_a_cloud_that_is_away_at_the_start_ends_the_start(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    cloud.fault = "away"
    with pytest.raises(StoreUnusable, match="BigQuery does not do it") as refusal:
        async with opened(tmp_path, cloud):
            pass
    assert "GCP_PROJECT_ID" in str(refusal.value.remedy)


async def test_a_project_of_somebody_else_ends_the_start(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    place = Place("another", "agent_system", CAP, emulator=cloud.url)
    with pytest.raises(StoreUnusable, match="Access Denied"):
        await BigQueryInteractionLog.open(
            tmp_path, place=place, clock=FakeClock(), redactor=Redactor(), uploads=True
        )


async def test_a_table_that_lacks_columns_is_named(tmp_path: Path, cloud: BigQueryServer) -> None:
    cloud.store.add_dataset("agent_system")
    reference = {"projectId": PROJECT, "datasetId": "agent_system", "tableId": "memory_diffs"}
    fields = [{"name": name, "type": "STRING"} for name in ("id", "ts", "role")]
    cloud.store.add_table(
        "agent_system", {"tableReference": reference, "schema": {"fields": fields}}
    )
    with pytest.raises(StoreUnusable, match="memory_diffs lacks added, reason, removed, version"):
        async with opened(tmp_path, cloud):
            pass


async def test_a_query_over_more_bytes_than_allowed_is_refused(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    async with opened(tmp_path, cloud, cap=10 * 1024**2) as log:
        log.record(call())
        assert len(await log.ask(figures.costs(START, START + timedelta(days=1)))) == 1
        with pytest.raises(StoreUnusable, match=r"bytes billed.*raise BQ_MAX_BYTES_BILLED"):
            await log.ask(figures.latest(10))  # joins two tables, and each counts 10 MB at least


async def test_no_secret_reaches_the_spool_or_the_cloud(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    secret = "canary-of-the-house-5f1d0c77ab"
    log = await BigQueryInteractionLog.open(
        tmp_path,
        place=Place(PROJECT, "agent_system", CAP, emulator=cloud.url),
        clock=FakeClock(),
        redactor=Redactor([secret]),
        uploads=True,
    )
    log.record(call(response=f"it is {secret}", error=secret, node=secret))
    await log.flush()
    for path in (spools.FILE_NAME, f"{spools.FILE_NAME}-wal"):
        assert secret.encode() not in (tmp_path / path).read_bytes()
    (found,) = await log.ask(figures.latest(1))
    assert (found.response, found.error, found.node) == ("it is [secret]", "[secret]", "[secret]")
    await log.close()


def service_account(folder: Path, token_uri: str) -> Path:
    """A key of a service account whose tokens come from an address."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    path = folder / "key.json"
    about = {"type": "service_account", "client_email": "anton@x", "project_id": PROJECT}
    path.write_text(json.dumps({**about, "private_key": pem, "token_uri": token_uri}))
    return path


async def test_a_token_that_cannot_be_renewed_is_an_outage_and_no_fault_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    path = service_account(tmp_path, f"http://127.0.0.1:{port}/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    dataset = Dataset(Place(PROJECT, "agent_system", CAP))
    with pytest.raises(StoreAway, match="GCP_PROJECT_ID"):
        await dataset.select("SELECT 1", {})
    await dataset.close()


async def test_a_key_that_is_none_is_a_fault_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.json").write_text("{}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with pytest.raises(ConfigError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        await Dataset(Place(PROJECT, "agent_system", CAP)).prepare()


async def test_asking_twice_at_once_sends_nothing_twice(
    tmp_path: Path, cloud: BigQueryServer
) -> None:
    async with opened(tmp_path, cloud) as log:
        log.record(call(interaction_id="a"))
        day = figures.costs(START, START + timedelta(days=1))
        await asyncio.gather(*(log.ask(day) for _ in range(4)))
    assert cloud.ids("agent_interactions") == ["a"]

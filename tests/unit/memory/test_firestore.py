"""What holds when Firestore does not answer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.cloud.firestore import AsyncClient

import bootstrap
from config import load_settings
from control.identities import Rule
from core.approvals import Person
from core.errors import StoreUnusable
from core.identities import Identity
from memory.identities.counts import FirestoreCounts
from memory.identities.firestore import FirestoreIdentityStore
from tests.fakes import firestore_emulator
from tests.fakes.bigquery_server import PROJECT, BigQueryServer
from tests.fakes.clock import FakeClock
from tests.fakes.firestore_emulator import free_port
from tests.fakes.relay import Relay
from tests.fakes.waiting import until


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address on which nobody listens."""
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    return address


@pytest.fixture
async def away(nobody: str) -> AsyncIterator[FirestoreIdentityStore]:
    store = await FirestoreIdentityStore.open(
        project=PROJECT, collection="agents", clock=FakeClock(), look=False
    )
    yield store
    await store.close()


async def test_nothing_hangs_on_a_firestore_that_is_away(away: FirestoreIdentityStore) -> None:
    for call in (
        away.get("fix"),
        away.list(),
        away.versions("fix"),
        away.save(Identity(role="fix"), by="t"),
        away.roll_back("fix", 1, by="t"),
    ):
        with pytest.raises(StoreUnusable, match="Firestore does not do it") as refusal:
            await call
        assert "GCP_PROJECT_ID" in str(refusal.value.remedy)


async def test_the_start_ends_with_the_reason(nobody: str, tmp_path: Path) -> None:
    with BigQueryServer() as cloud:
        settings, _ = load_settings(
            data_dir=tmp_path,
            gcp_project_id=PROJECT,
            bigquery_emulator_host=cloud.url,
            firestore_emulator_host=nobody,
        )
        with pytest.raises(StoreUnusable, match="Firestore does not do it"):
            await bootstrap.build(settings)


async def test_what_people_change_meanwhile_is_there_after_a_restart(
    firestore: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firestore_emulator.clear(firestore)
    ann = Person(channel="rest", person_id="ann", name="Ann")
    async with Relay(firestore) as relay:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", relay.address)
        with BigQueryServer() as cloud:
            settings, _ = load_settings(
                data_dir=tmp_path,
                gcp_project_id=firestore_emulator.PROJECT,
                bigquery_emulator_host=cloud.url,
                firestore_emulator_host=relay.address,
                fix_engine="offline",
            )
            anton = await bootstrap.build(settings, checked=False)
            await anton.identities.all()
            await relay.cut()
            lessons = anton.observatory.records.lessons
            await lessons.used("t1", "fix", shown=["Be brief."], withheld=[])
            await lessons.conclude("t1", ["fix"], well=True, ended_at=anton.clock.now())
            assert (await anton.identities.records("fix"))["Be brief."].shown_well == 1
            await anton.identities.set_rules("fix", [Rule("Be brief in this code.")], 0, ann)
            told = await anton.health()
            assert (told["status"], "1 change waits" in told["trouble"]["identities"]) == (
                "degraded",
                True,
            )
            assert "Firestore does not do it" in (await anton.remembers())["identities"]
            await anton.stop(drain_s=1.0)
            await relay.mend()
            anton = await bootstrap.build(settings, checked=False)
            assert anton.identities.health().waiting == 1
            await anton.start()
            await until(lambda: anton.identities.health().waiting == 0)
            kept, *none = await anton.identities.versions("fix")
            counted = FirestoreCounts(AsyncClient(project=firestore_emulator.PROJECT), "agents")
            async with asyncio.timeout(60):
                while not await counted.records("fix"):  # noqa: ASYNC110 - it is asked over gRPC
                    await asyncio.sleep(0.1)
            assert (kept.saved_by, kept.identity.rules, none) == (
                "rest:ann",
                ("Be brief in this code.",),
                [],
            )
            await anton.stop(drain_s=1.0)

"""What holds when Firestore does not answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from core.errors import StoreUnusable
from core.identities import Identity
from memory.identities.firestore import FirestoreIdentityStore
from tests.fakes.bigquery_server import PROJECT, BigQueryServer
from tests.fakes.clock import FakeClock
from tests.fakes.firestore_emulator import free_port


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

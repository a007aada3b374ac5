"""Effects: once for ever, patient with a host that is down, silent once the lease is gone."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from control.outbox import EffectDesk, LeasedEffects
from core.effects import EffectState
from core.errors import (
    Conflict,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    LeaseLost,
    RateLimited,
    RepositoryInvalid,
)
from core.tasks import Lease, Task, TaskRequest
from memory.stores.sqlite import SqliteStores
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

PAYLOAD = {"branch": "anton/bug-42", "tree": "ab" * 20}


class Host:
    """An outer world that counts what was done to it and fails as told."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.calls = 0
        self.made: set[str] = set()
        self._ends = list(ends)

    async def make(self) -> Mapping[str, Any]:
        self.calls += 1
        end = self._ends.pop(0) if self._ends else None
        await asyncio.sleep(0)
        if end:
            raise end
        self.made.add("change")
        return {"url": "https://host/1"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(running=True)


@pytest.fixture
async def stores(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStores]:
    stores = await SqliteStores.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    yield stores
    await stores.close()


@pytest.fixture
async def lease(stores: SqliteStores, clock: FakeClock) -> Lease:
    task = Task(
        task_id=str(uuid.uuid4()),
        request=TaskRequest(repository="/r", text="it breaks"),
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    await stores.tasks.add(task)
    lease = await stores.tasks.lease(task.task_id, "w", ttl_s=3600)
    assert lease
    return lease


@pytest.fixture
def desk(stores: SqliteStores, clock: FakeClock) -> EffectDesk:
    return EffectDesk(stores.outbox, stores.tasks, clock, patience_s=600)


def publish(effects: LeasedEffects, lease: Lease, host: Host, payload: Any = None) -> Any:
    return effects.once(
        key=f"publish:{lease.task_id}",
        task_id=lease.task_id,
        step="publish",
        payload=payload or PAYLOAD,
        effect=host.make,
    )


async def test_an_effect_is_done_once_and_its_result_kept(desk, lease):
    host = Host()
    effects = desk.under(lease)
    results = [await publish(effects, lease, host) for _ in range(3)]
    assert results == [{"url": "https://host/1"}] * 3
    assert host.calls == 1
    with pytest.raises(Conflict):
        await publish(effects, lease, host, {"branch": "another"})
    assert host.calls == 1


async def test_fifty_askers_at_once_share_one_effect(desk, lease):
    host = Host()
    results = await asyncio.gather(*(publish(desk.under(lease), lease, host) for _ in range(50)))
    assert results == [{"url": "https://host/1"}] * 50
    assert host.calls == 1


async def test_an_effect_that_a_crash_left_open_is_done_again(desk, lease, stores):
    interrupted = Host(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await publish(desk.under(lease), lease, interrupted)
    assert [row.state for row in await stores.outbox.open_effects()] == [EffectState.STARTED]
    host = Host()
    await publish(desk.under(lease), lease, host)
    assert host.calls == 1
    assert await stores.outbox.open_effects() == ()


async def test_an_open_effect_of_an_earlier_approval_is_superseded(desk, lease, stores):
    with pytest.raises(asyncio.CancelledError):
        await publish(desk.under(lease), lease, Host(asyncio.CancelledError()))
    await stores.outbox.begin("another step", lease.task_id, "comment", "hash")
    await desk.under(lease).once(
        key="publish:later",
        task_id=lease.task_id,
        step="publish",
        payload=PAYLOAD,
        effect=Host().make,
    )
    assert [row.step for row in await stores.outbox.open_effects()] == ["comment"]


async def test_a_host_that_is_down_is_waited_for_ever_longer(desk, lease, clock):
    host = Host(*[HostUnreachable("down")] * 4)
    assert await publish(desk.under(lease), lease, host) == {"url": "https://host/1"}
    assert clock.slept == [1, 2, 4, 8]


async def test_a_host_that_asks_for_patience_gets_it(desk, lease, clock):
    host = Host(RateLimited("slow down", retry_after_s=90), RateLimited(retry_after_s=0))
    await publish(desk.under(lease), lease, host)
    assert clock.slept == [90, 1]


async def test_patience_ends_and_the_effect_stays_open(desk, lease, clock, stores):
    host = Host(*[HostUnreachable("no route")] * 100)
    with pytest.raises(HostUnreachable, match="no route"):
        await publish(desk.under(lease), lease, host)
    assert sum(clock.slept) <= 600
    assert max(clock.slept) == 60
    (row,) = await stores.outbox.open_effects()
    assert row.state is EffectState.STARTED
    await publish(desk.under(lease), lease, Host())


async def test_a_pause_beyond_all_patience_is_not_begun(desk, lease, clock):
    with pytest.raises(HostUnreachable):
        await publish(desk.under(lease), lease, Host(RateLimited(retry_after_s=3600)))
    assert clock.slept == []


@pytest.mark.parametrize("refusal", [Forbidden("no write"), Conflict("moved"), RepositoryInvalid()])
async def test_a_refusal_is_noted_and_told_and_may_be_tried_anew(desk, lease, stores, refusal):
    with pytest.raises(type(refusal)):
        await publish(desk.under(lease), lease, Host(refusal))
    assert await stores.outbox.open_effects() == ()
    assert await publish(desk.under(lease), lease, Host()) == {"url": "https://host/1"}


async def test_an_unknown_end_leaves_the_effect_open(desk, lease, stores):
    with pytest.raises(IntegrationError):
        await publish(desk.under(lease), lease, Host(IntegrationError("what was that")))
    assert len(await stores.outbox.open_effects(lease.task_id)) == 1


async def test_a_stale_worker_begins_nothing(desk, lease, clock):
    clock.advance(3601)
    host = Host()
    with pytest.raises(LeaseLost):
        await publish(desk.under(lease), lease, host)
    assert host.calls == 0


async def test_a_worker_that_lost_its_lease_meanwhile_settles_nothing(desk, lease, stores, clock):
    class Slow(Host):
        async def make(self) -> Mapping[str, Any]:
            clock.advance(3601)
            return await super().make()

    with pytest.raises(LeaseLost):
        await publish(desk.under(lease), lease, Slow())
    assert len(await stores.outbox.open_effects()) == 1
    heir = await stores.tasks.lease(lease.task_id, "heir", ttl_s=45)
    assert heir
    assert await publish(desk.under(heir), lease, Host()) == {"url": "https://host/1"}


async def test_a_worker_that_lost_its_lease_while_waiting_does_not_call_again(desk, lease):
    desk.patience_s = 10_000
    host = Host(RateLimited(retry_after_s=3600))
    with pytest.raises(LeaseLost):
        await publish(desk.under(lease), lease, host)
    assert host.calls == 1

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
    EffectUnknown,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    LeaseLost,
    RateLimited,
    RepositoryInvalid,
    TaskCancelled,
)
from core.tasks import Lease, Task, TaskRequest
from memory.stores.sqlite import SqliteStores
from observability.events import SqliteEventLog
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
async def events(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteEventLog]:
    log = await SqliteEventLog.open(tmp_path, clock=clock, redactor=Redactor())
    yield log
    await log.close()


@pytest.fixture
def desk(stores: SqliteStores, clock: FakeClock, events: SqliteEventLog) -> EffectDesk:
    return EffectDesk(stores.outbox, stores.tasks, clock, events, patience_s=600)


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
    told = [event.data for event in await desk.events.after(0, task_id=lease.task_id)]
    assert [(data["step"], data["state"]) for data in told] == [
        ("publish", "started"),
        ("publish", "done"),
    ]
    assert (await desk.outbox.done("publish")).keys() == {lease.task_id}
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
    await stores.outbox.begin("another step", lease.task_id, "comment", {})
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


async def test_what_is_waited_for_stands_in_the_task(desk, lease, stores):
    seen = []

    class Watched(Host):
        async def make(self) -> Mapping[str, Any]:
            seen.append((await stores.tasks.get(lease.task_id)).reason)
            return await super().make()

    full = HostUnreachable("no space", remedy="free some")
    await publish(desk.under(lease), lease, Watched(full))
    assert seen == ["", "Waits for the host: no space Remedy: free some"]


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


# --- after a cancel -----------------------------------------------------------------------------


class Looks:
    """Somebody who looks at the host, and sees one thing after the other."""

    def __init__(self, *sights: Mapping[str, Any] | BaseException | None) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self._sights = list(sights)

    async def __call__(self, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self.asked.append(payload)
        sight = self._sights.pop(0)
        if isinstance(sight, BaseException):
            raise sight
        return sight


async def settled(effects: LeasedEffects, lease: Lease, look: Looks) -> Any:
    return await effects.settled(task_id=lease.task_id, step="publish", look=look)


async def begun(desk: EffectDesk, lease: Lease) -> LeasedEffects:
    """The effects of a worker that takes over from one that died in the middle of a call."""
    with pytest.raises(asyncio.CancelledError):
        await publish(desk.under(lease), lease, Host(asyncio.CancelledError()))
    return desk.under(lease)


async def cancelled(stores: SqliteStores, lease: Lease) -> None:
    await stores.tasks.update(lease.task_id, cancel_requested=True)


async def test_nothing_is_begun_for_a_task_that_was_cancelled(desk, lease, stores):
    await cancelled(stores, lease)
    host = Host()
    with pytest.raises(TaskCancelled):
        await publish(desk.under(lease), lease, host)
    assert host.calls == 0
    assert await stores.outbox.of(lease.task_id) == ()


async def test_a_host_that_is_down_is_not_waited_for_after_a_cancel(desk, lease, stores, clock):
    class Down(Host):
        async def make(self) -> Mapping[str, Any]:
            await cancelled(stores, lease)
            raise HostUnreachable("down")

    with pytest.raises(TaskCancelled):
        await publish(desk.under(lease), lease, Down())
    assert clock.slept == []


async def test_a_call_is_under_way_until_its_end_is_known(desk, lease):
    effects, seen = desk.under(lease), []

    class Watching(Host):
        async def make(self) -> Mapping[str, Any]:
            seen.append(effects.under_way)
            return await super().make()

    assert not effects.under_way
    await publish(effects, lease, Watching(HostUnreachable("down")))
    assert (seen, effects.under_way) == ([True, True], False)


async def test_what_stands_is_settled_by_looking(desk, lease, stores):
    effects, look = await begun(desk, lease), Looks({"url": "https://host/1"})
    await cancelled(stores, lease)
    assert await settled(effects, lease, look) == {"url": "https://host/1"}
    assert look.asked == [PAYLOAD]
    assert await stores.outbox.open_effects() == ()
    assert await settled(effects, lease, Looks()) == {"url": "https://host/1"}, "it is known now"


async def test_nothing_is_believed_only_when_it_is_seen_twice(desk, lease, stores, clock):
    effects = await begun(desk, lease)
    late = Looks(None, {"url": "https://host/1"})
    assert await settled(effects, lease, late) == {"url": "https://host/1"}
    assert len(clock.slept) == 1


async def test_what_came_to_nothing_is_closed(desk, lease, stores):
    effects = await begun(desk, lease)
    assert await settled(effects, lease, Looks(None, None)) is None
    (row,) = await stores.outbox.of(lease.task_id)
    assert row.state is EffectState.FAILED
    assert await settled(effects, lease, Looks()) is None


@pytest.mark.parametrize(
    "refusal", [Forbidden("no"), RepositoryInvalid(), Conflict("odd"), IntegrationError("what")]
)
async def test_a_host_that_does_not_tell_leaves_it_unknown_for_good(desk, lease, stores, refusal):
    effects = await begun(desk, lease)
    with pytest.raises(EffectUnknown):
        await settled(effects, lease, Looks(refusal))
    (row,) = await stores.outbox.of(lease.task_id)
    assert row.state is EffectState.UNKNOWN
    with pytest.raises(EffectUnknown):
        await settled(effects, lease, Looks())


@pytest.mark.parametrize("pause", [HostUnreachable("down"), RateLimited("later")])
async def test_a_host_that_is_down_is_looked_at_again_later(desk, lease, stores, pause):
    effects = await begun(desk, lease)
    with pytest.raises(type(pause)):
        await settled(effects, lease, Looks(pause))
    assert len(await stores.outbox.open_effects()) == 1
    assert await settled(effects, lease, Looks({"url": "u"})) == {"url": "u"}


async def test_whoever_lost_the_lease_settles_nothing_by_looking(desk, lease, stores, clock):
    class Slow(Looks):
        async def __call__(self, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
            clock.advance(3601)
            return await super().__call__(payload)

    effects = await begun(desk, lease)
    for look in (Slow({"url": "u"}), Slow(Forbidden("no"))):
        with pytest.raises(LeaseLost):
            await settled(effects, lease, look)
    assert len(await stores.outbox.open_effects()) == 1


async def test_a_row_that_does_not_say_what_was_to_be_done_is_not_guessed_at(desk, lease, stores):
    await stores.outbox.begin("k", lease.task_id, "publish", {})
    with pytest.raises(EffectUnknown, match="older release"):
        await settled(desk.under(lease), lease, Looks())


async def test_a_task_that_did_nothing_outside_has_nothing_to_look_up(desk, lease, stores):
    await stores.outbox.begin("k", lease.task_id, "comment", PAYLOAD)
    assert await settled(desk.under(lease), lease, Looks()) is None

"""While the store of identities is away copies are read, and each change is made once, later."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, NotFound, StoreAway, StoreUnusable
from core.identities import Identity, IdentityVersion
from core.ports import IdentityStore
from memory.identities.breaker import REST_S
from memory.identities.durable import DurableIdentityStore
from memory.identities.sqlite import SqliteIdentityStore
from memory.identities.waiting import Waiting
from memory.stores.sqlite import SqliteStores
from observability.redaction import Redactor
from tests.fakes import firestore_emulator
from tests.fakes.clock import START, FakeClock
from tests.fakes.relay import Relay
from tests.fakes.waiting import until

RULES = ("Look at the callers first.", "Run the whole suite.")
LEARNED = Identity(role="fix", learned_rules=RULES)


class Distant:
    """A store that can be away before it does something, after it, or for one role only."""

    def __init__(self, store: IdentityStore) -> None:
        self._store = store
        self.away = ""
        self.damaged = False
        self.versions_fail: Exception | None = None

    async def save(self, identity: Identity, **given: Any) -> Identity:
        self._look("before")
        if self.damaged:
            raise StoreUnusable("The document is damaged.")
        saved = await self._store.save(identity, **given)
        self._look("after")
        return saved

    async def get(self, role: str) -> Identity:
        self._look("before")
        return await self._store.get(role)

    async def list(self) -> Sequence[Identity]:
        self._look("before")
        return await self._store.list()

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        self._look("before")
        if self.versions_fail:
            raise self.versions_fail
        return await self._store.versions(role)

    async def close(self) -> None:
        """The house behind it closes it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _look(self, moment: str) -> None:
        if self.away in (moment, "hangs"):
            raise TimeoutError if self.away == "hangs" else StoreAway("It is away.")


@dataclass
class Place:
    """Where identities are kept, and a house far from it."""

    there: IdentityStore
    distant: Any
    folder: Path
    clock: FakeClock

    @asynccontextmanager
    async def house(self, *, look: bool = True) -> AsyncIterator[DurableIdentityStore]:
        """A process with its own file."""
        async with stores_in(self.folder, self.clock) as stores:
            waiting = Waiting(stores.database, stores.audit, "p/agents")
            yield await DurableIdentityStore.open(self.distant, waiting, self.clock, look=look)

    async def audited(self) -> list[str]:
        async with stores_in(self.folder, self.clock) as stores:
            assert await stores.audit.verify() is None
            rows = await stores.database.read(
                lambda connection: connection.execute("SELECT entry FROM audit").fetchall()
            )
            return [entry for (entry,) in rows]


@asynccontextmanager
async def stores_in(folder: Path, clock: FakeClock) -> AsyncIterator[SqliteStores]:
    stores = await SqliteStores.open(folder, clock=clock, redactor=Redactor(), exclusive=True)
    try:
        yield stores
    finally:
        await stores.close()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    clock = FakeClock()
    async with stores_in(tmp_path / "there", clock) as stores:
        there = SqliteIdentityStore(stores.database, clock)
        await there.save(LEARNED, by="t")
        yield Place(there, Distant(there), tmp_path / "here", clock)


async def back(place: Place, house: DurableIdentityStore) -> None:
    """The store answers again, and its rest is over."""
    place.distant.away = ""
    place.clock.advance(REST_S)
    await house.deliver()


@pytest.mark.parametrize("fault", ["before", "hangs"])
async def test_reads_give_the_last_copy_and_say_so(place: Place, fault: str) -> None:
    async with place.house() as house:
        known = await house.get("fix"), await house.list(), await house.versions("fix")
        place.distant.away = fault
        assert (await house.get("fix"), await house.list(), await house.versions("fix")) == known
        assert await house.get("qa") == Identity(role="qa")
        health = house.health()
        assert (health.away_since, health.waiting) == (START, 0)
        assert "Roles know what they knew at 2026-03-01 12:00 UTC" in health.trouble
        await back(place, house)
        assert house.health().trouble == ""


async def test_a_store_that_fails_is_left_alone_for_a_while(place: Place) -> None:
    async with place.house() as house:
        place.distant.away = "before"
        await house.get("fix")
        place.distant.away = ""
        await place.there.save((await place.there.get("fix")).but(code_style="new"), by="other")
        assert (await house.get("fix")).version == 1
        place.clock.advance(REST_S)
        assert (await house.get("fix")).version == 2


async def test_versions_that_were_away_are_copied_once_they_are_back(place: Place) -> None:
    async with place.house() as house:
        place.distant.versions_fail = StoreAway("It is away.")
        assert (await house.get("fix")).version == 1
        place.distant.versions_fail = None
        place.clock.advance(REST_S)
        await house.get("fix")
        place.distant.away = "before"
        assert [one.identity.version for one in await house.versions("fix")] == [1]


async def test_a_damaged_version_keeps_nobody_from_the_identity(place: Place) -> None:
    async with place.house() as house:
        place.distant.versions_fail = StoreUnusable("A version is damaged.")
        seen = await house.get("fix")
        assert seen == await place.there.get("fix")
        with pytest.raises(StoreUnusable):
            await house.versions("fix")


async def test_changes_wait_in_order_and_are_made_when_it_is_back(place: Place) -> None:
    async with place.house() as house:
        seen = await house.get("fix")
        place.distant.away = "before"
        first = await house.save(seen.but(code_style="short"), by="reflection", reason="r1")
        second = await house.save(first.but(expertise=("Go",)), by="rest:ann", reason="r2")
        await house.save(Identity(role="qa", code_style="tidy"), by="reflection")
        assert [one.version for one in (seen, first, second)] == [1, 2, 3]
        assert await house.get("fix") == second
        kept = [(one.saved_by, one.identity.version) for one in await house.versions("fix")]
        assert kept == [("rest:ann", 3), ("reflection", 2), ("t", 1)]
        assert house.health().waiting == 3
        with pytest.raises(Conflict, match="version 3"):
            await house.save(seen.but(code_style="stale"), by="t")
        place.distant.away = ""
        assert await house.get("fix") == second, "what waits counts until it has gone"
        await back(place, house)
        assert house.health().trouble == ""
        assert await place.there.get("fix") == await house.get("fix") == second
        assert [(one.saved_by, one.reason) for one in await place.there.versions("fix")] == [
            ("rest:ann", "r2"),
            ("reflection", "r1"),
            ("t", ""),
        ]
        assert [one.role for one in await place.there.list()] == ["fix", "qa"]


async def test_what_waits_outlives_the_process(place: Place) -> None:
    async with place.house() as house:
        place.distant.away = "before"
        await house.save((await house.get("fix")).but(code_style="short"), by="t")
    async with place.house(look=False) as house:
        assert house.health().waiting == 1
        assert (await house.get("fix")).code_style == "short"
    place.distant.away = ""
    async with place.house() as house:
        place.clock.advance(REST_S)
        await house.deliver()
        assert (await place.there.get("fix")).version == 2
        assert house.health().waiting == 0


@pytest.mark.parametrize("restart", [False, True])
async def test_a_change_whose_end_nobody_saw_is_made_once(place: Place, restart: bool) -> None:
    """It arrived, and the answer did not."""
    async with place.house() as house:
        seen = await house.get("fix")
        place.distant.away = "after"
        saved = await house.save(seen.but(code_style="short"), by="t")
        assert (saved.version, house.health().waiting) == (2, 1)
        place.clock.advance(REST_S)
        await house.deliver()
        assert house.health().waiting == 1
        if not restart:
            await back(place, house)
    if restart:
        place.distant.away = ""
        async with place.house() as house:
            place.clock.advance(REST_S)
            await house.deliver()
    assert [one.identity.version for one in await place.there.versions("fix")] == [2, 1]
    assert await place.audited() == []


async def test_a_change_that_arrived_and_was_changed_again_is_not_told_as_lost(
    place: Place,
) -> None:
    async with place.house() as house:
        place.distant.away = "after"
        saved = await house.save((await house.get("fix")).but(code_style="mine"), by="t")
    place.distant.away = ""
    await place.there.save(saved.but(code_style="theirs"), by="other")
    async with place.house() as house:
        await house.deliver()
        assert (house.health().lost, house.health().waiting) == (0, 0)
        assert (await house.get("fix")).code_style == "theirs"
    assert await place.audited() == []


async def test_what_others_changed_meanwhile_is_read_again_and_kept(place: Place) -> None:
    async with place.house() as house:
        seen = await house.get("fix")
        place.distant.away = "before"
        mine = await house.save(seen.but(learned_rules=(*RULES, "Mine.")), by="t")
        await house.save(mine.but(pinned=RULES[:1]), by="t")
        await place.there.save(seen.but(learned_rules=(*RULES[:1], "Theirs.")), by="other")
        await back(place, house)
        stands = await place.there.get("fix")
        assert stands.learned_rules == (*RULES[:1], "Theirs.", "Mine.")
        assert (stands.pinned, stands.version) == (RULES[:1], 4)
        assert await house.get("fix") == stands
    assert await place.audited() == []


async def test_a_change_that_contradicts_what_stands_is_told_and_kept(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.house() as house:
        seen = await house.get("fix")
        place.distant.away = "before"
        mine = await house.save(seen.but(code_style="mine"), by="rest:ann", reason="why not")
        await house.save(mine.but(expertise=("Go",)), by="t")
        await place.there.save(seen.but(code_style="theirs"), by="other")
        await back(place, house)
        stands = await place.there.get("fix")
        assert (stands.code_style, stands.expertise) == ("theirs", ("Go",)), "the next one is made"
        assert (house.health().lost, house.health().waiting) == (1, 0)
    assert "a change of fix by rest:ann is lost" in caplog.text
    (entry,) = await place.audited()
    for told in ("identity_write_lost", "rest:ann", '"code_style":"mine"', "why not"):
        assert told in entry


async def test_a_document_that_is_damaged_holds_up_no_other_role(place: Place) -> None:
    async with place.house() as house:
        place.distant.away = "before"
        await house.save((await house.get("fix")).but(code_style="short"), by="t")
        place.distant.damaged = True
        await back(place, house)
        assert (house.health().lost, house.health().waiting) == (1, 0)
        place.distant.damaged = False
        await house.save(Identity(role="qa", code_style="tidy"), by="t")
        assert (await place.there.get("qa")).version == 1
    assert len(await place.audited()) == 1


async def test_there_is_a_way_back_while_it_is_away(place: Place) -> None:
    async with place.house() as house:
        await house.save((await house.get("fix")).but(learned_rules=()), by="t")
        place.distant.away = "before"
        returned = await house.roll_back("fix", 1, by="rest:ann")
        assert (returned.version, returned.learned_rules) == (3, RULES)
        with pytest.raises(NotFound, match="kept are: 3, 2, 1"):
            await house.roll_back("fix", 9, by="rest:ann")
        await back(place, house)
        assert await place.there.get("fix") == returned


@pytest.mark.parametrize("read", ["get", "list"])
async def test_there_is_a_way_back_from_what_another_house_saved(place: Place, read: str) -> None:
    async with place.house() as house:
        await house.get("fix")
        other = (await place.there.get("fix")).but(learned_rules=())
        await place.there.save(other, by="another house")
        await (house.get("fix") if read == "get" else house.list())
        place.distant.away = "before"
        returned = await house.roll_back("fix", 1, by="rest:ann", seen=2)
        assert (returned.version, returned.learned_rules) == (3, RULES)
        await back(place, house)
        assert await place.there.get("fix") == returned


async def test_a_place_that_was_never_seen_has_no_copies(place: Place) -> None:
    place.distant.away = "before"
    async with place.house(look=False) as house:
        for call in (house.get("fix"), house.list(), house.save(LEARNED, by="t")):
            with pytest.raises(StoreAway, match="It is away"):
                await call
    with pytest.raises(StoreAway):
        async with place.house():
            pass


async def test_what_waits_for_one_place_never_goes_to_another(place: Place) -> None:
    async with place.house() as house:
        place.distant.away = "before"
        await house.save((await house.get("fix")).but(code_style="short"), by="t")
    place.distant.away = ""
    async with stores_in(place.folder, place.clock) as stores:
        waiting = Waiting(stores.database, stores.audit, "other/agents")
        other = await DurableIdentityStore.open(place.distant, waiting, place.clock, look=True)
        assert other.health().waiting == 0
        await other.deliver()
    assert (await place.there.get("fix")).version == 1


async def test_with_google_s_emulator_out_of_reach_nothing_is_lost(
    firestore: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memory.identities.firestore import FirestoreIdentityStore

    firestore_emulator.clear(firestore)
    clock = FakeClock(running=True)
    given: dict[str, Any] = {"project": firestore_emulator.PROJECT, "collection": "agents"}
    async with Relay(firestore) as relay, stores_in(tmp_path, clock) as stores:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", relay.address)
        there = await FirestoreIdentityStore.open(**given, clock=clock, look=False)
        waiting = Waiting(stores.database, stores.audit, "p/agents")
        house = await DurableIdentityStore.open(there, waiting, clock, look=True)
        seen = await house.save(LEARNED, by="t")
        await relay.cut()
        first = await house.save(seen.but(code_style="short"), by="t")
        await house.save(first.but(expertise=("Go",)), by="t")
        assert "Firestore does not do it" in house.health().trouble
        assert (await house.get("fix")).expertise == ("Go",)
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore)
        other = await FirestoreIdentityStore.open(**given, clock=clock)
        await other.save(seen.but(learned_rules=(*RULES, "Theirs.")), by="other")
        await relay.mend()
        chore = asyncio.create_task(house.run())
        await until(lambda: house.health().trouble == "")
        chore.cancel()
        stands = await other.get("fix")
        assert (stands.version, stands.learned_rules) == (4, (*RULES, "Theirs."))
        assert (stands.code_style, stands.expertise) == ("short", ("Go",))
        assert await house.get("fix") == stands
        await other.close()
        await house.close()

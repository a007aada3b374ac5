"""What every kind of store owes to the port IdentityStore."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, NotFound
from core.identities import Identity, RuleStats
from core.ports import IdentityStore
from memory.identities import IDENTITIES
from memory.identities.durable import DurableIdentityStore
from memory.identities.saving import revised
from memory.identities.sqlite import SqliteIdentityStore
from memory.identities.waiting import Waiting
from memory.stores.sqlite import SqliteStores
from observability.redaction import Redactor
from tests.fakes import firestore_emulator
from tests.fakes.clock import START, FakeClock

LEARNED = Identity(
    role="fix",
    expertise=("Django",),
    learned_rules=("Look at the callers before you change a signature.",),
    past_mistakes=("Swallowed an exception.",),
    correction_rules=("Never touch the vendored folder.",),
    code_style="Small functions.",
    beliefs={"tests.are": "slow", "`odd`": ""},
    rule_stats={
        "Look at the callers before you change a signature.": RuleStats(
            use_count=4, success_count=3
        )
    },
    pinned=("Never touch the vendored folder.",),
)


@pytest.fixture(params=[*IDENTITIES, "durable"])
async def store(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[IdentityStore]:
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        if request.param == "firestore":
            from memory.identities.firestore import FirestoreIdentityStore

            address = request.getfixturevalue("firestore")
            monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
            firestore_emulator.clear(address)
            opened: IdentityStore = await FirestoreIdentityStore.open(
                project=firestore_emulator.PROJECT, collection="agents", clock=clock
            )
        else:
            stores = await SqliteStores.open(
                tmp_path, clock=clock, redactor=Redactor(), exclusive=True
            )
            stack.push_async_callback(stores.close)
            opened = SqliteIdentityStore(stores.database, clock)
            if request.param == "durable":
                waiting = Waiting(stores.database, stores.audit, "elsewhere")
                opened = await DurableIdentityStore.open(opened, waiting, clock, look=True)
        stack.push_async_callback(opened.close)
        yield opened


async def test_a_role_that_has_learned_nothing_has_an_empty_identity(store: IdentityStore) -> None:
    assert await store.get("fix") == Identity(role="fix")
    assert await store.list() == ()
    assert await store.versions("fix") == ()


async def test_what_was_saved_comes_back_as_the_next_version(store: IdentityStore) -> None:
    saved = await store.save(LEARNED, by="reflection", reason="three tasks")
    assert saved == LEARNED.but(version=1)
    assert await store.get("fix") == saved
    assert await store.get("qa") == Identity(role="qa")
    (kept,) = await store.versions("fix")
    assert (kept.identity, kept.saved_by, kept.reason) == (saved, "reflection", "three tasks")
    assert kept.saved_at == START


async def test_all_that_learned_are_listed_by_name(store: IdentityStore) -> None:
    for role in ("qa", "fix", "triage"):
        await store.save(Identity(role=role, code_style=role), by="t")
    await store.save((await store.get("qa")).but(code_style="new"), by="t")
    found = await store.list()
    assert [(one.role, one.version, one.code_style) for one in found] == [
        ("fix", 1, "fix"),
        ("qa", 2, "new"),
        ("triage", 1, "triage"),
    ]


async def test_fields_of_another_release_are_kept(store: IdentityStore) -> None:
    odd = {
        "mood": "calm",
        "a.b `c`": [1, {"d": None}],
        "rule_stats": {"Be quick.": {"use_count": 2, "success_count": 1, "holdout": {"n": 3}}},
    }
    newer = Identity.model_validate({"role": "fix", **odd})
    saved = await store.save(newer, by="t")
    again = await store.save(saved.but(code_style="short"), by="t")
    found = (await store.get("fix")).dump()
    assert {name: found[name] for name in ("mood", "a.b `c`")} == {
        name: odd[name] for name in ("mood", "a.b `c`")
    }
    assert found["rule_stats"]["Be quick."]["holdout"] == {"n": 3}
    assert (again.version, found["code_style"]) == (2, "short")


async def test_a_field_that_was_taken_out_is_gone(store: IdentityStore) -> None:
    first = await store.save(Identity.model_validate({"role": "fix", "mood": "calm"}), by="t")
    plain = Identity.load({k: v for k, v in first.dump().items() if k != "mood"})
    await store.save(plain, by="t")
    assert "mood" not in (await store.get("fix")).dump()


async def test_who_changes_what_no_longer_stands_is_refused(store: IdentityStore) -> None:
    seen = await store.save(LEARNED, by="t")
    await store.save(seen.but(code_style="first"), by="t")
    for stale in (seen, LEARNED, seen.but(version=7)):
        with pytest.raises(Conflict, match="version 2"):
            await store.save(stale.but(code_style="second"), by="t")
    assert (await store.get("fix")).code_style == "first"
    assert len(await store.versions("fix")) == 2


async def test_of_two_at_once_one_wins_and_the_other_tries_once_more(store: IdentityStore) -> None:
    seen = await store.save(LEARNED, by="t")
    ends = await asyncio.gather(
        *(store.save(seen.but(code_style=f"by {n}"), by="t") for n in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Identity"]

    async def learning(identity: Identity) -> Identity:
        return identity.but(expertise=(*identity.expertise, f"by {identity.version}"))

    await asyncio.gather(
        *(revised(store, "fix", learning, by="t", reason="race") for _ in range(2))
    )
    assert (await store.get("fix")).expertise == ("Django", "by 2", "by 3")


async def test_two_first_saves_at_once_are_one(store: IdentityStore) -> None:
    ends = await asyncio.gather(
        *(store.save(LEARNED.but(code_style=f"{n}"), by="t") for n in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Identity"]
    assert (await store.get("fix")).version == 1


async def test_the_last_ten_versions_are_kept(store: IdentityStore) -> None:
    identity = LEARNED
    for n in range(13):
        identity = await store.save(identity.but(code_style=f"style {n}"), by="t")
    kept = await store.versions("fix")
    assert [one.identity.version for one in kept] == list(range(13, 3, -1))
    assert kept[-1].identity.code_style == "style 3"


async def test_going_back_makes_a_new_version_with_the_old_content(store: IdentityStore) -> None:
    first = await store.save(LEARNED, by="t")
    await store.save(Identity(role="fix", version=1, code_style="worse"), by="t")
    back = await store.roll_back("fix", 1, by="rest:operator")
    assert back == first.but(version=3)
    assert await store.get("fix") == back
    newest, *_ = await store.versions("fix")
    assert (newest.saved_by, newest.reason) == ("rest:operator", "back to version 1")


async def test_who_goes_back_from_another_version_than_was_seen_is_refused(
    store: IdentityStore,
) -> None:
    first = await store.save(LEARNED, by="t")
    second = await store.save(first.but(code_style="second"), by="t")
    ends = await asyncio.gather(
        store.save(second.but(code_style="learned meanwhile"), by="reflection"),
        store.roll_back("fix", 1, by="rest:operator", seen=2),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Identity"]
    stands = await store.get("fix")
    with pytest.raises(Conflict, match="stands by now, not 2: look at it first"):
        await store.roll_back("fix", 1, by="rest:operator", seen=2)
    assert await store.get("fix") == stands
    back = await store.roll_back("fix", 2, by="rest:operator", seen=stands.version)
    assert (back.code_style, back.version) == ("second", 4)


async def test_two_who_go_back_at_once_both_get_there(store: IdentityStore) -> None:
    identity = LEARNED
    for n in range(3):
        identity = await store.save(identity.but(code_style=f"style {n}"), by="t")
    ends = await asyncio.gather(*(store.roll_back("fix", n, by="t") for n in (1, 2)))
    assert sorted(end.version for end in ends) == [4, 5]
    last = max(ends, key=lambda end: end.version)
    assert await store.get("fix") == last


async def test_there_is_no_way_back_to_what_is_not_kept(store: IdentityStore) -> None:
    with pytest.raises(NotFound, match="kept are: none"):
        await store.roll_back("fix", 1, by="t")
    await store.save(LEARNED, by="t")
    with pytest.raises(NotFound, match=r"no version 9 of fix; kept are: 1\."):
        await store.roll_back("fix", 9, by="t")


async def test_the_same_write_again_gives_the_version_that_it_made(store: IdentityStore) -> None:
    first = await store.save(LEARNED, by="t", write_id="w1")
    assert await store.save(LEARNED, by="t", write_id="w1") == first
    second = await store.save(first.but(code_style="other"), by="t", write_id="w2")
    for again in (LEARNED, second):
        assert await store.save(again, by="t", write_id="w1") == first
    assert await store.get("fix") == second
    assert [kept.write_id for kept in await store.versions("fix")] == ["w2", "w1"]


async def test_a_store_that_answers_is_in_good_health(store: IdentityStore) -> None:
    await store.save(LEARNED, by="t")
    assert store.health().trouble == ""

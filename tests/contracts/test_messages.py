"""What every kind of store owes to the port MessageStore."""

import importlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.approvals import Decision, Person
from core.channels import Message, Proposal
from memory.stores import STORES
from observability.redaction import Redactor
from tests.fakes.clock import START, FakeClock

SENDING = Message(
    channel="chat", subject="approval:1", place="home", state="sending", posted_at=START
)
SHOWN = SENDING.but(state="shown", ref="5:17", digest="ab", shown_at=START)


@pytest.fixture(params=STORES)
async def opened(request, tmp_path: Path) -> AsyncIterator[tuple[Any, FakeClock]]:
    module, _, name = STORES[request.param].partition(":")
    kind, clock = getattr(importlib.import_module(module), name), FakeClock()
    stores = await kind.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    yield stores.messages, clock
    await stores.close()


async def test_a_subject_stands_once_per_place(opened: tuple[Any, FakeClock]) -> None:
    messages, _ = opened
    assert await messages.sending(SENDING) == SENDING
    await messages.shown(SHOWN)
    assert await messages.sending(SENDING.but(posted_at=START + timedelta(1))) == SHOWN
    assert await messages.sending(SENDING.but(place="away")) == SENDING.but(place="away")
    assert await messages.of_subject("chat", "approval:1", "home") == SHOWN
    assert await messages.of_subject("other", "approval:1", "home") is None


async def test_a_message_is_found_by_its_reference(opened: tuple[Any, FakeClock]) -> None:
    messages, _ = opened
    await messages.sending(SENDING)
    await messages.shown(SHOWN)
    assert await messages.by_ref("chat", "5:17") == SHOWN
    assert await messages.by_ref("other", "5:17") is None
    assert await messages.by_ref("chat", "5:18") is None


async def test_what_is_settled_is_looked_at_no_more(opened: tuple[Any, FakeClock]) -> None:
    messages, _ = opened
    later = SENDING.but(subject="approval:2")
    await messages.sending(SENDING)
    await messages.sending(later)
    assert await messages.unsettled("chat") == (SENDING, later)
    await messages.shown(SHOWN.but(state="settled"))
    assert await messages.unsettled("chat") == (later,)


async def test_what_did_not_arrive_is_forgotten(opened: tuple[Any, FakeClock]) -> None:
    messages, _ = opened
    await messages.sending(SENDING)
    await messages.forget(SENDING)
    assert await messages.of_subject("chat", "approval:1", "home") is None


async def test_messages_are_told_by_their_age(opened: tuple[Any, FakeClock]) -> None:
    messages, _ = opened
    old = SENDING.but(subject="end:1", posted_at=START - timedelta(days=2))
    await messages.sending(old)
    await messages.sending(SENDING)
    assert await messages.since("chat", START) == (SENDING,)
    assert await messages.since("chat", old.posted_at) == (old, SENDING)


async def test_an_update_is_noted_once(opened: tuple[Any, FakeClock]) -> None:
    messages, clock = opened
    assert not await messages.seen_update("chat", "7")
    assert await messages.note_update("chat", "7")
    assert not await messages.note_update("chat", "7")
    assert await messages.note_update("other", "7")
    clock.advance(31 * 86_400)
    assert await messages.note_update("chat", "8")
    assert not await messages.seen_update("chat", "7")


async def test_a_proposal_is_kept_until_it_expires(opened: tuple[Any, FakeClock]) -> None:
    messages, clock = opened
    person = Person(channel="chat", person_id="1")
    proposal = Proposal(
        nonce="n",
        approval_id="a",
        by=person,
        decision=Decision(choice="stop", by=person),
        expires_at=START + timedelta(minutes=10),
    )
    await messages.propose(proposal)
    assert await messages.proposal("n") == proposal
    assert await messages.proposal("m") is None
    clock.advance(601)
    assert await messages.proposal("n") is None

"""What every channel owes to the port Channel: the one in memory, and each in the table."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from core.errors import EffectUnknown, HostUnreachable, NotFound, RateLimited
from core.ports import Channel
from integrations import CHANNELS, channel_class
from tests.fakes.cards import HOSTILE, release
from tests.fakes.channel import FakeChannel
from tests.fakes.slack_server import BOT_TOKEN, SlackDouble
from tests.fakes.telegram_server import TOKEN, TelegramDouble

DANA = 77
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Bench:
    """A channel, what people see in it, and the ways in which its vendor fails."""

    channel: Channel
    seen: Callable[[], Sequence[tuple[str, Sequence[str]]]]
    """Text and labels of each message, oldest first."""
    flood: Callable[[float], None]
    """The next post is refused for so many seconds."""
    lose: Callable[[], None]
    """The answer to the next post is lost."""
    delete: Callable[[str], None]
    unreachable: Channel


@asynccontextmanager
async def memory() -> AsyncIterator[Bench]:
    chat = FakeChannel()

    def seen() -> list[tuple[str, list[str]]]:
        cards = [message.card for message in chat.shown]
        return [(f"{c.title}\n{c.footer}", [b.label for b in c.buttons]) for c in cards]

    def flood(seconds: float) -> None:
        chat.failing = RateLimited("slow down", retry_after_s=seconds)

    def lose() -> None:
        chat.failing, chat.failing_after = None, EffectUnknown("lost")

    def delete(ref: str) -> None:
        chat.delete(chat.of(ref))

    yield Bench(chat, seen, flood, lose, delete, FakeChannel(failing=HostUnreachable("down")))


@asynccontextmanager
async def telegram() -> AsyncIterator[Bench]:
    with TelegramDouble() as double:
        double.person(DANA)

        def seen() -> list[tuple[str, list[str]]]:
            return [(message.text, message.labels) for message in double.sent(DANA)]

        def flood(seconds: float) -> None:
            wait = {"Retry-After": f"{seconds:.0f}"}
            double.faults.plan(method="sendMessage", status=429, headers=wait)

        def lose() -> None:
            double.faults.plan(method="sendMessage", when="effect", drop=True)

        def delete(ref: str) -> None:
            number = int(ref.split(":")[1])
            double.chats.find(DANA, number, "not there").gone = True

        kind = channel_class("telegram")
        made = [kind(TOKEN, str(DANA), url) for url in (double.url, NOWHERE)]
        yield Bench(made[0], seen, flood, lose, delete, made[1])
        for channel in made:
            await channel.close()
    assert double.violations == []


@asynccontextmanager
async def slack() -> AsyncIterator[Bench]:
    with SlackDouble() as double:

        def standing() -> list[Any]:
            return [message for message in double.store.messages if not message.deleted]

        def seen() -> list[tuple[str, list[str]]]:
            return [(message.seen, [*message.buttons]) for message in standing()]

        def flood(seconds: float) -> None:
            wait = {"Retry-After": f"{seconds:.0f}"}
            double.faults.plan(path="chat.postMessage", status=429, headers=wait)

        def lose() -> None:
            double.faults.plan(path="chat.postMessage", when="effect", drop=True)

        def delete(ref: str) -> None:
            next(m for m in double.store.messages if m.ref == ref).deleted = True

        kind = channel_class("slack")
        made = [
            kind(BOT_TOKEN, "#incidents", api_url=url) for url in (double.api_url, f"{NOWHERE}/api")
        ]
        yield Bench(made[0], seen, flood, lose, delete, made[1])
        for channel in made:
            await channel.close()
    assert double.violations == []


MADE: dict[str, Callable[[], AbstractAsyncContextManager[Bench]]] = {
    "memory": memory,
    "telegram": telegram,
    "slack": slack,
}


@pytest.fixture(params=MADE)
async def bench(request) -> AsyncIterator[Bench]:
    async with MADE[request.param]() as made:
        yield made


def test_every_channel_of_the_table_is_held_to_its_port() -> None:
    assert {*CHANNELS, "memory"} == set(MADE)


async def test_a_card_is_shown_once_and_changed_in_place(bench: Bench) -> None:
    channel, place = bench.channel, bench.channel.places[0]
    await channel.check()
    ref = await channel.post(release(), place)
    ((text, labels),) = bench.seen()
    assert "Coupons are not taken off" in text and "Waits until" in text
    assert len(labels) == 3 and labels[0].startswith("Approve")
    done = release(buttons=(), footer="Approved by Ann.", settled=True)
    for _ in range(2):
        await channel.edit(ref, done)
    ((text, labels),) = bench.seen()
    assert "Approved by Ann." in text and labels == []


async def test_a_card_stands_below_another(bench: Bench) -> None:
    channel, place = bench.channel, bench.channel.places[0]
    above = await channel.post(release(), place)
    below = await channel.post(release(kind="reminder", briefing=None, diff=""), place, above)
    assert above != below and len(bench.seen()) == 2


async def test_foreign_words_are_shown_and_never_refused(bench: Bench) -> None:
    channel, place = bench.channel, bench.channel.places[0]
    for text in HOSTILE:
        clean = text.encode("utf-8", "replace").decode()
        ref = await channel.post(release(title=clean, footer=clean, diff=clean), place)
        await channel.edit(ref, release(briefing=None, title=clean, body=clean, buttons=()))
    assert len(bench.seen()) >= len(HOSTILE)


async def test_a_message_that_is_gone_is_told(bench: Bench) -> None:
    ref = await bench.channel.post(release(), bench.channel.places[0])
    bench.delete(ref)
    with pytest.raises(NotFound):
        await bench.channel.edit(ref, release(footer="Void."))


async def test_what_surely_did_not_arrive_is_told_apart_from_what_may_have(bench: Bench) -> None:
    channel, place = bench.channel, bench.channel.places[0]
    with pytest.raises(HostUnreachable):
        await bench.unreachable.post(release(), place)
    bench.flood(7)
    with pytest.raises(RateLimited) as limited:
        await channel.post(release(), place)
    assert limited.value.retry_after_s == 7 and bench.seen() == []
    bench.lose()
    with pytest.raises(EffectUnknown):
        await channel.post(release(), place)
    assert len(bench.seen()) == 1
    await channel.post(release(repeated=True), place)
    assert len(bench.seen()) == 2

"""Cards in Telegram, by the vendor's client against a strict double."""

import logging
import traceback
from collections.abc import AsyncIterator

import pytest

from core.errors import (
    EffectUnknown,
    Forbidden,
    HostUnreachable,
    NotFound,
    PayloadInvalid,
    RateLimited,
)
from observability.records import LOUD_VENDORS
from telegram_bot.channel import TelegramChannel
from tests.fakes.proxy import Proxy
from tests.fakes.telegram_server import TOKEN, TelegramDouble
from tests.unit.telegram_bot.hostile import HOSTILE
from tests.unit.telegram_bot.test_texts import DIFF, card, full_of

DANA = 77
HOME = str(DANA)


@pytest.fixture(scope="module")
def server():
    with TelegramDouble() as started:
        yield started


@pytest.fixture
def double(server: TelegramDouble):
    server.forget()
    server.person(DANA)
    yield server
    assert server.violations == []


@pytest.fixture
async def channel(double: TelegramDouble) -> AsyncIterator[TelegramChannel]:
    opened = TelegramChannel(TOKEN, HOME, double.url)
    yield opened
    await opened.close()


def sends(double: TelegramDouble) -> list[str]:
    return [
        call["method"] for call in double.journal if call["method"].startswith(("send", "edit"))
    ]


async def test_a_card_is_posted_and_edited_in_place(double, channel) -> None:
    ref = await channel.post(card(), HOME)
    (message,) = double.sent(DANA)
    assert ref == f"{DANA}:{message.message_id}"
    assert message.labels == ["Approve", "Give feedback", "Reject"]
    assert not message.previewed and not message.silent
    assert message.button("Approve")["style"] == "success"
    await channel.edit(ref, card(buttons=(), footer="Approved by Dana.", settled=True))
    assert message.labels == [] and "Approved by Dana." in message.text
    await channel.edit(ref, card(buttons=(), footer="Approved by Dana.", settled=True))
    assert len(double.sent(DANA)) == 1 and len(message.history) == 1


async def test_a_long_diff_goes_ahead_as_a_file_without_a_sound(double, channel) -> None:
    await channel.post(card(diff=DIFF + "+more\u202e\n" * 80), HOME)
    file, question = double.sent(DANA)
    assert file.document and file.document[0] == "1a2b3c4d-9f8e7d6c5b4a.diff" and file.silent
    assert "<U+202E>" in file.document[1].decode()
    assert "1a2b3c4d-1111-4222-8333-444455556666" in file.text
    assert question.labels and "85 lines" in question.text


async def test_a_card_answers_another_even_one_that_is_gone(double, channel) -> None:
    above = await channel.post(card(), HOME)
    await channel.post(card(title="below", silent=True), HOME, above)
    first, second = double.sent(DANA)
    assert second.reply_to is first and second.silent
    first.gone = True
    await channel.post(card(title="below nothing"), HOME, above)
    assert double.sent(DANA)[-1].reply_to is None


async def test_whatever_a_card_holds_it_is_taken(double, channel) -> None:
    for text in HOSTILE[::4]:
        for shown in full_of(text):
            ref = await channel.post(shown, HOME)
            await channel.edit(ref, shown.but(footer="decided", buttons=()))
    assert {call["status"] for call in double.journal} == {200}


async def test_what_the_markup_cannot_carry_goes_out_as_plain_text(double, channel) -> None:
    double.faults.plan(
        method="sendMessage", status=400, message="Bad Request: can't parse entities: unknown"
    )
    ref = await channel.post(card(), HOME)
    (message,) = double.sent(DANA)
    assert (
        message.labels
        and message.text.startswith("🔴 1a2b3c4d Release")
        and not message.now.raw.count("<b>")
    )
    double.faults.plan(
        method="editMessageText", status=400, message="Bad Request: can't parse entities: unknown"
    )
    await channel.edit(ref, card(title="2 < 3"))
    assert "2 < 3" in message.text


async def test_every_failure_has_its_error(double, channel) -> None:
    await channel.check()
    double.faults.plan(method="sendMessage", status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimited) as flood:
        await channel.post(card(), HOME)
    assert flood.value.retry_after_s == 7
    for fault in ({"status": 502}, {"when": "effect", "drop": True}):
        double.faults.plan(method="sendMessage", **fault)
        with pytest.raises(EffectUnknown):
            await channel.post(card(), HOME)
    double.faults.plan(method="sendMessage", status=400, message="Bad Request: STYLE_INVALID")
    with pytest.raises(PayloadInvalid, match="Style_invalid"):
        await channel.post(card(), HOME)
    for said in ("not enough rights to send text messages to the chat", "TOPIC_CLOSED"):
        double.faults.plan(method="sendMessage", status=400, message=f"Bad Request: {said}")
        with pytest.raises(Forbidden):
            await channel.post(card(), HOME)
    ref = await channel.post(card(), HOME)
    double.faults.plan(method="editMessageText", when="effect", drop=True)
    with pytest.raises(HostUnreachable):
        await channel.edit(ref, card(title="new"))
    double.sent(DANA)[-1].gone = True
    with pytest.raises(NotFound):
        await channel.edit(ref, card(title="newer"))
    with double.down():
        with pytest.raises(HostUnreachable):
            await channel.post(card(), HOME)
        with pytest.raises(HostUnreachable):
            await channel.check()
    with pytest.raises(Forbidden, match="TELEGRAM_CHAT_ID"):
        await channel.post(card(), "404")
    double.person(DANA).blocks()
    with pytest.raises(Forbidden, match="blocked"):
        await channel.check()


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_leads_to_names_that_this_machine_does_not_know(double, kind: str) -> None:
    with Proxy(double.url, user="" if kind == "http" else "ann", password="s3cret") as proxy:
        login = "" if kind == "http" else "ann:s3cret@"
        address = f"{kind}://{login}127.0.0.1:{proxy.port}"
        channel = TelegramChannel(TOKEN, HOME, "http://bots.example", address)
        await channel.post(card(), HOME)
        await channel.close()
    assert set(proxy.asked) == {"bots.example"} and double.sent(DANA)


async def test_a_file_is_not_sent_again_for_the_flood_limit_of_its_question(double, channel):
    double.faults.plan(method="sendMessage", status=429, headers={"Retry-After": "1"})
    long = card(diff=DIFF + "+more\n" * 80)
    with pytest.raises(RateLimited):
        await channel.post(long, HOME)
    await channel.post(long, HOME)
    assert [bool(m.document) for m in double.sent(DANA)] == [True, False]


async def test_a_wrong_token_is_told_and_never_shown(double, caplog) -> None:
    token = "4200001:AAH-some_other_token_0123456789abcdef"
    stranger = TelegramChannel(token, HOME, double.url)
    caplog.set_level(logging.DEBUG)
    for name in LOUD_VENDORS:  # as records.set_up has it
        logging.getLogger(name).setLevel(logging.WARNING)
    with pytest.raises(Forbidden, match="TELEGRAM_BOT_TOKEN") as refused:
        await stranger.check()
    with double.down(), pytest.raises(HostUnreachable) as away:
        await stranger.check()
    await stranger.close()
    for error in (refused.value, away.value):
        assert token not in "".join(traceback.format_exception(error))
    assert token not in caplog.text and token not in repr(stranger)

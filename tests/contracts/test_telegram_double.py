"""The Telegram double behaves as the vendor does, towards the vendor's usual client."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.fakes.telegram_server import TOKEN, TelegramDouble

DANA = 77
HTML: Any = {"parse_mode": "HTML"}


@pytest.fixture(scope="module")
def server():
    with TelegramDouble() as started:
        yield started


@pytest.fixture
def double(server: TelegramDouble):
    server.forget()
    yield server
    assert server.violations == []


def bot_of(server: TelegramDouble, token: str = TOKEN) -> Bot:
    request = HTTPXRequest(read_timeout=5, httpx_kwargs={"trust_env": False})
    return Bot(token, base_url=f"{server.url}/bot", request=request)


@pytest.fixture
async def bot(double: TelegramDouble) -> AsyncIterator[Bot]:
    async with bot_of(double) as client:
        yield client


def keyboard(data: str = "approve:abc", label: str = "Approve") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=data)]])


async def test_calls_against_the_contract_are_refused_and_noted(
    double: TelegramDouble, bot: Bot, contracts: Path
) -> None:
    assert double.contract.present
    double.person(DANA)
    with pytest.raises(BadRequest, match=r"(?i)against the contract"):
        await bot.send_message(DANA, "hello", api_kwargs={"colour": "red"})
    assert "colour" in double.violations.pop()


async def test_what_was_not_confirmed_is_handed_over_again(double: TelegramDouble, bot: Bot):
    dana = double.person(DANA)
    dana.says("one")
    dana.says("two")
    first = await bot.get_updates(timeout=1)
    again = await bot.get_updates(timeout=1)
    assert [u.effective_message.text for u in first if u.effective_message] == ["one", "two"]
    assert [u.update_id for u in again] == [u.update_id for u in first]
    assert await bot.get_updates(offset=first[-1].update_id + 1, timeout=0) == ()


async def test_a_poll_waits_for_what_comes(double: TelegramDouble, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.to_thread(
        double.wait, lambda: any(c["method"] == "getUpdates" for c in double.journal), "a poll"
    )
    double.person(DANA).says("/help")
    (update,) = await poll
    assert update.message and update.message.entities[0].type == "bot_command"


async def test_a_second_poller_ends_the_first(double: TelegramDouble, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.to_thread(
        double.wait, lambda: any(c["method"] == "getUpdates" for c in double.journal), "a poll"
    )
    async with bot_of(double) as other:
        await other.get_updates(timeout=0)
    with pytest.raises(Conflict, match=r"(?i)terminated by other getUpdates"):
        await poll


async def test_a_text_is_sent_edited_and_not_edited_to_the_same(double: TelegramDouble, bot: Bot):
    double.person(DANA)
    silent = LinkPreviewOptions(is_disabled=True)
    sent = await bot.send_message(
        DANA,
        "<b>a &lt; b</b> https://host/x",
        reply_markup=keyboard(),
        link_preview_options=silent,
        **HTML,
    )
    (message,) = double.sent(DANA)
    assert (message.text, message.labels, message.previewed) == (
        "a < b https://host/x",
        ["Approve"],
        False,
    )
    await bot.edit_message_text("done", DANA, sent.message_id)
    assert message.text == "done" and message.labels == []
    assert [old.text for old in message.history] == ["a < b https://host/x"]
    with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
        await bot.edit_message_text("done", DANA, sent.message_id)
    with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
        await bot.edit_message_text("done", DANA, 999)


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("<b>open", HTML, "can't parse entities: Can't find end tag"),
        ("<blink>x</blink>", HTML, 'Unsupported start tag "blink"'),
        ("<b>x</i>", HTML, "Unmatched end tag"),
        ("a < b", HTML, "Unclosed start tag"),
        ("x" * 4097, {}, "message is too long"),
        ("😀" * 2049, {}, "message is too long"),
        ("x", {"reply_markup": keyboard("a:" + "ä" * 32)}, "BUTTON_DATA_INVALID"),
        ("x", {"reply_to_message_id": 5}, "message to be replied not found"),
    ],
)
async def test_texts_are_refused_in_the_words_of_the_vendor(
    double: TelegramDouble, bot: Bot, text: str, more: Any, words: str
) -> None:
    double.person(DANA)
    with pytest.raises(BadRequest, match=rf"(?i){words}"):
        await bot.send_message(DANA, text, **more)
    assert double.sent(DANA) == []


async def test_markup_does_not_count_but_what_is_seen_does(double: TelegramDouble, bot: Bot):
    double.person(DANA)
    await bot.send_message(DANA, "<b>" + "&lt;" * 4096 + "</b>", **HTML)
    assert double.sent(DANA)[0].text == "<" * 4096


async def test_unknown_and_blocked_chats(double: TelegramDouble, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(1, "x")
    double.person(DANA).blocks()
    with pytest.raises(Forbidden, match=r"(?i)blocked by the user"):
        await bot.send_message(DANA, "x")


async def test_a_tap_is_answered_once_and_in_time(double: TelegramDouble, bot: Bot) -> None:
    dana = double.person(DANA)
    await bot.send_message(DANA, "Ship it?", reply_markup=keyboard())
    tap = dana.taps(double.sent(DANA)[0], "Approve")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query and query.data == "approve:abc" and query.from_user.id == DANA
    await bot.answer_callback_query(query.id, "Approving")
    assert tap.answer and tap.answer["text"] == "Approving"
    double.chats.callback_life_s = 0
    dana.taps(double.sent(DANA)[0], "Approve")
    late = (await bot.get_updates(offset=update.update_id + 1))[0].callback_query
    assert late
    for callback_id in (query.id, late.id, "of nobody"):
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_callback_query(callback_id)


async def test_faults_flood_and_absence(double: TelegramDouble, bot: Bot) -> None:
    double.person(DANA)
    double.faults.plan(method="sendMessage", status=429, headers={"Retry-After": "7"})
    with pytest.raises(RetryAfter) as flood:
        await bot.send_message(DANA, "x")
    waits = flood.value.retry_after
    assert (waits if isinstance(waits, int) else waits.total_seconds()) == 7
    double.faults.plan(method="sendMessage", status=502)
    with pytest.raises(NetworkError):
        await bot.send_message(DANA, "x")
    double.faults.plan(method="sendMessage", when="effect", drop=True)
    with pytest.raises(NetworkError):
        await bot.send_message(DANA, "arrived, and nobody knows")
    double.faults.plan(method="sendMessage", delay_s=1.0)
    with pytest.raises(TimedOut):
        await bot.send_message(DANA, "x", read_timeout=0.1)
    with double.down(), pytest.raises(NetworkError):
        await bot.send_message(DANA, "x")
    await bot.send_message(DANA, "back")
    assert [m.text for m in double.sent(DANA)] == ["arrived, and nobody knows", "back"]


async def test_a_wrong_token_is_told(double: TelegramDouble) -> None:
    client = bot_of(double, "4200001:AAH-another-token")
    with pytest.raises(InvalidToken):
        await client.initialize()
    await client.shutdown()


async def test_documents_forced_replies_and_commands(double: TelegramDouble, bot: Bot) -> None:
    dana = double.person(DANA)
    await bot.send_document(
        DANA, BytesIO(b"--- a\n+++ b\n"), filename="change.diff", caption="diff"
    )
    asked = await bot.send_message(DANA, "In words?", reply_markup={"force_reply": True})  # type: ignore[arg-type]
    document, question = double.sent(DANA)
    assert document.document == ("change.diff", b"--- a\n+++ b\n") and question.forces_reply
    dana.says("rename it", reply_to=question)
    (update,) = await bot.get_updates()
    assert update.message and update.message.reply_to_message
    assert update.message.reply_to_message.message_id == asked.message_id
    await bot.set_my_commands([("fix", "Report a fault")])
    assert double.commands == [{"command": "fix", "description": "Report a fault"}]


async def test_what_must_be_ignored_looks_as_it_does_there(double: TelegramDouble, bot: Bot):
    dana = double.person(DANA).within(double.group(-100_5, "On call"))
    said = dana.says("approve")
    dana.corrects(said, "reject")
    dana.forwards(said)
    dana.says_unseen("approve")
    double.posts(-100_9, "approve")
    double.chats.jump(12)
    dana.says("after an idle week")
    updates = await bot.get_updates()
    assert updates[0].message and updates[0].message.from_user
    assert updates[1].edited_message
    assert updates[2].message and updates[2].message.forward_origin
    assert updates[3].message and updates[3].message.sender_chat
    assert updates[4].channel_post
    assert updates[5].update_id == 12


async def test_a_webhook_is_called_until_it_takes_the_update(double: TelegramDouble, bot: Bot):
    calls: list[tuple[str | None, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], body["update_id"]))
            self.send_response(500 if len(calls) == 1 else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=hook.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{hook.server_port}/hook"
    await bot.set_webhook(url, secret_token="s3cret_-")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    double.person(DANA).says("hello")
    await asyncio.to_thread(double.wait, lambda: len(calls) == 2, "two calls")
    assert calls[0] == calls[1] and calls[0][0] == "s3cret_-"
    await bot.delete_webhook()
    assert await bot.get_updates() == ()
    hook.shutdown()
    hook.server_close()
    thread.join(5)

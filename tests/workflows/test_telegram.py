"""People in Telegram, in one process: who is heard, what is passed over, and what is answered."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import bootstrap
from api.server import Server, listen
from config import Settings, load_settings
from core.approvals import ApprovalState
from core.errors import HostUnreachable, PayloadInvalid
from core.ports import TaskFilter
from evals.scripted import REPOSITORY, Script
from telegram_bot.bot import TRIES, TelegramBot
from tests.e2e.rest import OPERATOR
from tests.fakes.github import TOKEN as GITHUB_TOKEN
from tests.fakes.github import GitHubDouble
from tests.fakes.repositories import repository
from tests.fakes.telegram_chats import BOT, Callback, Message
from tests.fakes.telegram_people import Person
from tests.fakes.telegram_server import TelegramDouble
from tests.fakes.waiting import until
from tests.workflows.house import House, house

DANA, EVE, GROUP = 77, 66, -100_5
IN_GROUP: dict[str, Any] = {"telegram_chat_id": str(GROUP), "telegram_approver_ids": str(DANA)}
OTHER_FIX = "def total(items):\n    result = sum(items)\n    return result\n"


@pytest.fixture(scope="module")
def server():
    with TelegramDouble() as started:
        yield started


@pytest.fixture
def double(server: TelegramDouble):
    server.forget()
    yield server
    assert server.violations == []


@dataclass
class Chat:
    """A house, its bot, and Dana who may decide."""

    here: House
    bot: TelegramBot
    double: TelegramDouble
    dana: Person
    folder: Path
    settings: Settings

    async def hear(self) -> None:
        """Let the bot deal with all that has happened, as a webhook would."""
        with self.double.chats.lock:
            waiting, self.double.chats.updates[:] = list(self.double.chats.updates), []
        for update in waiting:
            await self.bot.receive(update)

    async def look(self) -> None:
        await self.here.look()

    async def asked(self) -> Message:
        """A repair is driven to its question, and the message shows it."""
        await self.here.run(repository=str(self.here.repository))
        await self.look()
        return next(m for m in reversed(self.sent()) if m.labels)

    async def says(self, text: str, by: Person | None = None, **more: Any) -> list[Message]:
        """Say something; what comes back."""
        return await self.back(lambda: (by or self.dana).says(text, **more))

    async def back(self, act: Any) -> list[Message]:
        """Do something; what the bot then says where it was done."""
        before = len(self.double.chats.messages)
        act()
        await self.hear()
        return [m for m in self.double.chats.messages[before:] if m.sender.get("id") == BOT["id"]]

    async def tap(self, message: Message, label: str, by: Person | None = None) -> Callback:
        made = (by or self.dana).taps(message, label, stale=True)
        await self.hear()
        return made

    def sent(self) -> list[Message]:
        return self.double.sent(DANA)

    def refusals(self) -> list[dict[str, Any]]:
        """What the audit log holds of those who were not heard."""
        with closing(sqlite3.connect(self.folder / "data" / "anton.db")) as connection:
            rows = connection.execute("SELECT entry FROM audit ORDER BY number").fetchall()
        entries = [json.loads(entry) for (entry,) in rows]
        return [entry for entry in entries if entry["action"].startswith("refused")]

    async def pending(self) -> int:
        return len(await self.here.anton.approvals(state=ApprovalState.PENDING))


@asynccontextmanager
async def chat(
    tmp_path: Path,
    double: TelegramDouble,
    script: Script | None = None,
    files: Mapping[str, str] = REPOSITORY,
    shows: bool = False,
    **options: Any,
) -> AsyncIterator[Chat]:
    options = {
        "telegram_bot_token": double.token,
        "telegram_chat_id": str(DANA),
        "telegram_api_url": double.url,
        **options,
    }
    dana = double.person(DANA, "Dana")
    async with house(tmp_path, script, files=files, shows=shows, **options) as here:
        await here.look()
        settings, _ = load_settings(repo_cwd=here.repository, **options)
        bot = bootstrap.ear(settings, here.anton)
        try:
            yield Chat(here, bot, double, dana, tmp_path, settings)
        finally:
            await bot.stop()


def polls_of(double: TelegramDouble) -> list[dict[str, Any]]:
    return [call["given"] for call in double.journal if call["method"] == "getUpdates"]


def text_of(tap: Callback) -> str:
    assert tap.answer is not None
    return str(tap.answer.get("text", ""))


async def test_the_message_that_asked_tells_of_the_pull_request(tmp_path, double) -> None:
    (tmp_path / "host").mkdir()
    seed = repository(tmp_path / "seed", REPOSITORY)
    with GitHubDouble(tmp_path / "host", seed=seed) as github:
        options: dict[str, Any] = {"github_api_url": github.url, "github_write_interval_s": 0.0}
        async with chat(tmp_path, double, None, github_token=GITHUB_TOKEN, **options) as it:
            task = await it.here.run(repository="acme/todo")
            await it.look()
            question = next(m for m in it.sent() if m.labels)
            await it.tap(question, "Approve")
            await it.here.anton.drive(task.task_id)
            await it.look()
            (pull,) = github.pulls
            assert question.labels == [] and "Approved by Dana (77)" in question.text
            assert question.text.count(f"/acme/todo/pull/{len(github.pulls)}") == 1
            assert pull["state"] == "open" and [m for m in it.sent() if m.labels] == []


async def test_feedback_is_asked_for_and_taken_in_words(tmp_path: Path, double: TelegramDouble):
    script = Script(fixes=(OTHER_FIX, None))
    async with chat(tmp_path, double, script) as it:
        question = await it.asked()
        tap = await it.tap(question, "Give feedback")
        assert "What should be different" in text_of(tap)
        field = it.sent()[-1]
        assert field.forces_reply and field.reply_to is question
        (noted,) = await it.says("shorter, please", reply_to=field)
        assert "Noted" in noted.text
        (task,) = (await it.here.anton.tasks(TaskFilter())).tasks
        (asked,) = await it.here.anton.approvals(task_id=task.task_id)
        assert asked.decision and asked.decision.text == "shorter, please"
        assert asked.decision.by.person_id == str(DANA) and asked.decision.place == str(DANA)


async def test_a_rejection_is_asked_about_once_more_in_its_message(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        question = await it.asked()
        await it.tap(question, "Reject")
        sure = it.sent()[-1]
        assert sure.labels == ["Yes", "No"] and await it.pending() == 1
        assert "stays open" in text_of(await it.tap(sure, "No"))
        assert sure.labels == [] and "stays open" in sure.text and await it.pending() == 1
        await it.tap(question, "Reject")
        last = it.sent()[-1]
        await it.tap(last, "Yes")
        assert await it.pending() == 0 and "Rejected" in last.text
        assert "Rejected by Dana" in text_of(await it.tap(question, "Approve"))


async def test_a_card_that_nothing_is_known_of_is_settled_by_its_tap(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        question = await it.asked()
        orphan = double.chats.add(DANA, BOT, question.now)
        assert "Approved" in text_of(await it.tap(orphan, "Approve"))
        assert orphan.labels == [] and orphan.text.endswith("published now.")
        await it.look()
        assert question.labels == [] and "Approved by Dana" in question.text
        assert "Approved by Dana" in text_of(await it.tap(orphan, "Approve"))


async def test_words_in_the_private_chat_and_replies_decide(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        await it.asked()
        (answer,) = await it.says("looks great, ship it")
        if answer.labels:
            await it.tap(answer, "Yes")
        assert await it.pending() == 0


async def test_a_reply_to_any_message_is_about_its_task(tmp_path, double) -> None:
    long = "def total(items):\n" + "".join(f"    x{n} = {n}\n" for n in range(60))
    script = Script(fixes=(long + "    return sum(items)\n",))
    async with chat(tmp_path, double, script) as it:
        await it.asked()
        file = next(m for m in it.sent() if m.document)
        progress = next(m for m in it.sent() if m.silent and not m.document)
        assert file.document and "+    x7 = 7" in file.document[1].decode()
        for message in (file, progress):
            (answer,) = await it.says("what does it cost?", reply_to=message)
            assert "Cost" in answer.text or "cost" in answer.text
            (further,) = await it.says("what does it cost?", reply_to=answer)
            assert "cost" in further.text.lower()
        with it.double.chats.lock:
            it.double.chats.messages.remove(progress)


async def test_commands_do_what_help_says(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        (begun,) = await it.says("/fix total() is one too many")
        assert "begun" in begun.text
        (task,) = (await it.here.anton.tasks(TaskFilter())).tasks
        assert task.request.requested_by == f"telegram:{DANA}" and task.request.source == "telegram"
        for command, words in (
            ("/start", "/fix TEXT"),
            ("/help@anton_on_call_bot", "/fix TEXT"),
            ("/tasks", task.task_id[:8]),
            (f"/task {task.task_id[:8]}", "queued"),
            ("/status", "1 queued"),
            ("/build a shop", "build"),
            ("/budget 1", "Nothing waits"),
            ("/approve", "Nothing waits"),
            ("/reject", "Nothing waits"),
            ("/dance", "I do not know"),
            (f"/cancel {task.task_id[:8]}", "cancelled"),
        ):
            (answer,) = await it.says(command)
            assert words in answer.text, command
        assert await it.says("/help@another_bot") == []


IGNORED: dict[str, Any] = {
    "edited": lambda it, dana, group: dana.corrects(dana._write("x", None), "approve"),
    "forwarded": lambda it, dana, group: dana.forwards(dana._write("approve", None)),
    "channel": lambda it, dana, group: it.double.posts(-100_9, "approve"),
    "anonymous": lambda it, dana, group: group.says_unseen("approve"),
    "group talk": lambda it, dana, group: group.says("approve"),
    "another bot's command": lambda it, dana, group: group.says("/roll 6"),
}


async def test_what_is_not_said_to_anton_is_passed_over(tmp_path, double) -> None:
    double.group(GROUP)
    async with chat(tmp_path, double, **IN_GROUP) as it:
        await it.here.run(repository=str(it.here.repository))
        await it.look()
        group = it.dana.within(GROUP)
        for kind, act in IGNORED.items():
            assert await it.back(lambda act=act: act(it, it.dana, group)) == [], kind
            assert await it.pending() == 1 and it.refusals() == [], kind


async def test_in_a_group_replies_and_commands_are_heard(tmp_path, double) -> None:
    double.group(GROUP)
    async with chat(tmp_path, double, **IN_GROUP) as it:
        await it.here.run(repository=str(it.here.repository))
        await it.look()
        question = next(m for m in it.double.sent(GROUP) if m.labels)
        here = it.dana.within(GROUP)
        (told,) = await it.says("what does it cost?", by=here, reply_to=question)
        assert "cost" in told.text.lower() and told.chat["id"] == GROUP
        (listed,) = await it.says("/tasks", by=here)
        assert "total()" in listed.text
        assert "Approved" in text_of(await it.tap(question, "Approve", by=here))
        assert await it.pending() == 0


async def test_strangers_get_no_answer_and_an_entry_in_the_audit(tmp_path, double) -> None:
    double.group(GROUP)
    double.group(-100_6, "Elsewhere")
    async with chat(tmp_path, double, **IN_GROUP) as it:
        await it.here.run(repository=str(it.here.repository))
        await it.look()
        question = next(m for m in it.double.sent(GROUP) if m.labels)
        eve = double.person(EVE, "Eve")
        places = (eve, eve.within(GROUP), eve.within(-100_6), it.dana.within(-100_6))
        for person in places:
            for _ in range(3):
                assert await it.says("/approve", by=person) == []
        assert len(it.refusals()) == len(places)
        tap = await it.tap(question, "Approve", by=eve.within(GROUP))
        assert "not among those who may decide" in text_of(tap)
        strange = double.chats.add(EVE, it.double.sent(GROUP)[-1].sender, question.now)
        assert text_of(await it.tap(strange, "Approve", by=eve)) == "I do not answer here."
        forged = it.dana.within(GROUP).forges(question, "approve:" + "x" * 22)
        nonsense = it.dana.within(GROUP).forges(question, "\u202e" * 21)
        await it.hear()
        assert "do not know this button" in text_of(forged) and nonsense.answer
        assert await it.pending() == 1 and len(it.refusals()) >= len(places) + 3


async def test_an_update_is_dealt_with_once_also_after_a_restart(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        it.dana.says("/fix total() is one too many")
        (update,) = it.double.chats.updates
        await asyncio.gather(*(it.bot.receive(update) for _ in range(5)))
        await it.hear()
    async with chat(tmp_path, double) as it:
        await it.bot.receive(update)
        assert len(it.sent()) == 1
        assert len((await it.here.anton.tasks(TaskFilter())).tasks) == 1


async def test_no_update_is_lost_or_doubled_by_bots_that_break_off(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        for number in range(30):
            it.dana.says(f"/fix own: total() is off by {number}")
        for pause_s in (0.02, 0.05, 0.1, 0.2, 0.3):
            bot = bootstrap.ear(it.settings, it.here.anton)
            bot.start()
            await asyncio.sleep(pause_s)
            broken = [task for task in (bot._running, *bot._open.values()) if task]
            for task in broken:
                task.cancel()
            await asyncio.gather(*broken, return_exceptions=True)
            await bot.stop()
        it.bot.start()
        await asyncio.to_thread(double.wait, lambda: not double.chats.updates, "not confirmed")
        tasks = (await it.here.anton.tasks(TaskFilter(), limit=100)).tasks
        assert sorted(int(task.request.text.split()[-1]) for task in tasks) == [*range(30)]
        told = [message.text for message in it.sent()]
        assert all(any(task.task_id[:8] in text for text in told) for task in tasks)


async def test_a_store_that_fails_for_a_while_costs_no_update(
    tmp_path: Path, double: TelegramDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telegram_bot.bot.PAUSE_MIN_S", 0.0)
    full = "CREATE TRIGGER full BEFORE INSERT ON tasks BEGIN INSERT INTO nowhere VALUES (1); END"
    async with chat(tmp_path, double) as it:
        it.dana.says("/fix total() is one too many")
        (update,) = it.double.chats.updates
        with closing(sqlite3.connect(tmp_path / "data" / "anton.db")) as store:
            store.execute(full)
            for _ in range(2 * TRIES):
                with pytest.raises(HostUnreachable):
                    await it.bot.receive(update)
            store.execute("DROP TRIGGER full")
        await it.bot.receive(update)
        assert len((await it.here.anton.tasks(TaskFilter())).tasks) == 1


async def test_a_slow_answer_follows_as_a_message(tmp_path, double, monkeypatch) -> None:
    monkeypatch.setattr("telegram_bot.handlers.ANSWER_S", 0.0)
    async with chat(tmp_path, double) as it:
        question = await it.asked()
        tap = await it.tap(question, "Approve")
        assert "follows" in text_of(tap) and "Approved" in it.sent()[-1].text


async def test_a_tap_that_cannot_be_answered_counts(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        question = await it.asked()
        it.double.faults.plan(method="answerCallbackQuery", status=400, message="Bad Request: no")
        tap = await it.tap(question, "Approve")
        assert tap.answer is None and await it.pending() == 0


async def test_flood_limits_and_gaps_are_waited_out(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        it.double.faults.plan(method="sendMessage", status=429, headers={"Retry-After": "1"})
        (listed,) = await it.says("/help")
        assert "/fix" in listed.text


async def test_photos_and_nonsense_are_answered_or_refused(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        (answer,) = await it.says("")
        assert "words only" in answer.text
        bodies: list[Any] = [None, [], "x", {"message": {}}, {"update_id": 1, "message": 7}]
        for body in bodies:
            with pytest.raises(PayloadInvalid):
                await it.bot.receive(body)


async def test_polling_hears_and_confirms_what_was_dealt_with(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        it.dana.says("/help")
        it.bot.start()
        await asyncio.to_thread(double.wait, it.sent, "no answer")
        await asyncio.to_thread(double.wait, lambda: not double.chats.updates, "not confirmed")
        await asyncio.to_thread(
            double.wait, lambda: "offset" not in polls_of(double)[-1], "no long poll"
        )
        double.chats.jump(12)
        it.dana.says("/status")
        await asyncio.to_thread(double.wait, lambda: len(it.sent()) == 2, "lost after a week")
        assert [command["command"] for command in double.commands][:2] == ["fix", "tasks"]
        assert it.bot.trouble == ""
        assert (await it.here.anton.health())["trouble"] == {}


async def test_an_update_that_nobody_can_read_is_told_and_does_not_end_the_listening(
    tmp_path: Path, double: TelegramDouble
) -> None:
    async with chat(tmp_path, double) as it:
        double.chats.updates.append({"update_id": 1, "message": {"date": 1}})
        it.bot.start()
        await until(lambda: "TypeError" in it.bot.trouble)
        assert "TypeError" in str((await it.here.anton.health())["trouble"])
        double.chats.updates.clear()
        it.dana.says("/help")
        await asyncio.to_thread(double.wait, it.sent, "no answer")
    planted = ("update: message: 'message_id' is a required property", "answer to getUpdates: ")
    assert [said for said in double.violations if not said.startswith(planted)] == []
    double.violations.clear()


async def test_a_second_poller_silences_the_first_aloud(tmp_path, double) -> None:
    async with chat(tmp_path, double) as it:
        it.bot.start()
        await asyncio.to_thread(double.wait, lambda: polls_of(double), "no poll")
        double._poll += 1
        await asyncio.to_thread(double.wait, lambda: it.bot.trouble, "no word of it")
        health = await it.here.anton.health()
        assert "Another process polls" in health["trouble"]["telegram (hearing)"]
        assert health["status"] == "degraded"


async def test_a_webhook_is_named_with_a_secret_and_taken_back_for_polling(tmp_path, double):
    options: dict[str, Any] = {
        "telegram_mode": "webhook",
        "telegram_webhook_url": "http://127.0.0.1:9/webhooks/x",
    }
    async with chat(tmp_path, double, **options) as it:
        it.bot.start()
        await asyncio.to_thread(double.wait, lambda: double.webhook, "no webhook")
        assert it.bot.knows(double.webhook["secret_token"])
        assert (
            not it.bot.knows("")
            and not it.bot.knows("é")
            and double.token not in str(double.webhook)
        )
    async with chat(tmp_path, double) as it:
        it.bot.start()
        await asyncio.to_thread(double.wait, lambda: not double.webhook, "still a webhook")


async def test_a_webhook_takes_updates_from_telegram_alone(tmp_path, double) -> None:
    sock = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}/webhooks/telegram"
    options: dict[str, Any] = {
        "telegram_mode": "webhook",
        "telegram_webhook_url": url,
        "api_key": OPERATOR,
    }
    async with chat(tmp_path, double, **options) as it:
        up, app = asyncio.Event(), bootstrap.rest(it.settings, it.here.anton, it.bot)
        server = Server(app, (), up.set)
        running = asyncio.create_task(server.serve(sockets=[sock]))
        await up.wait()
        it.bot.start()
        it.dana.says("/help")
        await asyncio.to_thread(double.wait, it.sent, "no answer")
        name = "X-Telegram-Bot-Api-Secret-Token"
        right = {name: double.webhook["secret_token"]}
        async with httpx.AsyncClient(trust_env=False) as client:
            for headers in ({}, {name: ""}, {name: "wrong"}, {name: right[name][:-1]}):
                answer = await client.post(url, json={"update_id": 1}, headers=headers)
                assert answer.status_code == 401
            for body in (b"", b"[", b'{"update_id": 1, "message": {}}', b'{"x": NaN}'):
                answer = await client.post(url, content=body, headers=right)
                assert answer.status_code == 200
            assert (await client.get(url, headers=right)).status_code == 405
        assert len(it.sent()) == 1
        server.should_exit = True
        await running

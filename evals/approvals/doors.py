"""The ways in which a person decides: each shows a question, takes a tap, and answers it."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from core.approvals import Approval
from integrations.http import trusted

if TYPE_CHECKING:
    from tests.fakes.slack_server import SlackDouble
    from tests.fakes.slack_store import Shown
    from tests.fakes.telegram_chats import Message
    from tests.fakes.telegram_server import TelegramDouble

ANSWER_BAR_S = 3.0
"""A tap is answered within so many seconds."""
PATIENCE_S = 120.0
MAIN = Path(__file__).resolve().parents[2] / "main.py"
LISTED = ("ann", "bob")
"""Who may decide; anybody else may not."""
FORGED = "x" * 22


@dataclass(frozen=True)
class Answer:
    """What a person heard after a tap."""

    said: str
    """Words; empty for none."""
    seconds: float
    lost: bool = False
    """Whether the way back was cut on purpose."""

    @property
    def came(self) -> bool:
        """Whether there was an answer, in time; nothing is asked of a way that was cut."""
        return self.lost or (bool(self.said) and self.seconds <= ANSWER_BAR_S)


class Door(Protocol):
    """One channel, with people on its other side."""

    name: str

    async def shown(self, approval: Approval) -> None:
        """Return when the question can be seen here."""
        ...

    async def tap(
        self, approval: Approval, choice: str, who: str = "ann", *, foreign: bool = False
    ) -> Answer:
        """Somebody decides on the question that was seen, in a `foreign` place if need be."""
        ...

    async def forge(self, approval: Approval) -> Answer:
        """Somebody sends a decision on a question that nobody asked."""
        ...

    def lose(self, lost: bool) -> None:
        """From now on answers to taps get lost on their way, or do not."""
        ...


async def eventually(find: Callable[[], Awaitable[Any]], what: str) -> Any:
    """What becomes true in time; raises TimeoutError, naming it, when nothing does."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := await find()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.02)
    return found


async def until(find: Callable[[], Any], what: str) -> Any:
    """The same for what can be looked up without waiting."""

    async def look() -> Any:
        return find()

    return await eventually(look, what)


@dataclass
class TelegramDoor:
    """A chat with the double of Telegram."""

    double: "TelegramDouble"
    chat_id: int
    people: dict[str, int]
    name: str = "telegram"
    _lost: bool = False

    def _message(self, approval: Approval) -> "Message | None":
        for message in self.double.sent(self.chat_id):
            for shown in (message.now, *message.history):
                for button in (button for row in shown.keyboard for button in row):
                    if button.get("callback_data", "").endswith(f":{approval.nonce}"):
                        return message
        return None

    async def shown(self, approval: Approval) -> None:
        await until(lambda: self._message(approval), "the question in Telegram")

    async def tap(
        self, approval: Approval, choice: str, who: str = "ann", *, foreign: bool = False
    ) -> Answer:
        return await self._send(approval, f"{choice}:{approval.nonce}", who, foreign=foreign)

    async def forge(self, approval: Approval) -> Answer:
        return await self._send(approval, f"approve:{FORGED}", "ann", foreign=False)

    def lose(self, lost: bool) -> None:
        self._lost = lost
        self.double.faults.planned.clear()
        if lost:
            self.double.faults.plan(method="answerCallbackQuery", status=400, times=-1)

    async def _send(self, approval: Approval, data: str, who: str, *, foreign: bool) -> Answer:
        message = self._message(approval)
        person = self.double.person(self.people[who], who)
        person = person.within(self.chat_id)
        if foreign:
            group = self.double.group(-100_777, "Elsewhere")
            person, begun = person.within(group), time.monotonic()
            message = person.forwards(message) if message else None
        if message is None:
            return Answer("", 0.0)
        begun = time.monotonic()
        callback = person.forges(message, data)
        if self._lost:
            await asyncio.sleep(0.05)
            return Answer("", 0.0, lost=True)
        await until(lambda: callback.answer is not None, "an answer to a tap in Telegram")
        assert callback.answer is not None  # noqa: S101 - waited for
        return Answer(str(callback.answer.get("text", "")), time.monotonic() - begun)


@dataclass
class SlackDoor:
    """A channel of the double of Slack."""

    double: "SlackDouble"
    target: Callable[[], str]
    channel: str
    people: dict[str, str]
    name: str = "slack"
    _lost: bool = False

    def _found(self, nonce: str) -> "tuple[Shown, dict[str, Any]] | None":
        """The message that showed this nonce at any time, and its button Approve."""
        for message in self.double.store.messages:
            for edition in message.history:
                for block in edition["blocks"] or ():
                    for button in block.get("elements", ()):
                        if button.get("value", "") == nonce:
                            return message, {**button, "block_id": block["block_id"]}
        return None

    def _button(self, approval: Approval, choice: str) -> "tuple[Shown, dict[str, Any]] | None":
        found = self._found(approval.nonce)
        if found is None:
            return None
        message, button = found
        for edition in message.history:
            for block in edition["blocks"] or ():
                for one in block.get("elements", ()):
                    known = one.get("action_id") == SLACK_ACTIONS[choice]
                    if known and one.get("value") == approval.nonce:
                        return message, {**one, "block_id": block["block_id"]}
        return message, button

    async def shown(self, approval: Approval) -> None:
        await until(lambda: self._found(approval.nonce), "the question in Slack")

    async def tap(
        self, approval: Approval, choice: str, who: str = "ann", *, foreign: bool = False
    ) -> Answer:
        found = self._button(approval, choice)
        return await self._press(found, who, foreign=foreign) if found else Answer("", 0.0)

    async def forge(self, approval: Approval) -> Answer:
        found = self._button(approval, "approve")
        if found is None:
            return Answer("", 0.0)
        message, button = found
        return await self._press((message, {**button, "value": FORGED}), "ann", foreign=False)

    def lose(self, lost: bool) -> None:
        self._lost = lost

    async def _press(
        self, found: "tuple[Shown, dict[str, Any]]", who: str, *, foreign: bool
    ) -> Answer:
        from tests.fakes.slack_person import SlackPerson
        from tests.fakes.slack_server import TEAM

        person = SlackPerson(
            self.double,
            self.target(),
            user=self.people[who],
            channel=self.channel,
            team="T0FOREIGN1" if foreign else TEAM,
        )
        before, begun = len(self.double.store.messages), time.monotonic()
        payload = person.click(*found)
        if self._lost:
            payload["response_url"] += "-that-is-used-up"
        answer = await person.act(payload)
        seconds = time.monotonic() - begun
        if foreign:
            return Answer(answer.text, seconds)
        if self._lost:
            return Answer("", seconds, lost=True)

        def told() -> str:
            new = self.double.store.messages[before:]
            return "\n".join(m.seen for m in new if m.only_for == person.user)

        await until(told, "an answer to a tap in Slack")
        return Answer(told(), time.monotonic() - begun)


SLACK_ACTIONS = {"approve": "hitl_approve", "reject": "hitl_refuse"}
"""Ids of actions by choice, as Slack's buttons carry them."""


@dataclass
class RestDoor:
    """The API, with a key for each person."""

    target: Callable[[], str]
    keys: dict[str, str]
    name: str = "rest"
    _lost: bool = False

    async def shown(self, approval: Approval) -> None:
        """What waits can be asked for at once."""

    async def tap(
        self, approval: Approval, choice: str, who: str = "ann", *, foreign: bool = False
    ) -> Answer:
        key = "a-key-that-nobody-was-given" if foreign else self.keys[who]
        return await self._post(approval.approval_id, choice, key, approval.question.patch_hash)

    async def forge(self, approval: Approval) -> Answer:
        return await self._post(FORGED, "approve", self.keys["ann"], "f" * 64)

    def lose(self, lost: bool) -> None:
        self._lost = lost

    async def _post(self, approval_id: str, choice: str, key: str, patch_hash: str) -> Answer:
        begun = time.monotonic()
        async with httpx.AsyncClient(
            base_url=self.target(), trust_env=False, verify=trusted()
        ) as client:
            request = client.post(
                f"/approvals/{approval_id}/decision",
                json={"decision": choice, "patch_hash": patch_hash},
                headers={"Authorization": f"Bearer {key}"},
                timeout=PATIENCE_S,
            )
            answer = await request
        if self._lost:
            return Answer("", 0.0, lost=True)
        return Answer(f"{answer.status_code} {answer.text}", time.monotonic() - begun)


@dataclass
class TerminalDoor:
    """`python main.py approve` on the same data, in a process of its own."""

    data_dir: Path
    home: Path
    name: str = "terminal"
    _gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(2))
    _lost: bool = False

    async def shown(self, approval: Approval) -> None:
        """What waits is listed at once."""

    async def tap(
        self, approval: Approval, choice: str, who: str = "ann", *, foreign: bool = False
    ) -> Answer:
        answer = {"approve": ["--yes"], "reject": ["--reject", "no"]}[choice]
        folder = self.data_dir.parent / "elsewhere" if foreign else self.data_dir
        return await self._run(
            folder, approval.approval_id, *answer, "--hash", approval.question.patch_hash
        )

    async def forge(self, approval: Approval) -> Answer:
        return await self._run(self.data_dir, FORGED, "--yes", "--hash", "f" * 64)

    def lose(self, lost: bool) -> None:
        self._lost = lost

    async def _run(self, folder: Path, *arguments: str) -> Answer:
        environment = {
            "PATH": os.defpath,
            "ANTON_HOME": str(self.home),
            "DATA_DIR": str(folder),
        }
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(MAIN),
            "approve",
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if self._lost:
            return Answer("", 0.0, lost=True)
        started_s = min(time.monotonic() - begun, ANSWER_BAR_S)
        return Answer(f"exit {process.returncode} {said.decode()}", started_s)

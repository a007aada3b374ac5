"""A server as its user runs it, with a person in a chat of the Telegram double."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.terminal import FILES, ROOT, git, repository
from tests.fakes.telegram_chats import Callback, Message
from tests.fakes.telegram_people import Person
from tests.fakes.telegram_server import TelegramDouble

DANA = 77
PATIENCE_S = 90.0
QUESTION = ("Approve", "Give feedback", "Reject")


@dataclass
class ChatHouse:
    """One data folder, the servers that live on it one after the other, and who talks to them."""

    folder: Path
    double: TelegramDouble
    dana: Person
    options: dict[str, str]
    lives: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(
        cls,
        folder: Path,
        double: TelegramDouble,
        files: Mapping[str, str] = FILES,
        **options: str,
    ) -> "Iterator[ChatHouse]":
        """Start the first server, and let its bot listen."""
        repo = repository(folder / "shop", files)
        settings = {
            "ANTON_HOME": str(folder),
            "PATH": os.environ["PATH"],
            "TELEGRAM_BOT_TOKEN": double.token,
            "TELEGRAM_CHAT_ID": str(DANA),
            "TELEGRAM_API_URL": double.url,
            "REPO_CWD": str(repo),
            "LOG_LEVEL": "DEBUG",
            **options,
        }
        house = cls(folder, double, double.person(DANA, "Dana"), settings)
        try:
            house.start()
            yield house
        finally:
            for life in house.lives:
                life.kill()
                life.wait(PATIENCE_S)

    def start(self) -> None:
        """A new life."""
        with (self.folder / "server.log").open("ab") as log:
            self.lives.append(
                subprocess.Popen(
                    [sys.executable, str(ROOT / "main.py"), "serve", "--port", "0"],
                    cwd=self.folder,
                    env=self.options,
                    stdout=log,
                    stderr=log,
                )
            )

    @property
    def pid(self) -> int:
        return self.lives[-1].pid

    @property
    def log(self) -> str:
        """What all lives have written."""
        return (self.folder / "server.log").read_text()

    @property
    def url(self) -> str:
        """Where the latest life answers."""
        found = self.wait(lambda: re.findall(r"http://127\.0\.0\.1:\d+", self.log), "an address")
        return str(found[-1])

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self.pid, signal.SIGKILL)
        self.lives[-1].wait(PATIENCE_S)

    def wait_for_death(self) -> None:
        self.wait(lambda: self.lives[-1].poll() is not None, "the death of the server")
        assert self.lives[-1].returncode == -signal.SIGKILL, self.log[-2000:]

    def wait(self, until: Any, what: str) -> Any:
        """What becomes true in time."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := until()):
            if time.monotonic() > deadline:
                seen = "\n---\n".join(message.text for message in self.sent)
                raise AssertionError(f"{what}\n{seen}\n{self.log[-3000:]}")
            time.sleep(0.02)
        return found

    @property
    def sent(self) -> list[Message]:
        """What the bot says to Dana."""
        return self.double.sent(DANA)

    def questions(self) -> list[Message]:
        """Messages that ask for a release now, oldest first."""
        return [m for m in self.sent if tuple(m.labels) == QUESTION]

    def question(self, after: Message | None = None) -> Message:
        """The next message that asks for a release, once the server knows which one it is."""

        def newest() -> Message | None:
            asked = [m for m in self.questions() if m is not after]
            return asked[-1] if asked and self.knows(asked[-1]) else None

        found: Message = self.wait(newest, "no question of release")
        return found

    def said(self, words: str, after: int = 0) -> Message:
        """A message of the bot that holds these words."""

        def there() -> Message | None:
            return next((m for m in self.sent[after:] if words in m.text), None)

        found: Message = self.wait(there, f"{words!r} was not said")
        return found

    def answered(self, tap: Callback) -> str:
        """What a tap was answered with."""
        self.wait(lambda: tap.answer, "a tap without an answer")
        assert tap.answer is not None
        return str(tap.answer.get("text", ""))

    def feedback(self, question: Message, words: str) -> None:
        """Tap Give feedback, and reply in words to what then asks for them."""
        tap = self.dana.taps(question, "Give feedback")
        self.answered(tap)
        asks = self.wait(lambda: next((m for m in self.sent if m.forces_reply), None), "no field")
        self.dana.says(words, reply_to=asks)

    def knows(self, message: Message) -> bool:
        """Whether the server has noted what it was told of a message that it sent."""
        ref = f"{DANA}:{message.message_id}"
        return ref in [row["ref"] for row in self._documents("messages")]

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks, as the database holds them."""
        return self._documents("tasks")

    def _documents(self, table: str) -> list[dict[str, Any]]:
        address = f"{(self.folder / 'data' / 'anton.db').absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as connection:
            rows = connection.execute(f"SELECT document FROM {table}").fetchall()
        return [json.loads(document) for (document,) in rows]

    def branches(self) -> list[str]:
        """Branches that Anton has made."""
        listed = git(self.folder / "shop", "branch", "--list", "anton/*", "--format=%(refname)")
        return listed.split()

"""What the Telegram double keeps: chats, messages with all that they ever showed, and taps."""

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BOT = {
    "id": 4_200_001,
    "is_bot": True,
    "first_name": "Anton",
    "username": "anton_on_call_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
ANONYMOUS = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group"}
"""As whom an anonymous administrator of a group speaks."""

Keyboard = tuple[tuple[dict[str, Any], ...], ...]


class Refused(Exception):
    """What the Bot API answers with an error code and words of its own."""

    def __init__(self, words: str, status: int = 400, **parameters: Any) -> None:
        super().__init__(words)
        self.status = status
        self.parameters = parameters


@dataclass(frozen=True)
class Shown:
    """What a message showed for a time."""

    text: str
    entities: tuple[dict[str, Any], ...] = ()
    raw: str = ""
    """As it was sent, with its markup."""
    keyboard: Keyboard = ()


@dataclass
class Message:
    """One message of a chat."""

    chat: dict[str, Any]
    message_id: int
    sender: dict[str, Any]
    now: Shown
    date: int
    reply_to: "Message | None" = None
    history: list[Shown] = field(default_factory=list)
    """What it showed before, oldest first."""
    document: tuple[str, bytes] | None = None
    forces_reply: bool = False
    silent: bool = False
    previewed: bool = False
    """Whether a link in it would be fetched and shown."""
    gone: bool = False
    origin: dict[str, Any] = field(default_factory=dict)
    """Fields such as `forward_origin` and `sender_chat`."""

    @property
    def text(self) -> str:
        """What people read."""
        return self.now.text

    @property
    def labels(self) -> list[str]:
        """What can be tapped."""
        return [button["text"] for row in self.now.keyboard for button in row]

    def button(self, label: str, *, stale: bool = False) -> dict[str, Any]:
        """The button with this label; a stale one may be gone by now."""
        for shown in (self.now, *(reversed(self.history) if stale else ())):
            for row in shown.keyboard:
                for button in row:
                    if button["text"] == label:
                        return dict(button)
        raise AssertionError(f"{label!r} cannot be tapped, but {self.labels}")

    def public(self, *, nested: bool = False) -> dict[str, Any]:
        """As the Bot API shows it."""
        shown: dict[str, Any] = {
            "message_id": self.message_id,
            "date": self.date,
            "chat": self.chat,
            **self.origin,
        }
        if self.chat["type"] != "channel":
            shown["from"] = self.sender
        words = {"text": self.now.text, "entities": list(self.now.entities)}
        if self.document:
            name, data = self.document
            file = {"file_id": f"file-{self.message_id}", "file_unique_id": f"u{self.message_id}"}
            shown["document"] = {**file, "file_name": name, "file_size": len(data)}
            words = {"caption": self.now.text, "caption_entities": list(self.now.entities)}
        shown |= {key: value for key, value in words.items() if value}
        if self.history:
            shown["edit_date"] = self.date
        if self.now.keyboard:
            rows = [list(row) for row in self.now.keyboard]
            shown["reply_markup"] = {"inline_keyboard": rows}
        if self.reply_to and not nested:
            shown["reply_to_message"] = self.reply_to.public(nested=True)
        return shown


@dataclass
class Callback:
    """A tap on a button, and what came of it."""

    callback_id: str
    update: dict[str, Any]
    at: float
    answer: dict[str, Any] | None = None
    answered_s: float = 0.0
    """How long it took."""


class Chats:
    """The chats of one bot, and the updates that wait for it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.known: dict[int, dict[str, Any]] = {}
        self.blocked: set[int] = set()
        """Chats whose person has blocked the bot."""
        self.messages: list[Message] = []
        self.callbacks: dict[str, Callback] = {}
        self.updates: list[dict[str, Any]] = []
        self.handed: list[int] = []
        """Ids of updates, as often as they were handed over."""
        self.callback_life_s = 30.0
        self._message_ids: dict[int, itertools.count[int]] = {}
        self._update_ids = itertools.count(731_000_001)
        self._numbers = itertools.count(1)

    def jump(self, to: int) -> None:
        """Let the ids of updates go on elsewhere, as after an idle week."""
        self._update_ids = itertools.count(to)

    def chat(self, chat_id: int, kind: str, name: str) -> dict[str, Any]:
        """A chat, made when it is new."""
        title = {"first_name": name} if kind == "private" else {"title": name}
        with self.lock:
            self._message_ids.setdefault(chat_id, itertools.count(1))
            return self.known.setdefault(chat_id, {"id": chat_id, "type": kind, **title})

    def in_chat(self, chat_id: int) -> Iterator[Message]:
        """All that stands in a chat, oldest first."""
        with self.lock:
            found = [m for m in self.messages if m.chat["id"] == chat_id and not m.gone]
        yield from found

    def add(self, chat_id: int, sender: dict[str, Any], shown: Shown, **more: Any) -> Message:
        """A new message."""
        with self.lock:
            chat = self.known[chat_id]
            number = next(self._message_ids[chat_id])
            message = Message(chat, number, sender, shown, int(time.time()), **more)
            self.messages.append(message)
            return message

    def find(self, chat_id: Any, message_id: Any, words: str) -> Message:
        """A message that stands; Refused with the words of the vendor."""
        for message in self.in_chat(int(chat_id)):
            if message.message_id == message_id:
                return message
        raise Refused(f"Bad Request: {words}")

    def edit(self, message: Message, shown: Shown) -> None:
        """Show something else; the same again is refused."""
        with self.lock:
            old = message.now
            if (old.text, old.entities, old.keyboard) == (
                shown.text,
                shown.entities,
                shown.keyboard,
            ):
                raise Refused(
                    "Bad Request: message is not modified: specified new message content and "
                    "reply markup are exactly the same as a current content and reply markup of "
                    "the message"
                )
            message.history.append(old)
            message.now = shown

    def happen(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Something that the bot is told."""
        with self.lock:
            update = {"update_id": next(self._update_ids), kind: body}
            self.updates.append(update)
            return update

    def tapped(self, person: dict[str, Any], message: Message, data: str) -> Callback:
        """Somebody taps, or pretends to."""
        with self.lock:
            callback_id = f"{person['id']:020d}{next(self._numbers):06d}"
            body = {
                "id": callback_id,
                "from": person,
                "message": message.public(),
                "chat_instance": str(message.chat["id"]),
                "data": data,
            }
            update = self.happen("callback_query", body)
            callback = Callback(callback_id, update, time.monotonic())
            self.callbacks[callback_id] = callback
            return callback

    def answer(self, given: dict[str, Any]) -> None:
        """The bot answers a tap: once, and in time."""
        with self.lock:
            callback = self.callbacks.get(given["callback_query_id"])
            age = time.monotonic() - callback.at if callback else 0.0
            if callback is None or callback.answer is not None or age > self.callback_life_s:
                raise Refused(
                    "Bad Request: query is too old and response timeout expired or query ID is "
                    "invalid"
                )
            callback.answer, callback.answered_s = given, age

    def take(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        """Updates for a poll; an offset confirms all before it."""
        offset, wanted = given.get("offset", 0), given.get("allowed_updates")
        with self.lock:
            if offset < 0:
                self.updates[:] = self.updates[offset:]
            else:
                self.updates[:] = [u for u in self.updates if u["update_id"] >= offset]
            if wanted:
                self.updates[:] = [u for u in self.updates if set(u) & set(wanted)]
            taken = self.updates[: given.get("limit", 100)]
            self.handed += [update["update_id"] for update in taken]
            return list(taken)

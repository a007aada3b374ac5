"""People on the other side of the Telegram double: they write, tap, forward, and forge."""

from dataclasses import dataclass, replace
from typing import Any

from tests.fakes.telegram_chats import ANONYMOUS, Callback, Chats, Message, Shown
from tests.fakes.telegram_markup import found_by_itself

COMMAND = "bot_command"


@dataclass(frozen=True)
class Person:
    """Somebody, in one chat with the bot."""

    chats: Chats
    user: dict[str, Any]
    chat_id: int

    def within(self, chat_id: int) -> "Person":
        """The same person in another chat."""
        return replace(self, chat_id=chat_id)

    def says(self, text: str, reply_to: Message | None = None, **origin: Any) -> Message:
        """Write something; the bot hears of it."""
        message = self._write(text, reply_to, **origin)
        self.chats.happen("message", message.public())
        return message

    def says_unseen(self, text: str) -> Message:
        """Write as an anonymous administrator."""
        group = self.chats.known[self.chat_id]
        hidden = replace(self, user=ANONYMOUS)
        return hidden.says(text, sender_chat=group)

    def forwards(self, message: Message) -> Message:
        """Forward somebody's message to the bot."""
        origin = {"type": "user", "sender_user": message.sender, "date": message.date}
        return self.says(message.text, forward_origin=origin)

    def corrects(self, message: Message, text: str) -> None:
        """Edit an own message."""
        self.chats.edit(message, Shown(text))
        self.chats.happen("edited_message", message.public())

    def taps(self, message: Message, label: str, *, stale: bool = False) -> Callback:
        """Tap a button; a stale one was there before, on a screen that has not been refreshed."""
        data = message.button(label, stale=stale)["callback_data"]
        return self.chats.tapped(self.user, message, data)

    def forges(self, message: Message, data: str) -> Callback:
        """Send a tap that no button made."""
        return self.chats.tapped(self.user, message, data)

    def blocks(self) -> None:
        """Want to hear nothing more."""
        self.chats.blocked.add(self.chat_id)

    def _write(self, text: str, reply_to: Message | None, **origin: Any) -> Message:
        marks = tuple(found_by_itself(text, []))
        return self.chats.add(
            self.chat_id, self.user, Shown(text, marks), reply_to=reply_to, origin=origin
        )

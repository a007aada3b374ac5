"""From an update to an answer: what came in is told apart, handed to the desk, and answered."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from telegram import Bot, CallbackQuery, Message, Update, User

from control.cards import DEMO
from control.commands import Commands
from control.desk import Desk
from core.approvals import Person
from core.channels import Heard, Said, Tap
from core.errors import AntonError, NotFound, PayloadInvalid, RateLimited
from core.ports import MessageStore
from core.visible import one_line
from telegram_bot.channel import TelegramChannel, edit, send
from telegram_bot.client import translated
from telegram_bot.texts import CALLBACK_MAX, Rendered, rows, said, settled, toast

log = logging.getLogger(__name__)

CHANNEL = TelegramChannel.name
ANSWER_S = 2.5
"""Within so many seconds a tap is answered, if only by word that the answer follows."""
AWAY_S, STRANGERS_MAX = 60.0, 1_000
SENDS_MAX = 4
WAIT_MAX_S = 60.0
"""An answer in words waits out flood limits as long as that, so often."""
TASK_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ALARMING = ("refused", "expired", "void", "not_found", "already_approved", "already_answered")
"""States that are shown in a window to be closed, as they are not what was wanted."""
WORDS_ONLY = "I read words only. /help says what I do."
FOLLOWS = "One moment; the answer follows as a message."
BROKEN = "Something here does not work. I try again, and the message will show what came of it."
STRANGE = "I do not answer here."


@dataclass(frozen=True)
class House:
    """What the handlers need of the house."""

    desk: Desk
    commands: Commands
    messages: MessageStore
    listed: Callable[[Person, str], bool]
    """Whether a person may be heard in a place."""
    refuse: Callable[[Person, str], Awaitable[None]]
    """Writes down that somebody was not."""


class Handlers:
    """Deals with one update at a time; any number at once."""

    def __init__(self, bot: Bot, house: House, chats: frozenset[str]) -> None:
        """`chats` are those in which people are heard, beside the private ones of the listed."""
        self._bot = bot
        self._house = house
        self._chats = chats
        self._turned_away: dict[tuple[str, str], float] = {}
        """Strangers and where they spoke, with when that was written down last."""

    async def handle(self, update: Update) -> None:
        """Act on an update and answer it; what is not meant for Anton is passed over."""
        key = f"{CHANNEL}:{update.update_id}"
        if update.callback_query:
            await self._tapped(update.callback_query, key)
        elif update.message and _is_own_word(update.message):
            await self._said(update.message, key)

    async def _tapped(self, query: CallbackQuery, key: str) -> None:
        by, message = _person(query.from_user), query.message
        place = str(message.chat.id) if message else ""
        action, _, nonce = (query.data or "").partition(":")
        if not self._is_known(by, place):
            await self._turn_away(by, place, "a tap")
            await self._answer(query, STRANGE, alarm=True)
            return
        tap = Tap(action=action, nonce=nonce, by=by, key=key, place=place)
        heard, late = await self._promptly(query, tap)
        spoken = heard.buttons or heard.wants_words or len(heard.text) > CALLBACK_MAX
        ref = f"{place}:{message.message_id}" if message else ""
        if isinstance(message, Message) and not spoken and await self._is_alone(action, ref):
            await self._settle(ref, message, heard)
        elif spoken or late:
            await self._tell(heard, place, ref)

    async def _is_alone(self, action: str, ref: str) -> bool:
        """Whether nobody else brings a message up to date.

        So it is with answers that offered a choice, and with cards that were sent as the process
        died, so that nothing is known of them.
        """
        if action == DEMO:
            return False  # it settles nothing
        offered = action in ("yes", "no", "this")
        return offered or await self._house.messages.by_ref(CHANNEL, ref) is None

    async def _promptly(self, query: CallbackQuery, tap: Tap) -> tuple[Heard, bool]:
        """What a tap leads to, answered in time; and whether only that it follows was answered."""
        work = asyncio.ensure_future(self._house.desk.tap(tap))
        try:
            done, _ = await asyncio.wait({work}, timeout=ANSWER_S)
            if not done:
                await self._answer(query, FOLLOWS)
            heard = await work
        except AntonError:
            await self._answer(query, BROKEN, alarm=True)
            raise
        finally:
            work.cancel()
        if done:
            await self._answer(query, heard.text, alarm=heard.state in ALARMING)
        return heard, not done

    async def _said(self, message: Message, key: str) -> None:
        if message.from_user is None:
            return
        by, place = _person(message.from_user), str(message.chat.id)
        if not (self._is_known(by, place) and self._house.listed(by, place)):
            await self._turn_away(by, place, "a message")
            return
        heard = await self._heard(message, by, key)
        if heard is not None:
            await self._tell(heard, place, f"{place}:{message.message_id}")

    async def _heard(self, message: Message, by: Person, key: str) -> Heard | None:
        """What became of a message; None for one that is not for Anton."""
        place, replied = str(message.chat.id), message.reply_to_message
        to_us = replied is not None and replied.from_user == self._bot.bot
        text = message.text or ""
        alone = message.chat.type == message.chat.PRIVATE
        name, rest, for_us = self._command(text, alone)
        if text.startswith("/") and not for_us:
            return None
        if not (name or to_us or alone):
            return None  # people in a group talk with one another
        if not text:
            return Heard(state="told", text=WORDS_ONLY)
        about = f"{place}:{replied.message_id}" if replied and to_us else ""
        words = Said(
            text=rest if name else text,
            by=by,
            key=key,
            about=about,
            place=place,
            at=message.date,
        )
        if name:
            return await self._house.commands.run(name, rest, words)
        if (
            replied
            and to_us
            and replied.document
            and (found := TASK_ID.search(replied.caption or ""))
        ):
            return await self._house.desk.hear_about("file", found[0], words)
        return await self._house.desk.hear(words)

    def _command(self, text: str, alone: bool) -> tuple[str, str, bool]:
        """Name and rest of a command, and whether it is meant for this bot.

        Where it is `alone` with a person, every command is; elsewhere those that it knows.
        """
        first, rest = [*text.split(maxsplit=1), "", ""][:2]
        name, _, bot = first.removeprefix("/").partition("@")
        if not text.startswith("/"):
            return "", "", False
        name = "help" if name == "start" else name.lower()
        if bot:
            return name, rest, bot.lower() == self._bot.username.lower()
        return name, rest, alone or self._house.commands.knows(name)

    async def _turn_away(self, by: Person, place: str, what: str) -> None:
        """Write a stranger down, once a minute: whoever floods the bot must not fill the disk."""
        now, who = time.monotonic(), (by.person_id, place)
        if now - self._turned_away.get(who, -AWAY_S) < AWAY_S:
            return
        if len(self._turned_away) >= STRANGERS_MAX:
            self._turned_away.clear()
        self._turned_away[who] = now
        await self._house.refuse(by, f"{what} in the foreign chat {one_line(place, 30)}")

    def _is_known(self, by: Person, place: str) -> bool:
        """Whether people are heard in this chat: a configured one, or a private one of theirs."""
        return place in self._chats or (place == by.person_id and self._house.listed(by, place))

    async def _answer(self, query: CallbackQuery, text: str, *, alarm: bool = False) -> None:
        """End the waiting sign on a button; that it cannot be ended changes nothing."""
        try:
            with translated():
                await query.answer(toast(text), show_alert=alarm)
        except AntonError as error:  # the decision stands, and its card tells it
            log.warning("a tap could not be answered: %s", error)

    async def _settle(self, ref: str, message: Message, heard: Heard) -> None:
        """Put what became of a question back into the message that asked it, if it still stands."""
        with suppress(NotFound, PayloadInvalid), translated():
            await edit(self._bot, ref, settled(message.text or "", heard.text))

    async def _tell(self, heard: Heard, place: str, ref: str) -> None:
        """Answer in words, below what was said; a reply to that answer is known."""
        rendered = Rendered(said(heard.text).spans, rows(heard.buttons))
        sent = await self._patiently(
            lambda: send(self._bot, place, rendered, reply_to=ref, words=heard.wants_words)
        )
        about = heard.about or (f"said:{heard.task_id}" if heard.task_id else "")
        own = f"{place}:{sent.message_id}"
        await self._house.desk.asked_at(heard.but(about=about), CHANNEL, place, own)

    async def _patiently(self, act: Callable[[], Awaitable[Message]]) -> Message:
        """Do it, however often the vendor asks to wait, within reason."""
        for _ in range(SENDS_MAX - 1):
            try:
                with translated():
                    return await act()
            except RateLimited as error:
                await asyncio.sleep(min(error.retry_after_s, WAIT_MAX_S))
        with translated():
            return await act()


def _is_own_word(message: Message) -> bool:
    """Whether a person said it here and now: not forwarded, not in a channel's or group's name."""
    return not (
        message.forward_origin
        or message.sender_chat
        or message.via_bot
        or message.edit_date
        or message.is_automatic_forward
        or message.from_user is None
        or message.from_user.is_bot
        or message.chat.type == message.chat.CHANNEL
    )


def _person(user: User) -> Person:
    return Person(channel=CHANNEL, person_id=str(user.id), name=one_line(user.full_name, 60))

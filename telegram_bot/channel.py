"""Telegram as a channel: cards posted, edited in place, and their diffs sent as files."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from io import BytesIO
from typing import TypeVar

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest

from core.channels import Button, Card
from telegram_bot.client import API_URL, Access, client, is_unmodified, is_unparsable, translated
from telegram_bot.markup import flat
from telegram_bot.texts import LABEL_MAX, Rendered, key_style, render

Sent = TypeVar("Sent")
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramChannel:
    """Serves the port Channel; a reference is `chat:message`."""

    name = "telegram"

    def __init__(self, token: str, chat_id: str, api_url: str = API_URL, proxy: str = "") -> None:
        """Nothing is connected before the first message."""
        self.places = (chat_id,)
        self._bot = client(Access(token, api_url, proxy))
        self._starting = asyncio.Lock()
        self._filed: set[tuple[str, str]] = set()
        """Files that stand in a place already, and whose message does not."""

    async def post(self, card: Card, place: str, reply_to: str = "") -> str:
        """The file goes first: what fails half-way is repeated whole, and loses nothing.

        Raises EffectUnknown when nobody knows whether the message has arrived.
        """
        bot = await self._ready()
        rendered = render(card)
        filed = (place, rendered.document[0] if rendered.document else "")
        with translated(once=True):
            if rendered.document and filed not in self._filed:
                await _send_file(bot, place, rendered.document, card.task_id)
                self._filed.add(filed)
            message = await send(bot, place, rendered, reply_to=reply_to, silent=card.silent)
        self._filed.discard(filed)
        return f"{place}:{message.message_id}"

    async def edit(self, ref: str, card: Card) -> None:
        """A message that shows just that already is left as it is."""
        bot = await self._ready()
        with translated():
            await edit(bot, ref, render(card))

    async def check(self) -> Sequence[str]:
        """Ask who the bot is, and whether the chat is there."""
        bot = await self._ready()
        with translated():
            await bot.get_me()
            await bot.send_chat_action(self.places[0], "typing")
        return ()

    async def close(self) -> None:
        """Give back the connections."""
        await self._bot.shutdown()

    async def _ready(self) -> Bot:
        async with self._starting:
            with translated():
                await self._bot.initialize()
        return self._bot


async def _send_file(bot: Bot, place: str, file: tuple[str, bytes], task_id: str) -> None:
    """Send a diff; its caption names the task, so that a reply to it is understood."""
    name, data = file
    await bot.send_document(
        place,
        BytesIO(data),
        filename=name,
        caption=f"Diff of task {task_id}",
        disable_notification=True,
    )


async def send(
    bot: Bot,
    place: str,
    rendered: Rendered,
    *,
    reply_to: str = "",
    silent: bool = False,
    words: bool = False,
) -> Message:
    """Send a message; one that wants `words` opens the field for a reply."""
    markup = ForceReply(selective=True) if words else keyboard(rendered.rows)

    def act(text: str, mode: str | None) -> Awaitable[Message]:
        return bot.send_message(
            place,
            text,
            parse_mode=mode,
            reply_markup=markup,
            link_preview_options=NO_PREVIEW,
            disable_notification=silent,
            reply_parameters=_below(reply_to),
        )

    return await _marked_up(rendered, act)


async def edit(bot: Bot, ref: str, rendered: Rendered) -> None:
    """Show something else in a message, or just that again."""
    place, message_id = ref.rsplit(":", 1)

    def act(text: str, mode: str | None) -> Awaitable[Message | bool]:
        return bot.edit_message_text(
            text,
            place,
            int(message_id),
            parse_mode=mode,
            reply_markup=keyboard(rendered.rows),
            link_preview_options=NO_PREVIEW,
        )

    try:
        await _marked_up(rendered, act)
    except BadRequest as error:
        if not is_unmodified(error):
            raise


async def _marked_up(rendered: Rendered, act: Callable[[str, str | None], Awaitable[Sent]]) -> Sent:
    """Do it with markup, and without where that is refused."""
    try:
        return await act(rendered.html, "HTML")
    except BadRequest as error:
        if not is_unparsable(error):
            raise
    return await act(rendered.plain, None)


def keyboard(rows: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    """The vendor's keyboard; none where nothing can be tapped."""
    return (
        InlineKeyboardMarkup([[_key(button) for button in row] for row in rows]) if rows else None
    )


def _key(button: Button) -> InlineKeyboardButton:
    label = flat(button.label, LABEL_MAX) or "·"
    return InlineKeyboardButton(label, callback_data=button.data, style=key_style(button))


def _below(ref: str) -> ReplyParameters | None:
    """What a message replies to; it is sent even if that is gone."""
    if not ref:
        return None
    return ReplyParameters(int(ref.rsplit(":", 1)[1]), allow_sending_without_reply=True)

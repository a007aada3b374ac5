"""The application: updates by long polling or from a webhook, each of them dealt with once."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Literal

from telegram import Update
from telegram.error import Conflict, TelegramError

from control.commands import COMMANDS
from core.errors import AntonError, HostUnreachable, PayloadInvalid, RateLimited, StoreUnusable
from core.ports import MessageStore
from telegram_bot.client import Access, as_ours, client, translated
from telegram_bot.handlers import CHANNEL, Handlers, House

log = logging.getLogger(__name__)

HEARD = ("message", "callback_query")
"""Kinds of updates that are asked for."""
POLL_S = 30
BUSY_S = 0.3
"""How long a poll is put off while updates are dealt with: they would be handed out again."""
PAUSE_MIN_S, PAUSE_MAX_S = 0.5, 30.0
TRIES = 5
"""How often an update is dealt with that breaks whoever deals with it."""
OF_STORE = 1 / 30
"""What a try counts at which the store failed: a full disk is waited for some minutes."""
DRAIN_S = 5.0
WEBHOOK_S = 20.0
"""How long the vendor is kept waiting by a webhook; it calls again later."""
ABOUT_MAX = 256
"""Characters of a command's description."""
Mode = Literal["polling", "webhook"]


class TelegramBot:
    """Hears people in Telegram.

    An update is confirmed to the vendor only after it was dealt with and its id noted: a crash in
    between has it handed over again, and what it says is harmless the second time.
    """

    def __init__(
        self,
        access: Access,
        house: House,
        messages: MessageStore,
        chats: Sequence[str],
        *,
        mode: Mode = "polling",
        webhook_url: str = "",
    ) -> None:
        """`chats` are those in which people are heard; `webhook_url` leads to `receive`."""
        self._bot = client(access, poll_s=POLL_S)
        self._handlers = Handlers(self._bot, house, frozenset(chats))
        self._messages = messages
        self._webhook_url = webhook_url if mode == "webhook" else ""
        self._secret = secret_of(access.token)
        self._running: asyncio.Task[None] | None = None
        self._open: dict[int, asyncio.Task[None]] = {}
        self._done: set[int] = set()
        """Dealt with, and not yet confirmed."""
        self._tries: dict[int, float] = {}
        self._trouble: AntonError | None = None

    @property
    def trouble(self) -> str:
        """Why nobody is heard for now; empty when all is well."""
        return str(self._trouble or "")

    def start(self) -> None:
        """Begin to listen; whatever goes wrong is told in `trouble` and tried again."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Hear nothing more, and let what was heard be answered."""
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        if self._open:
            await asyncio.wait(self._open.values(), timeout=DRAIN_S)
        for work in self._open.values():
            work.cancel()
        await self._bot.shutdown()

    def knows(self, secret: str) -> bool:
        """Whether a call of the webhook shows what the vendor was told to show."""
        return hmac.compare_digest(secret.encode("utf-8", "replace"), self._secret.encode())

    async def receive(self, body: Any) -> None:
        """Deal with an update from the webhook, to the end.

        Raises PayloadInvalid for what is no update, HostUnreachable where it should come again.
        """
        try:
            update = Update.de_json(body, self._bot)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise PayloadInvalid("That is no update of Telegram.") from error
        with translated():
            await self._bot.initialize()
        (work,) = self._begin([update])
        await asyncio.wait({work}, timeout=WEBHOOK_S)
        self._done.discard(update.update_id)
        if not work.done() or work.cancelled() or work.exception():
            raise HostUnreachable("The update could not be dealt with yet.")

    async def _run(self) -> None:
        """Introduce the bot, then poll until another process does; the rest is waited out."""
        pause, offset, introduced = PAUSE_MIN_S, 0, False
        while not (introduced and self._webhook_url):
            try:
                if introduced:
                    offset = await self._fetch(offset)
                else:
                    await self._introduce()
                    introduced = True
            except Conflict as error:
                self._trouble = as_ours(error)
                log.error("nobody is heard in Telegram any more: %s", self._trouble)
                return
            except TelegramError as error:
                pause = await self._rest(as_ours(error), pause)
            except Exception as error:  # whoever stopped to listen would be deaf for good
                log.exception("listening to Telegram broke")
                fault = AntonError(f"A fault of Anton's own: {type(error).__name__}.")
                pause = await self._rest(fault, pause)
            else:
                self._trouble, pause = None, PAUSE_MIN_S

    async def _introduce(self) -> None:
        """Tell the vendor how updates reach us, and people what they can ask for."""
        await self._bot.initialize()
        listed = [(c.name, f"{c.takes} {c.about}".strip()[:ABOUT_MAX]) for c in COMMANDS]
        await self._bot.set_my_commands(listed)
        if self._webhook_url:
            await self._bot.set_webhook(
                self._webhook_url, secret_token=self._secret, allowed_updates=HEARD
            )
        else:
            await self._bot.delete_webhook()

    async def _fetch(self, offset: int) -> int:
        """Deal with what the next poll brings; the offset of the one after it.

        An offset confirms, and is named in a short poll alone: the ids of updates go on elsewhere
        after an idle week, and a lower one would be lost to a long poll that named the last.
        """
        updates = await self._bot.get_updates(
            offset=offset or None,
            timeout=0 if self._open or offset else POLL_S,
            allowed_updates=HEARD,
        )
        self._begin([update for update in updates if update.update_id not in self._done])
        if self._open:
            await asyncio.wait(self._open.values(), timeout=BUSY_S)
        ids = [update.update_id for update in updates]
        owed = [update_id for update_id in ids if update_id not in self._done]
        self._done &= set(ids)
        if owed:
            return owed[0]
        return ids[-1] + 1 if ids else 0

    async def _rest(self, error: AntonError, pause: float) -> float:
        """Wait after a failure; the pause after the next one."""
        if self._trouble is None:
            log.warning("nobody is heard in Telegram for now: %s", error)
        self._trouble = error
        await asyncio.sleep(error.retry_after_s if isinstance(error, RateLimited) else pause)
        return min(pause * 2, PAUSE_MAX_S)

    def _begin(self, updates: Sequence[Update]) -> list[asyncio.Task[None]]:
        """What deals with each of them, now or already."""
        for update in updates:
            number = update.update_id
            if number not in self._open:
                self._open[number] = work = asyncio.create_task(self._deal(update))
                work.add_done_callback(partial(self._ended, number))
        return [self._open[update.update_id] for update in updates]

    async def _deal(self, update: Update) -> None:
        key, tries = str(update.update_id), self._tries.get(update.update_id, 0)
        if await self._messages.seen_update(CHANNEL, key):
            return
        if tries < TRIES:
            await asyncio.sleep(tries * PAUSE_MIN_S)
            await self._handlers.handle(update)
        else:
            log.error("an update is given up after %g tries: %s", tries, key)
        await self._messages.note_update(CHANNEL, key)

    def _ended(self, number: int, work: asyncio.Task[None]) -> None:
        """Count an update as dealt with, or as one to be tried again."""
        self._open.pop(number, None)
        if work.cancelled():
            return
        if error := work.exception():
            counts = OF_STORE if isinstance(error, StoreUnusable) else 1
            self._tries[number] = self._tries.get(number, 0) + counts
            known = isinstance(error, AntonError)
            log.error("an update broke: %s", error, exc_info=None if known else error)
            return
        self._tries.pop(number, None)
        self._done.add(number)


def secret_of(token: str) -> str:
    """What the vendor shows to the webhook; who knows it does not know the token."""
    return hashlib.sha256(f"webhook of {token}".encode()).hexdigest()

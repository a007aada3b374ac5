"""The vendor's client: made by the settings, its errors told in words that hold no token."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from core import errors
from integrations.http import trusted

API_URL = "https://api.telegram.org"
CALL_S = 10.0
"""How long a call may take; a poll takes as long as it asks for besides."""
CONNECTIONS = 32
_NEVER_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol")
_DENIED = (
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_admin_required",
    "chat_write_forbidden",
    "chat_send_plain_forbidden",
    "chat_restricted",
    "topic_closed",
    "peer_id_invalid",
)
"""What is said of a place; the message is not at fault, and can be sent once that is mended."""
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")

warnings.filterwarnings("ignore", "Deprecated since version v22.2", PTBDeprecationWarning)


@dataclass(frozen=True)
class Access:
    """How the bot is reached."""

    token: str
    api_url: str = API_URL
    proxy: str = ""
    """An address with http, https or socks5; empty for none."""

    def __repr__(self) -> str:
        return f"Access({self.api_url})"


def client(access: Access, *, poll_s: float = 0.0) -> Bot:
    """A client that is still to be initialized; the environment's proxies do not count."""

    def request(read_s: float) -> HTTPXRequest:
        return HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            connect_timeout=CALL_S,
            read_timeout=read_s,
            write_timeout=CALL_S,
            pool_timeout=CALL_S,
            proxy=access.proxy or None,
            httpx_kwargs={"trust_env": False, "verify": trusted()},
        )

    return Bot(
        access.token,
        base_url=f"{access.api_url}/bot",
        base_file_url=f"{access.api_url}/file/bot",
        request=request(CALL_S),
        get_updates_request=request(CALL_S + poll_s),
    )


@contextmanager
def translated(*, once: bool = False) -> Iterator[None]:
    """The vendor's errors as those of the house; of a call that is made `once`, one whose end
    nobody knows is EffectUnknown.

    None is chained: the vendor writes the token into some of them.
    """
    try:
        yield
    except TelegramError as error:
        raise as_ours(error, once=once) from None


def is_unmodified(error: BadRequest) -> bool:
    """Whether an edit was refused because the message shows just that already."""
    return "message is not modified" in error.message.lower()


def is_unparsable(error: BadRequest) -> bool:
    """Whether a text was refused for its markup."""
    return "can't parse entities" in error.message.lower()


def as_ours(error: TelegramError, *, once: bool = False) -> errors.AntonError:
    """The error of the house for one of the vendor."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        wait_s = float(wait) if isinstance(wait, int) else wait.total_seconds()
        return errors.RateLimited("Telegram asks for patience.", retry_after_s=wait_s)
    if isinstance(error, InvalidToken):
        return errors.Forbidden(
            "Telegram does not know this bot.", remedy="check TELEGRAM_BOT_TOKEN with BotFather"
        )
    if isinstance(error, Forbidden):
        return errors.Forbidden(
            f"Telegram refuses: {error.message}", remedy="let the bot into the chat, unblock it"
        )
    if isinstance(error, ChatMigrated):
        return errors.Forbidden(
            "The group has become a supergroup.",
            remedy=f"set TELEGRAM_CHAT_ID={error.new_chat_id}",
        )
    if isinstance(error, Conflict):
        return errors.Forbidden(
            "Another process polls with this bot's token.",
            remedy="end the other one, then start Anton again; one bot serves one Anton",
        )
    if isinstance(error, BadRequest):
        return _refused(error.message)
    unknown = once and isinstance(error, NetworkError) and not _never_sent(error)
    if unknown:
        return errors.EffectUnknown("Telegram did not say whether the message has arrived.")
    return errors.HostUnreachable(
        "Telegram does not answer.", remedy="see to the network, TELEGRAM_PROXY, TELEGRAM_API_URL"
    )


def _refused(message: str) -> errors.AntonError:
    lower = message.lower()
    if "chat not found" in lower:
        return errors.Forbidden(
            "Telegram knows no such chat.",
            remedy="check TELEGRAM_CHAT_ID; a person has to write to the bot first",
        )
    if any(words in lower for words in _DENIED):
        return errors.Forbidden(
            f"Telegram refuses: {message}", remedy="let the bot write messages in the chat"
        )
    if any(words in lower for words in _GONE):
        return errors.NotFound("The message is gone.")
    return errors.PayloadInvalid(f"Telegram refuses the message: {message}")


def _never_sent(error: NetworkError) -> bool:
    """Whether the request surely did not leave this machine."""
    if isinstance(error, TimedOut) and "not* sent" in error.message:
        return True
    return type(error.__cause__).__name__ in _NEVER_SENT

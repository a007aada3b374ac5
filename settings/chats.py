"""The chats that people are spoken with in."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from settings.addresses import MaybeSecureAddress, SecureAddress
from settings.kinds import Group, Key


def _of_a_bot(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(\d{5,20}:[\w-]{30,100})?", value.get_secret_value(), re.ASCII):
        raise ValueError("should be digits, a colon and at least 30 signs, as BotFather gives")
    return value


def _proxy(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"((https?|socks5h?)://\S+)?", value.get_secret_value()):
        raise ValueError("should begin with http://, https:// or socks5://")
    return value


class Telegram(Group):
    """Telegram: a bot that asks and listens there."""

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_of_a_bot)] = SecretStr("")
    """Token of the bot, from BotFather; without one Telegram is off."""
    telegram_proxy: Annotated[Key, AfterValidator(_proxy)] = SecretStr("")
    """Proxy to Telegram, as `socks5://user:password@host:1080`; http, https or socks5."""
    telegram_api_url: SecureAddress = "https://api.telegram.org"
    """Address of the Bot API; another one for a server of your own."""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    """`polling` needs no public address; `webhook` is called at TELEGRAM_WEBHOOK_URL."""
    telegram_webhook_url: MaybeSecureAddress = ""
    """Public address that leads to `/webhooks/telegram` here, with https."""


class Slack(Group):
    """Slack: the app that shows messages there, and hears what is tapped and written."""

    slack_bot_token: Key = SecretStr("")
    """Token of the app's bot, as `xoxb-…`; with it and SLACK_CHANNEL, people are asked in Slack."""
    slack_signing_secret: Key = SecretStr("")
    """Secret of the app that its requests are signed with; two by a comma while one is replaced."""
    slack_api_url: SecureAddress = "https://slack.com/api"
    """Address of Slack's Web API; another one for GovSlack."""
    slack_team_id: str = Field(default="", pattern=r"^(T[A-Z0-9]{2,20})?$")
    """Workspace that is listened to, as T024BE7LH; empty: the one of the token."""
    slack_app_id: str = Field(default="", pattern=r"^(A[A-Z0-9]{2,20})?$")
    """App that is listened to, as A024BE7LH; empty: whichever the signing secret belongs to."""

    @property
    def slack_signing_secrets(self) -> tuple[str, ...]:
        """The secrets that count now; two while one is being replaced."""
        parts = self.slack_signing_secret.get_secret_value().split(",")
        return tuple(part.strip() for part in parts if part.strip())

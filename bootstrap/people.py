"""Who is asked, where, and whose word counts."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bootstrap.stores import Kept
from config import Settings
from control.anton import Anton
from control.cards import Cards
from control.commands import Commands
from control.consent import ApproversFile, Consent, approvers_of
from control.desk import Desk
from control.hours import Hours, QuietHours
from control.people import People
from control.repositories import Repositories
from control.services import Services, read_services
from control.view import ChannelView
from core.errors import ConfigError
from core.ports import Channel
from integrations import CHANNELS, channel_class
from observability.redaction import Redactor

if TYPE_CHECKING:
    from telegram_bot.bot import TelegramBot

UNPROTECTED_BANNER = "\N{LARGE RED CIRCLE} NO SANDBOX"
log = logging.getLogger(__name__)


def channels_of(settings: Settings) -> list[Channel]:
    """The channels that are configured."""
    made = channel_options(settings)
    return [channel_class(kind)(**options) for kind, options in made.items()]


def channel_options(settings: Settings) -> dict[str, dict[str, Any]]:
    """What each configured channel is made with, by its kind."""
    made: dict[str, dict[str, Any]] = {}
    if token := settings.telegram_bot_token.get_secret_value():
        made["telegram"] = {
            "token": token,
            "chat_id": settings.telegram_chat_id,
            "api_url": settings.telegram_api_url,
            "proxy": settings.telegram_proxy.get_secret_value(),
        }
    if token := settings.slack_bot_token.get_secret_value():
        made["slack"] = {
            "token": token,
            "channel": settings.slack_channel,
            "api_url": settings.slack_api_url,
            "team_id": settings.slack_team_id,
            "app_id": settings.slack_app_id,
        }
    return made


def views_of(
    settings: Settings, stack: AsyncExitStack, kept: Kept, given: Sequence[Channel]
) -> tuple[ChannelView, ...]:
    """A view for each channel; raises ConfigError for what cannot be used."""
    elsewhere, _, place = settings.escalation_channel.partition(":")
    hours = Hours(
        remind_after=timedelta(minutes=settings.approval_remind_minutes),
        alarm_after=timedelta(minutes=settings.approval_alarm_minutes),
        quiet=QuietHours.parse(settings.quiet_hours),
    )
    channels = [*given, *channels_of(settings)]
    for channel in channels[len(given) :]:
        stack.push_async_callback(channel.close)
    if elsewhere and elsewhere not in {channel.name for channel in channels}:
        raise ConfigError(
            f"ESCALATION_CHANNEL names {elsewhere}, which is not configured.",
            remedy=f"configure it; known are {', '.join(CHANNELS)}",
        )
    banner = UNPROTECTED_BANNER if settings.unprotected else ""
    cards = Cards(kept.records.artifacts, settings.public_url, banner=banner)
    return tuple(
        ChannelView(
            channel,
            kept.records,
            cards,
            hours,
            escalation=place if elsewhere == channel.name else "",
        )
        for channel in channels
    )


def desks(settings: Settings, anton: Anton) -> tuple[Desk, Commands]:
    """Where the taps, words and commands of every channel are answered."""
    desk = Desk(anton, anton.messages, anton.clock)
    return desk, Commands(
        anton, desk, repositories_of(settings), description_max=settings.max_task_description_length
    )


@asynccontextmanager
async def listening(settings: Settings, anton: Anton) -> "AsyncIterator[TelegramBot | None]":
    """Hears people in Telegram, where it is configured, until the block ends."""
    if not settings.telegram_bot_token.get_secret_value():
        yield None
        return
    bot = ear(settings, anton)
    bot.start()
    try:
        yield bot
    finally:
        await bot.stop()


def ear(settings: Settings, anton: Anton) -> "TelegramBot":
    """What hears people in Telegram, once it is started."""
    from telegram_bot.bot import TelegramBot
    from telegram_bot.client import Access
    from telegram_bot.handlers import House

    desk, commands = desks(settings, anton)
    access = Access(
        settings.telegram_bot_token.get_secret_value(),
        settings.telegram_api_url,
        settings.telegram_proxy.get_secret_value(),
    )
    elsewhere, _, place = settings.escalation_channel.partition(":")
    bot = TelegramBot(
        access,
        House(desk, commands, anton.messages, anton.may_decide, anton.refuse),
        anton.messages,
        [settings.telegram_chat_id, *([place] if elsewhere == "telegram" else [])],
        mode=settings.telegram_mode,
        webhook_url=settings.telegram_webhook_url,
    )
    anton.hears("telegram", lambda: bot.trouble)
    return bot


def services_of(settings: Settings) -> Services:
    """What is said of each repository; an entry that limits nothing is told."""
    services = read_services(settings.repos_file) if settings.repos_file else Services()
    repositories = repositories_of(settings)
    for name in services.known:
        if not repositories.lists(name):
            log.warning("REPOS_FILE names %s, which is no repository that is listed here", name)
    known = Redactor(settings.secrets()).known
    for name, service in (*services.known.items(), ("*", services.others)):
        recipe = service.recipe
        for text in (recipe.setup, recipe.test, *recipe.env.values()):
            if known(text) != text:
                raise ConfigError(
                    f"REPOS_FILE hands one of Anton's own secrets to the tests of {name}.",
                    remedy="take it out: whatever runs in a sandbox can read it",
                )
    return services


def repositories_of(settings: Settings) -> Repositories:
    """The repositories that a request may name, and the one for those who name none."""
    named = (settings.github_repo, str(settings.repo_cwd or ""), *settings.repositories)
    known = [name for name in named if name]
    return Repositories(
        known,
        default=known[0] if len(known) == 1 or settings.github_repo or settings.repo_cwd else "",
        any_path=settings.on_loopback
        and settings.environment == "dev"
        and not settings.repositories,
    )


def consent_of(settings: Settings) -> Consent:
    """The rules of consent; raises ConfigError when the file of approvers cannot be used."""
    file = settings.approvers_file
    return Consent(
        approvers=approvers_of(
            settings.telegram_approver_ids,
            settings.telegram_chat_id,
            settings.slack_approver_ids,
            settings.slack_channel,
        ),
        file=ApproversFile(file) if file else None,
        people=People(settings.people),
        forbid_requester=settings.approval_forbid_requester,
    )

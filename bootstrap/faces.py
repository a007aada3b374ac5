"""REST over Anton."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootstrap.minds import models_of
from bootstrap.people import channels_of, desks, repositories_of
from bootstrap.sandboxes import sandbox_of
from config import Settings
from control import VERSION
from control.anton import Anton
from control.examination import Examination
from observability.clock import SystemClock

if TYPE_CHECKING:
    from api.app import Application
    from api.slack import SlackDesk
    from telegram_bot.bot import TelegramBot

DEMO_TICKET = Path(__file__).parent.parent / "demo" / "tickets" / "BUG-42.md"


def rest(settings: Settings, anton: Anton, telegram: "TelegramBot | None" = None) -> "Application":
    """REST over Anton; raises ConfigError for an unusable file of keys."""
    from api import app, front

    return app.create_app(
        anton,
        clock=SystemClock(),
        rules=front.Rules(
            hosts=(settings.host, *settings.allowed_hosts),
            description_max=settings.max_task_description_length,
            iterations=settings.max_iterations,
            remind_after=timedelta(minutes=settings.approval_remind_minutes),
            version=VERSION,
            origins=settings.cors_origins,
        ),
        repositories=repositories_of(settings),
        operator_key=settings.api_key.get_secret_value(),
        keys_file=settings.api_keys_file,
        sessions_file=settings.data_dir / "sessions.json",
        examination=_examination(settings, anton),
        slack_desk=_slack_desk(settings, anton),
        telegram_hook=telegram if settings.telegram_mode == "webhook" else None,
    )


def _examination(settings: Settings, anton: Anton) -> Examination:
    """What `doctor` looks at, over the stores that are open here; models are not probed."""
    from cli.doctor import Patient, examine
    from cli.models import models
    from cli.screen import Screen

    async def stores(_: Settings) -> Mapping[str, str]:
        ready = await anton.ready()
        ready.pop("sandbox", None)
        return {**ready, "audit": await anton.audited(), **await anton.remembers()}

    patient = Patient(
        settings,
        problems=(),
        warnings=(),
        sandbox=sandbox_of,
        stores=stores,
        models=lambda chosen: models(models_of, chosen, Screen.here(), probing=False),
        channels=channels_of,
    )
    return Examination(lambda: examine(patient), anton.clock, anton.observatory.redacted)


def _slack_desk(settings: Settings, anton: Anton) -> "SlackDesk | None":
    """What answers Slack; None where nothing from there can be verified."""
    from api.slack import SlackDesk
    from integrations.slack.inbound import Inbound

    channel: Any = next((view.channel for view in anton.views if view.name == "slack"), None)
    if channel is None or not settings.slack_signing_secrets:
        return None
    return SlackDesk(
        anton,
        *desks(settings, anton),
        channel,
        Inbound(
            settings.slack_signing_secrets,
            home=settings.slack_channel,
            api_url=settings.slack_api_url,
        ),
        demo_ticket=DEMO_TICKET.read_text(encoding="utf-8"),
    )

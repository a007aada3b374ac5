"""What can be seen of the house from outside, and how it is."""

from collections.abc import Iterator, Sequence
from typing import Any

from bootstrap.minds import Thinking
from bootstrap.people import channel_options
from bootstrap.stores import Kept
from config import UNPROTECTED, Settings
from control.alerts import Alerts
from control.golden import Golden
from control.health import Check, Health
from control.hours import QuietHours
from control.identities import IdentityDesk
from control.integrations import Offer
from control.meter import Meter
from control.observatory import Observatory
from control.runner import Runner
from control.services import Services
from control.view import ChannelView
from core.plain import each_text
from integrations import CHANNELS


def observatory_of(
    settings: Settings, kept: Kept, meter: Meter, alerts: Alerts, services: Services
) -> Observatory:
    """What can be seen of the house from outside."""
    return Observatory(
        kept.records,
        meter,
        alerts,
        Golden(kept.records, kept.stores.corrections, kept.stores.audit, kept.redactor.text),
        kept.redactor.text,
        settings=[
            {**option, "value": each_text(option["value"], kept.redactor.text)}
            for option in settings.described()
        ],
        offers=tuple(_offers(settings)),
        services=services,
        quiet=QuietHours.parse(settings.quiet_hours),
    )


def _offers(settings: Settings) -> Iterator[Offer]:
    """What Anton can work with outside, and what stands in for what is not configured."""
    cloud, token = settings.gcp_project_id, settings.github_token.get_secret_value()
    yield Offer(
        "github",
        "GITHUB_TOKEN",
        live=f"Pull requests by {settings.github_api_url}." if token else "",
        instead="Branches in local repositories.",
    )
    for name, options in channel_options(settings).items():
        place = options.get("channel") or options.get("chat_id")
        yield Offer(name, f"{name.upper()}_BOT_TOKEN", live=f"People are asked in {place}.")
    for name in CHANNELS.keys() - channel_options(settings).keys():
        yield Offer(name, f"{name.upper()}_BOT_TOKEN")
    yield Offer(
        "interactions",
        "GCP_PROJECT_ID",
        live=f"BigQuery, dataset {settings.bq_dataset}." if cloud else "",
        instead="A SQLite file below DATA_DIR.",
    )
    yield Offer(
        "identities",
        "GCP_PROJECT_ID",
        live=f"Firestore, collection {settings.firestore_collection}." if cloud else "",
        instead="The SQLite file of tasks.",
    )
    yield Offer(
        "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        live=settings.otel_exporter_otlp_endpoint,
        instead="Spans in DATA_DIR/traces.",
    )
    yield Offer(
        "langfuse",
        "LANGFUSE_SECRET_KEY",
        live=settings.langfuse_host if all(settings.langfuse_keys) else "",
    )


def alerts_of(settings: Settings, kept: Kept, runner: Runner | None) -> Alerts:
    """What Anton has to say about himself."""
    return Alerts(
        kept.records,
        settings.data_dir,
        leases_lost=lambda: runner.leases_lost if runner else 0,
        changes_lost=lambda: kept.identities.health().lost,
        lasting={"sandbox": UNPROTECTED} if settings.unprotected else {},
    )


def health_of(
    settings: Settings,
    kept: Kept,
    mind: Thinking | None,
    runner: Runner | None,
    observatory: Observatory,
    identities: IdentityDesk,
    views: Sequence[ChannelView],
) -> Health:
    """How the house is, as far as this process knows."""
    checks: dict[str, Check] = {"store": kept.stores.check, "queue": kept.stores.tasks.check}
    if runner:
        checks["checkpoints"] = runner.check
    if mind:
        checks["sandbox"] = mind.check
    return Health(
        kept.records,
        kept.stores.audit,
        identities,
        observatory,
        views,
        checks=checks,
        about=lambda: _about(kept, mind),
        degraded=lambda: _degraded(settings, kept, mind),
    )


def _about(kept: Kept, mind: Thinking | None) -> dict[str, Any]:
    return {
        **(mind.about() if mind else {}),
        "interactions": kept.interactions.health().model_dump(),
        "traces": kept.records.tracing.health(),
    }


def _degraded(settings: Settings, kept: Kept, mind: Thinking | None) -> dict[str, str]:
    told = mind.degraded() if mind else {}
    if trouble := kept.interactions.health().trouble:
        told["interactions"] = trouble
    if trouble := kept.identities.health().trouble:
        told["identities"] = trouble
    if settings.checkpoints == "memory":
        told["checkpoints"] = "CHECKPOINTS=memory: a restart loses every task under way."
    return told

"""Anton, wired by the settings."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from bootstrap.drives import merges_of, runner_of
from bootstrap.minds import ModelsOnDemand, Thinking, open_mind, reflecting_of
from bootstrap.outlook import about, degraded, observatory_of
from bootstrap.people import consent_of, services_of, views_of
from bootstrap.sandboxes import demos_of, open_room, showing_of
from bootstrap.stores import identity_desk_of, note_rules, open_stores, passing_risk, retention_of
from config import UNPROTECTED, Settings
from control.alerts import Alerts
from control.anton import Anton, Capacity, Check
from control.chores import steady
from control.decisions import Decisions
from control.incidents import IncidentDesk
from control.meter import Meter
from control.preferences import Preferences
from control.reading import Reading
from core.ports import Channel, Clock
from integrations import CHANNELS


async def build(
    settings: Settings,
    *,
    drives: bool = True,
    checked: bool = True,
    thinking: Thinking | None = None,
    channels: Sequence[Channel] = (),
    clock: Clock | None = None,
    shows: bool = False,
) -> Anton:
    """Anton, wired by the settings; raises StoreUnusable, ConfigError, SandboxUnavailable.

    A process that drives tasks is alone on its data; with `drives=False` it only looks, decides
    and cancels, beside the one that drives. Unless it is `checked`, a sandbox is missed only by a
    step that needs one. People are told in `channels` too, beside the configured ones. The time is
    that of `clock`, else the system's. Where the `thinking` is given, candidates are shown live
    only if that is wanted too.
    """
    consent = consent_of(settings)
    services = services_of(settings)
    stack = AsyncExitStack()
    try:
        kept = await open_stores(settings, stack, exclusive=drives, clock=clock)
        models = ModelsOnDemand(settings, stack, kept)
        is_own = drives and thinking is None
        room = await open_room(settings, stack, services) if is_own or shows else None
        mind = thinking if drives else None
        if room and is_own:
            mind = await open_mind(settings, kept, models, services, room)
        if mind and checked:
            await mind.check()
        decisions = Decisions(kept.records, kept.stores.audit, consent, passing_risk(settings))
        runner = await runner_of(settings, stack, kept, mind, decisions, services) if mind else None
        views = views_of(settings, stack, kept, channels) if drives else ()
        demos = demos_of(settings, stack, kept, showing_of(settings, kept, services, room))
    except BaseException:
        await stack.aclose()
        raise
    meter = Meter(kept.records, kept.metrics, settings.data_dir, sources=CHANNELS)
    alerts = Alerts(
        kept.records,
        settings.data_dir,
        leases_lost=lambda: runner.leases_lost if runner else 0,
        changes_lost=lambda: kept.identities.health().lost,
        lasting={"sandbox": UNPROTECTED} if settings.unprotected else {},
    )
    checks: dict[str, Check] = {"store": kept.stores.check, "queue": kept.stores.tasks.check}
    if runner:
        checks["checkpoints"] = runner.check
    if mind:
        checks["sandbox"] = mind.check
    chores = (
        retention_of(settings, kept, runner).run,
        reflecting_of(settings, kept, models).run,
        lambda: note_rules(settings, kept),
        meter.run,
        alerts.run,
        demos.run,
        merges_of(settings, kept).run,
        *kept.chores,
    )
    return Anton(
        kept.records,
        runner,
        kept.stores.audit,
        Reading(models.reader),
        capacity=Capacity(concurrent_tasks=settings.max_concurrent_tasks),
        checks=checks,
        about=lambda: about(kept, mind),
        degraded=lambda: degraded(settings, kept, mind),
        close=stack.aclose,
        identities=identity_desk_of(kept),
        incidents=IncidentDesk(kept.records, kept.stores.audit, kept.redactor.known),
        chores=tuple(steady(chore, kept.clock) for chore in chores),
        masked=kept.redactor.known,
        decisions=decisions,
        services=services,
        preferences=Preferences(kept.records, kept.redactor.text),
        observatory=observatory_of(settings, kept, meter, alerts, services),
        demos=demos,
        views=views,
    )

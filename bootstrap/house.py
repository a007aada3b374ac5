"""Anton, wired by the settings."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from bootstrap.drives import merges_of, runner_of
from bootstrap.minds import ModelsOnDemand, Thinking, open_mind, reflecting_of
from bootstrap.outlook import alerts_of, health_of, observatory_of
from bootstrap.people import consent_of, services_of, views_of
from bootstrap.sandboxes import demos_of, open_room, showing_of
from bootstrap.stores import identity_desk_of, note_rules, open_stores, passing_risk, retention_of
from config import Settings
from control.answers import Answers
from control.anton import Anton
from control.decisions import Decisions
from control.incidents import IncidentDesk
from control.meter import Meter
from control.preferences import Preferences
from control.reading import Reading
from control.submissions import Submissions
from control.tasks import TaskDesk
from control.worker import Worker
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
    records, audit, masked = kept.records, kept.stores.audit, kept.redactor.known
    at_once = settings.max_concurrent_tasks
    meter = Meter(records, kept.metrics, settings.data_dir, sources=CHANNELS)
    alerts = alerts_of(settings, kept, runner)
    observatory = observatory_of(settings, kept, meter, alerts, services)
    worker = Worker(records.tasks, records.clock, runner, at_once=at_once)
    tasks = TaskDesk(records, audit, worker.cancel)
    incidents = IncidentDesk(records, audit, masked)
    identities = identity_desk_of(kept)
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
        records,
        audit,
        worker=worker,
        submissions=Submissions(
            records, incidents, services, at_once=at_once, masked=masked, begun=worker.wake
        ),
        tasks=tasks,
        decisions=decisions,
        answers=Answers(
            records, tasks, decisions, Reading(models.reader), masked=masked, decided=worker.wake
        ),
        health=health_of(settings, kept, mind, runner, observatory, identities, views),
        observatory=observatory,
        incidents=incidents,
        identities=identities,
        preferences=Preferences(records, kept.redactor.text),
        demos=demos,
        views=views,
        chores=chores,
        close=stack.aclose,
    )

"""The wiring: the one module that knows every concrete class."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, Protocol

from agents.watched import WatchedEngine
from config import (
    MODEL_ROLES,
    UNPROTECTED,
    VENDOR_KEYS,
    VENDOR_MODELS,
    ConsentRules,
    Settings,
    load_settings,
)
from control.alerts import Alerts
from control.anton import VERSION, Anton, Capacity, Check, Chore
from control.cards import Cards
from control.chronicle import Records
from control.commands import Commands
from control.consent import ApproversFile, Consent, approvers_of
from control.decisions import Decisions
from control.demos import Demos, Showing, candidate_of
from control.demos import Habits as DemoHabits
from control.desk import Desk
from control.documents import Documents
from control.examination import Examination
from control.golden import Golden
from control.hours import Hours, QuietHours
from control.identities import IdentityDesk
from control.incidents import IncidentDesk
from control.integrations import Offer
from control.merges import Merges
from control.meter import Meter
from control.observatory import Observatory
from control.outbox import EffectDesk
from control.people import People
from control.precedents import Remembering
from control.preferences import Preferences
from control.reading import Reading
from control.reflecting import Habits, Reflecting
from control.repositories import Repositories
from control.retention import Retention, Term
from control.runner import Bounds, Runner
from control.services import Services, read_services
from control.view import ChannelView
from core.approvals import Approval, Risk
from core.budgets import Ceilings
from core.effects import PullState
from core.errors import ConfigError, StoreError
from core.events import AuditEntry
from core.limits import RoleLimits, role_limits
from core.models import Capabilities
from core.patches import Patch
from core.ports import (
    Channel,
    Clock,
    CodeHost,
    IdentityStore,
    InteractionLog,
    LessonStore,
    Limits,
    LiveDemo,
    Model,
    Precedents,
    Reader,
    Reflector,
    RepairEngine,
    SandboxProvider,
)
from core.recipes import Recipe
from core.services import Service
from core.tasks import Lease, Task
from core.trees import Tree
from graph.deps import Deps, Rules
from graph.repair.workflow import drawing
from integrations import CHANNELS, channel_class, host_for
from integrations.changes import Permit, always
from memory.artifacts import FileArtifactStore
from memory.checkpoints import open_checkpoints
from memory.identities import identities_class
from memory.identities.sqlite import SqliteIdentityStore
from memory.reflection import Bounds as RuleBounds
from memory.stores.sqlite import SqliteStores
from memory.stores.sqlite.budgets import SqliteBudgets
from memory.stores.sqlite.lessons import SqliteLessonStore
from observability import records
from observability.clock import SystemClock
from observability.events import SqliteEventLog
from observability.interactions import log_class
from observability.live import LiveTexts
from observability.metrics import Metrics
from observability.redaction import Redactor
from observability.tracing import Tracing
from repair.validate import Tests
from sandbox import provider_class
from sandbox.choice import automatic
from sandbox.traced import TracedProvider

if TYPE_CHECKING:
    from agents.models.options import ModelOptions
    from agents.models.roster import Roster
    from agents.offline.fixing import Search
    from agents.offline.thinking import OfflineThinking
    from api.app import Application
    from api.slack import SlackDesk
    from evals.projects.suite import Ground
    from repair.bench import Bench
    from sandbox.environment import Environments
    from telegram_bot.bot import TelegramBot

log = logging.getLogger(__name__)

SANDBOXES_PER_TASK = 4
"""A survey, a run, a judge, and the next one being opened."""
DEMO_TICKET = Path(__file__).parent / "demo" / "tickets" / "BUG-42.md"
UNPROTECTED_BANNER = "\N{LARGE RED CIRCLE} NO SANDBOX"
SCRATCH = "scratch"
"""Folder below DATA_DIR of files that a process which was killed leaves behind."""
HOST_PATIENCE_S = 7 * 24 * 3600.0
"""How long an effect waits for a host that is down; the task stays running and says so."""


Probing = Callable[[str], Awaitable[Capabilities]]
"""Puts the four tasks to a model, by its name."""


class Thinking(Protocol):
    """Gives a task what thinks and what tests, for the time of one drive."""

    def open(
        self, task: Task, lease: Lease
    ) -> AbstractAsyncContextManager[tuple[RepairEngine, Tests]]:
        """The engine and the test bench of a task."""
        ...

    async def check(self) -> None:
        """Return when tests can be run; raises SandboxUnavailable with the remedy."""
        ...

    def about(self) -> dict[str, Any]:
        """What `/health` tells of it now."""
        ...

    def degraded(self) -> dict[str, str]:
        """What is away for now, by name, in words."""
        ...


@dataclass(frozen=True)
class Kept:
    """Everything that is open as long as Anton is."""

    stores: SqliteStores
    events: SqliteEventLog
    interactions: InteractionLog
    identities: IdentityStore
    precedents: Precedents | None
    records: Records
    metrics: Metrics
    redactor: Redactor
    clock: Clock
    budgets: SqliteBudgets
    """A drive takes them under its lease."""
    role_limits: Mapping[str, RoleLimits]
    chores: Sequence[Chore]
    """What has to be done all the time to keep it."""


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
    consent = _consent(settings)
    services = _services(settings)
    stack = AsyncExitStack()
    try:
        kept = await _keep(settings, stack, exclusive=drives, clock=clock)
        models = ModelsOnDemand(settings, stack, kept)
        is_own = drives and thinking is None
        room = await _room(settings, stack, services) if is_own or shows else None
        mind = thinking if drives else None
        if room and is_own:
            mind = await _mind(settings, kept, models, services, room)
        if mind and checked:
            await mind.check()
        decisions = Decisions(kept.records, kept.stores.audit, consent, _passing(settings))
        runner = await _runner(settings, stack, kept, mind, decisions, services) if mind else None
        views = _views(settings, stack, kept, channels) if drives else ()
        demos = _demos(settings, stack, kept, _showing(settings, kept, services, room))
    except BaseException:
        await stack.aclose()
        raise
    meter = Meter(kept.records, kept.metrics, settings.data_dir)
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
    return Anton(
        kept.records,
        runner,
        kept.stores.audit,
        Reading(models.reader),
        capacity=Capacity(concurrent_tasks=settings.max_concurrent_tasks),
        checks=checks,
        about=lambda: _about(kept, mind),
        degraded=lambda: _degraded(settings, kept, mind),
        close=stack.aclose,
        identities=_identity_desk(kept),
        incidents=IncidentDesk(kept.records, kept.stores.audit, kept.redactor.known),
        chores=(
            _retention(settings, kept).run,
            _reflecting(settings, kept, models).run,
            lambda: _rules_noted(settings, kept),
            meter.run,
            alerts.run,
            demos.run,
            _merges(settings, kept).run,
            *kept.chores,
        ),
        masked=kept.redactor.known,
        decisions=decisions,
        services=services,
        preferences=Preferences(kept.records, kept.redactor.text),
        observatory=_observatory(settings, kept, meter, alerts, services),
        demos=demos,
        views=views,
    )


def _observatory(
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
            {**option, "value": _masked(option["value"], kept.redactor)}
            for option in settings.described()
        ],
        offers=tuple(_offers(settings)),
        services=services,
        quiet=QuietHours.parse(settings.quiet_hours),
    )


def _masked(value: Any, redactor: Redactor) -> Any:
    """Plain JSON without secrets."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, list):
        return [_masked(item, redactor) for item in value]
    if isinstance(value, dict):
        return {key: _masked(item, redactor) for key, item in value.items()}
    return value


def _offers(settings: Settings) -> Iterator[Offer]:
    """What Anton can work with outside, and what stands in for what is not configured."""
    cloud, token = settings.gcp_project_id, settings.github_token.get_secret_value()
    yield Offer(
        "github",
        "GITHUB_TOKEN",
        live=f"Pull requests by {settings.github_api_url}." if token else "",
        instead="Branches in local repositories.",
    )
    for name, options in _channels(settings).items():
        place = options.get("channel") or options.get("chat_id")
        yield Offer(name, f"{name.upper()}_BOT_TOKEN", live=f"People are asked in {place}.")
    for name in CHANNELS.keys() - _channels(settings).keys():
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


def channels_of(settings: Settings) -> list[Channel]:
    """The channels that are configured."""
    made = _channels(settings)
    return [channel_class(kind)(**options) for kind, options in made.items()]


def _channels(settings: Settings) -> dict[str, dict[str, Any]]:
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


def _views(
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
        anton,
        desk,
        _repositories(settings),
        description_max=settings.max_task_description_length,
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


def _services(settings: Settings) -> Services:
    """What is said of each repository; an entry that limits nothing is told."""
    services = read_services(settings.repos_file) if settings.repos_file else Services()
    repositories = _repositories(settings)
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


def _repositories(settings: Settings) -> Repositories:
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


async def _rules_noted(settings: Settings, kept: Kept) -> None:
    """Write into the audit log by which rules of consent this process works."""
    rules = {name.upper(): str(getattr(settings, name)) for name in ConsentRules.model_fields}
    try:
        await kept.stores.audit.record(AuditEntry(action="rules", detail=rules))
    except StoreError as error:
        log.error("the audit log takes no entry: %s", error)


def _consent(settings: Settings) -> Consent:
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


async def scripted(
    data_dir: Path, thinking: Thinking, *, at_once: int, drives: bool = True
) -> Anton:
    """Anton over a folder of his own, with given thinking: for measurements of the rest."""
    settings, _ = load_settings(data_dir=data_dir, max_concurrent_tasks=at_once)
    return await build(settings, drives=drives, thinking=thinking)


@asynccontextmanager
async def inhabited(
    data_dir: Path, thinking: Thinking, **chosen: Any
) -> AsyncIterator[tuple[Anton, str]]:
    """Anton at work behind all his faces, as `serve` has him, and the address of his API."""
    from api.server import Server, listen

    settings, _ = load_settings(data_dir=data_dir, port=0, **chosen)
    with listen("127.0.0.1", 0) as socket:
        anton = await build(settings, thinking=thinking)
        await anton.start()
        server = Server(rest(settings, anton), (), lambda: None)
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            async with listening(settings, anton):
                yield anton, f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
            await anton.stop(drain_s=5.0)


async def furnished(**chosen: Any) -> Anton:
    """Anton as some settings have him, over those of the environment: for measurements."""
    settings, _ = load_settings(**chosen)
    return await build(settings)


async def _keep(
    settings: Settings, stack: AsyncExitStack, *, exclusive: bool, clock: Clock | None = None
) -> Kept:
    clock, redactor = clock or SystemClock(), Redactor(settings.secrets())
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"DATA_DIR {folder} cannot be used: {error.strerror}.",
            remedy="name a folder that this user may make and write",
        ) from error
    stores = await SqliteStores.open(folder, clock=clock, redactor=redactor, exclusive=exclusive)
    stack.push_async_callback(stores.close)
    if exclusive:
        rmtree(folder / SCRATCH, ignore_errors=True)
    events = await SqliteEventLog.open(folder, clock=clock, redactor=redactor)
    stack.push_async_callback(events.close)
    interactions = await _interactions(settings, clock, redactor, exclusive=exclusive)
    stack.push_async_callback(interactions.close)
    learned = await _learned(settings, stores, clock, exclusive=exclusive)
    stack.push_async_callback(learned.identities.close)
    precedents = await _precedents(settings, stack) if exclusive else None
    artifacts = FileArtifactStore(folder / "artifacts")
    budgets = stores.budgets(_ceilings(settings), events.append)
    metrics = Metrics()
    records = Records(
        tasks=stores.tasks,
        incidents=stores.incidents,
        approvals=stores.approvals,
        artifacts=artifacts,
        outbox=stores.outbox,
        events=events,
        interactions=interactions,
        lessons=learned.lessons,
        memory=Remembering(precedents, artifacts, redactor.text),
        live=LiveTexts(redactor, clock),
        tracing=await _tracing(settings, stack, redactor, metrics) if exclusive else Tracing.off(),
        budgets=budgets,
        messages=stores.messages,
        alerts=stores.alerts,
        demos=stores.demos,
        clock=clock,
    )
    changes = {
        role: limit.model_dump(exclude_none=True) for role, limit in settings.role_limits.items()
    }
    return Kept(
        stores,
        events,
        interactions,
        learned.identities,
        precedents,
        records,
        metrics,
        redactor,
        clock,
        budgets,
        role_limits(changes),
        learned.chores,
    )


async def _tracing(
    settings: Settings, stack: AsyncExitStack, redactor: Redactor, metrics: Metrics
) -> Tracing:
    """Spans into DATA_DIR/traces, and to whatever else takes them."""
    keys = settings.langfuse_keys
    tracing = await asyncio.to_thread(
        Tracing.open,
        settings.data_dir / "traces",
        redactor,
        version=VERSION,
        observed=metrics.note_span,
        otlp=settings.otel_exporter_otlp_endpoint,
        otlp_headers=settings.otlp_headers,
        langfuse=settings.langfuse_host if all(keys) else "",
        langfuse_keys=keys,
    )
    stack.push_async_callback(tracing.close)
    return tracing


async def _precedents(settings: Settings, stack: AsyncExitStack) -> Precedents | None:
    """What was like this before; None where its file cannot be used, and tasks go on without."""
    from memory.precedents import SqlitePrecedents

    try:
        opened = await SqlitePrecedents.open(settings.data_dir, across=settings.recall_across_repos)
    except StoreError as error:
        log.warning("nothing is remembered of earlier tasks: %s", error)
        return None
    stack.push_async_callback(opened.close)
    return opened


async def _interactions(
    settings: Settings, clock: Clock, redactor: Redactor, *, exclusive: bool
) -> InteractionLog:
    """The log of model calls, in Google's cloud where a project is named."""
    kind, cloud = "sqlite", {}
    if settings.gcp_project_id:
        from observability.interactions.cloud import Place

        place = Place(
            project=settings.gcp_project_id,
            dataset=settings.bq_dataset,
            location=settings.bq_location,
            max_bytes_billed=settings.bq_max_bytes_billed,
            emulator=settings.bigquery_emulator_host,
        )
        kind, cloud = "bigquery", {"place": place, "uploads": exclusive}
    opened: InteractionLog = await log_class(kind).open(
        settings.data_dir, clock=clock, redactor=redactor, **cloud
    )
    return opened


@dataclass(frozen=True)
class Learned:
    """Where it is kept what roles have learned, and what keeps it up."""

    identities: IdentityStore
    lessons: LessonStore
    chores: Sequence[Chore] = ()


async def _learned(
    settings: Settings, stores: SqliteStores, clock: Clock, *, exclusive: bool
) -> Learned:
    """Identities and counts of rules, in Google's cloud where a project is named."""
    if not settings.gcp_project_id:
        return Learned(SqliteIdentityStore(stores.database, clock), stores.lessons)
    from memory.identities.counts import FirestoreCounts
    from memory.identities.durable import DurableIdentityStore
    from memory.identities.shared import SharedLessonStore
    from memory.identities.tallies import Tallies
    from memory.identities.waiting import Waiting

    project, collection = settings.gcp_project_id, settings.firestore_collection
    place = f"firestore:{project}/{collection}"
    there = await identities_class("firestore").open(
        project=project,
        collection=collection,
        clock=clock,
        emulator=settings.firestore_emulator_host,
        look=False,
    )
    waiting = Waiting(stores.database, stores.audit, place)
    identities = await DurableIdentityStore.open(there, waiting, clock, look=exclusive)
    lessons = SharedLessonStore(
        SqliteLessonStore(stores.database, clock, shared=True),
        FirestoreCounts(there.client, collection),
        Tallies(stores.database, place),
        clock,
    )
    return Learned(identities, lessons, (identities.run, lessons.run))


def _identity_desk(kept: Kept) -> IdentityDesk:
    return IdentityDesk(
        kept.identities,
        MODEL_ROLES,
        lessons=kept.records.lessons,
        interactions=kept.interactions,
        audit=kept.stores.audit,
        events=kept.events,
        clock=kept.clock,
        masked=kept.redactor.prompt,
    )


def _retention(settings: Settings, kept: Kept) -> Retention:
    precedents = kept.precedents
    terms = [
        Term("calls", settings.retention_interactions_days, kept.interactions.forget),
        Term("events", settings.retention_event_days, kept.events.forget),
    ]
    if precedents:
        terms.append(
            Term(
                "precedents",
                settings.retention_precedent_days,
                lambda before, _: precedents.forget(before),
            )
        )
    return Retention(terms, kept.records.tasks, kept.clock)


def _reflecting(settings: Settings, kept: Kept, models: "ModelsOnDemand") -> Reflecting:
    return Reflecting(
        kept.records.lessons,
        kept.identities,
        kept.interactions,
        kept.records.tasks,
        models.reflector,
        audit=kept.stores.audit,
        events=kept.events,
        clock=kept.clock,
        masked=kept.redactor.prompt,
        habits=Habits(
            enabled=settings.reflection_enabled,
            dry_run=settings.reflection_dry_run,
            interval=settings.reflection_interval,
            bounds=RuleBounds(
                length_max=settings.reflection_max_rule_length, prune=settings.reflection_prune
            ),
        ),
    )


async def _runner(
    settings: Settings,
    stack: AsyncExitStack,
    kept: Kept,
    mind: Thinking,
    decisions: Decisions,
    services: Services,
) -> Runner:
    folder = settings.data_dir
    if settings.checkpoints == "memory":
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="anton-")))
    path = folder / "checkpoints.db"
    saver = await stack.enter_async_context(open_checkpoints(path, kept.records.tasks.holds))
    desk = EffectDesk(
        kept.stores.outbox,
        kept.records.tasks,
        kept.clock,
        kept.events,
        patience_s=HOST_PATIENCE_S,
    )

    @asynccontextmanager
    async def workbench(task: Task, lease: Lease) -> AsyncIterator[Deps]:
        effects = desk.under(lease)
        budgets = kept.budgets.under(lease)
        host = _host(settings, kept, task.request.repository, effects.permit)
        try:
            async with mind.open(task, lease) as (engine, tests):
                yield Deps(
                    engine=WatchedEngine(engine, kept.events, budgets, kept.clock),
                    host=host,
                    bench=tests,
                    artifacts=kept.records.artifacts,
                    approvals=kept.records.approvals,
                    effects=effects,
                    events=kept.events,
                    budgets=budgets,
                    clock=kept.clock,
                    tasks=kept.records.tasks,
                    redactor=kept.redactor,
                    precedents=kept.precedents,
                    rules=_rules(settings, services.of(task.request.repository)),
                )
        finally:
            await host.close()

    return Runner(
        drawing().compile(checkpointer=saver),
        saver,
        kept.records,
        workbench,
        Documents(settings.data_dir, settings.local_output_dir, kept.records.artifacts),
        decisions,
        bounds=Bounds(
            task_s=settings.max_task_seconds,
            approval_ttl_s=settings.approval_ttl_hours * 3600,
        ),
    )


def set_up_logs(settings: Settings, *, quiet: bool) -> None:
    """Every record of this process goes through the redactor; `quiet` leaves warnings and worse."""
    level = "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
    people = settings.log_format == "text" or sys.stderr.isatty()
    form: Literal["text", "json"] = "text" if people else "json"
    records.set_up(level, form, Redactor(settings.secrets()))


def _passing(settings: Settings) -> Risk | None:
    """The highest risk that passes without a person."""
    chosen = settings.auto_approve_risk
    return None if chosen == "none" else Risk(chosen)


def _rules(settings: Settings, service: Service) -> Rules:
    return Rules(
        max_review_rounds=settings.max_review_rounds,
        max_human_rounds=settings.max_human_rounds,
        confidence_threshold=settings.confidence_threshold,
        branch_prefix=settings.branch_prefix,
        commit_style=settings.commit_style,
        draft=settings.pr_draft,
        profile=service.profile,
        autonomy=service.autonomy,
        passes=_passing(settings),
        two_for=None if settings.approval_two_for == "none" else Risk(settings.approval_two_for),
    )


def model_options(settings: Settings) -> "ModelOptions":
    """All that is configured about models."""
    from agents.models.options import ModelOptions, Vendor
    from agents.models.patience import Patience
    from agents.models.streams import Deadlines

    keys = {name.upper(): getattr(settings, name).get_secret_value() for name in VENDOR_KEYS}
    roles = {role: getattr(settings, f"model_{role}") for role in MODEL_ROLES}
    bases = {"ollama": settings.ollama_base_url, "openai": settings.openai_api_base}
    return ModelOptions(
        model=settings.model,
        by_role={role: model for role, model in roles.items() if model},
        fallback=settings.model_fallback,
        keys={name: key for name, key in keys.items() if key},
        bases={provider: base for provider, base in bases.items() if base},
        vendors=tuple(Vendor(*row) for row in VENDOR_MODELS),
        model_parameters=settings.model_llm_params,
        role_parameters=settings.agent_llm_params,
        prices={
            model: price.model_dump(by_alias=True, exclude_none=True)
            for model, price in settings.model_prices.items()
        },
        patience=Patience(
            retries=settings.llm_max_retries,
            base_s=settings.llm_retry_base_delay,
            max_s=settings.llm_retry_max_delay,
        ),
        deadlines=Deadlines.within(settings.llm_timeout_seconds),
        local_only=settings.local_only,
        private_hosts=settings.local_hosts,
    )


def _ceilings(settings: Settings) -> Ceilings:
    return Ceilings(
        task_usd=settings.max_task_budget_usd,
        task_tokens=settings.max_task_tokens,
        day_usd=settings.max_day_budget_usd,
        hour_tokens=settings.max_tokens_per_hour,
    )


def _host(settings: Settings, kept: Kept, repository: str, permit: Permit) -> CodeHost:
    options: dict[str, dict[str, Any]] = {
        "local": {
            "branch_prefix": settings.branch_prefix,
            "permit": permit,
            "scratch": settings.data_dir / SCRATCH,
            "scan": kept.redactor.findings,
            "audit": kept.stores.audit.record,
        },
        "github": {
            "token": settings.github_token.get_secret_value(),
            "api_url": settings.github_api_url,
            "branch_prefix": settings.branch_prefix,
            "write_interval_s": settings.github_write_interval_s,
            "scan": kept.redactor.findings,
            "clock": kept.clock,
            "audit": kept.stores.audit.record,
            "permit": permit,
        },
    }
    return host_for(repository, options)


def _merges(settings: Settings, kept: Kept) -> Merges:
    """What looks whether the pull requests are merged that incidents wait for."""

    async def state_of(repository: str, url: str) -> PullState:
        host = _host(settings, kept, repository, always)
        try:
            return await host.pull_state(url)
        finally:
            await host.close()

    return Merges(kept.records, state_of)


@dataclass(frozen=True)
class Room:
    """Where code of repositories runs, and with what."""

    sandboxes: SandboxProvider
    environments: "Environments"


async def _room(settings: Settings, stack: AsyncExitStack, services: Services) -> Room:
    """The chosen sandboxes, without what earlier processes left behind."""
    sandboxes = TracedProvider(sandbox_of(settings))
    environments = _environments(settings, sandboxes)
    stack.callback(environments.close)
    await sandboxes.reap()
    if services.composed:
        from sandbox.compose import Compose

        await Compose(settings.docker_host).reap()
    await asyncio.to_thread(environments.sweep)
    return Room(sandboxes, environments)


def _showing(
    settings: Settings, kept: Kept, services: Services, room: Room | None
) -> Showing | None:
    """What shows candidates live; None in a process that has no room for that."""
    if room is None or settings.live_demo == "off":
        return None
    from sandbox.stage import Stage

    stage = Stage(room.sandboxes, room.environments)

    async def found(approval: Approval) -> tuple[Tree, Recipe]:
        request = (await kept.records.tasks.get(approval.task_id)).request
        host = _host(settings, kept, request.repository, always)
        try:
            base = await host.snapshot(approval.question.base_sha, worktree=request.worktree)
        finally:
            await host.close()
        patch = await kept.records.artifacts.get(approval.question.patch_ref)
        tree = candidate_of(approval, base.tree, Patch.model_validate_json(patch))
        return tree, services.of(request.repository).recipe

    async def find(approval: Approval) -> object:
        return stage.find(*await found(approval))

    async def start(approval: Approval) -> LiveDemo:
        return await stage.show(*await found(approval))

    return Showing(find, start)


def _demos(settings: Settings, stack: AsyncExitStack, kept: Kept, showing: Showing | None) -> Demos:
    """What is shown live beside questions."""
    habits = DemoHabits(
        mode=settings.live_demo,
        lasts=timedelta(minutes=settings.live_demo_minutes),
        at_once=settings.live_demos_max,
        is_public=sandbox_kind(settings) == "e2b",
    )
    demos = Demos(kept.records, kept.stores.audit, habits, showing, kept.redactor.text)
    stack.push_async_callback(demos.close)
    return demos


async def _mind(
    settings: Settings,
    kept: Kept,
    models: "ModelsOnDemand",
    services: Services,
    room: Room,
) -> Thinking:
    """What thinks: models where one serves any role, else the offline engine."""
    roster = await models.roster()
    offline = _offline(settings, kept, room.sandboxes, room.environments, services)
    if roster is None:
        return offline
    from agents.identities import Identities
    from agents.thinking import ModelThinking
    from tools.policy import policy_named

    return ModelThinking(
        roster,
        kept.budgets.under,
        offline,
        tasks=kept.stores.tasks,
        identities=Identities(
            kept.identities,
            kept.records.lessons,
            kept.clock,
            holdout=settings.reflection_holdout,
        ),
        events=kept.events,
        audit=kept.stores.audit,
        clock=kept.clock,
        role_limits=kept.role_limits,
        policy=policy_named(settings.approval_policy),
        kind=settings.fix_engine,
    )


class ModelsOnDemand:
    """The models of all roles, opened once, when somebody first wants one."""

    def __init__(self, settings: Settings, stack: AsyncExitStack, kept: Kept) -> None:
        self._settings = settings
        self._stack = stack
        self._kept = kept
        self._opening = asyncio.Lock()
        self._roster: Roster | None = None

    async def roster(self) -> "Roster | None":
        """All of them; None where no role has one, or none is wanted."""
        from agents.models.providers import OFFLINE

        if self._settings.fix_engine == "offline":
            return None
        async with self._opening:
            if self._roster is None:
                self._roster = await _open_models(self._settings, self._kept)
                self._stack.push_async_callback(self._roster.close)
                for warning in self._roster.warnings:
                    log.warning("%s", warning)
        served = any(choice.model != OFFLINE for choice in self._roster.choices.values())
        return self._roster if served else None

    async def reader(self) -> Reader | None:
        """What reads the words of people; None where no model serves that role."""
        from agents.roles.orchestrator import ROLE, Orchestrator

        model = await self._model(ROLE)
        return Orchestrator(model) if model else None

    async def reflector(self) -> Reflector | None:
        """What looks back on the work of roles; None where no model serves that role."""
        from agents.roles.reflector import ROLE, ModelReflector

        model = await self._model(ROLE)
        longest = self._settings.reflection_max_rule_length
        return ModelReflector(model, length_max=longest) if model else None

    async def _model(self, role: str) -> Model | None:
        """The model of a role beside the tasks, under the budget of the day."""
        from agents.models.providers import OFFLINE

        roster = await self.roster()
        if roster is None or roster.choices[role].model == OFFLINE:
            return None
        return roster.under(self._kept.budgets, standby=True).of(role)


async def _open_models(settings: Settings, kept: Kept) -> "Roster":
    from agents.models.roster import open_models

    return await open_models(
        model_options(settings),
        clock=kept.clock,
        events=kept.events,
        interactions=kept.interactions,
        live=kept.records.live,
        probes=kept.stores.probes,
        masked=kept.redactor.prompt,
    )


@asynccontextmanager
async def models_of(settings: Settings) -> "AsyncIterator[tuple[Roster, Probing]]":
    """The models of all roles beside whoever works, and what probes one of them."""
    from agents.models import probe

    stack = AsyncExitStack()
    async with stack:
        kept = await _keep(settings, stack, exclusive=False)
        roster = await _open_models(settings, kept)
        stack.push_async_callback(roster.close)

        async def probing(name: str) -> Capabilities:
            model = roster.alone(name, kept.budgets)
            return await probe.probe(model, roster.lines[name], kept.stores.probes, roster.desk)

        yield roster, probing


@asynccontextmanager
async def reader_of(settings: Settings) -> AsyncIterator[tuple[str, Reader | None]]:
    """The model that reads the words of people, by its name; None and why where there is none."""
    async with AsyncExitStack() as stack:
        kept = await _keep(settings, stack, exclusive=False)
        models = ModelsOnDemand(settings, stack, kept)
        reader, roster = await models.reader(), await models.roster()
        choice = roster.choices["orchestrator"] if roster else None
        if choice is None:
            yield "no model is configured", None
        else:
            yield (choice.model if reader else choice.reason), reader


def _offline(
    settings: Settings,
    kept: Kept,
    sandboxes: SandboxProvider,
    environments: "Environments",
    services: Services,
) -> "OfflineThinking":
    """The engine that needs no model, alone or beside those that do."""
    from agents.offline.thinking import OfflineThinking

    limits = Limits(wall_s=settings.sandbox_test_seconds)
    return OfflineThinking(
        sandboxes,
        environments,
        _search(settings),
        limits,
        kept.events,
        recipes=lambda repository: services.of(repository).recipe,
    )


def _search(settings: Settings) -> "Search":
    from agents.offline.fixing import Search

    return Search(
        max_candidates=settings.offline_max_candidates,
        max_seconds=settings.offline_max_seconds,
        workers=settings.offline_workers,
    )


def _environments(
    settings: Settings, sandboxes: SandboxProvider, folder: Path | None = None
) -> "Environments":
    from sandbox.environment import Environments

    return Environments(
        folder or settings.data_dir / "environments",
        index_allowed=settings.python_packages == "allow" and not settings.local_only,
        indexes=settings.package_indexes,
        sandboxes=sandboxes,
        docker_host=settings.docker_host,
    )


def project_ground(settings: Settings) -> "Ground":
    """What real projects are tried with."""
    from contextlib import closing

    from evals.projects.suite import Ground
    from sandbox.installer import index_address

    sandboxes = sandbox_of(settings)
    return Ground(
        sandboxes,
        lambda folder: closing(_environments(settings, sandboxes, folder)),
        settings.package_indexes[0] if settings.package_indexes else index_address(),
        outside=settings.sandbox_allow_host,
    )


def sandbox_of(settings: Settings) -> SandboxProvider:
    """The chosen kind of sandbox, never another; raises SandboxUnavailable where it is refused."""
    options = sandbox_options(settings)
    provider: SandboxProvider = provider_class(sandbox_kind(settings))(
        settings.data_dir / "sandboxes", **options
    )
    return provider


def sandbox_kind(settings: Settings) -> str:
    """The kind that is named; else E2B for whoever has a key, or what this machine can hold."""
    if settings.sandbox != "auto":
        return settings.sandbox
    return automatic(
        has_e2b_key=bool(settings.e2b_api_key.get_secret_value()),
        docker_host=settings.docker_host,
    )


def sandbox_options(settings: Settings, kind: str = "") -> dict[str, Any]:
    """What a provider of this kind, or of the chosen one, is made with."""
    kinds: dict[str, dict[str, Any]] = {
        "subprocess": {"allow_host": settings.sandbox_allow_host},
        "docker": {"host": settings.docker_host, "image": settings.sandbox_image},
        "e2b": {
            "api_key": settings.e2b_api_key.get_secret_value(),
            "template": settings.e2b_template,
            "lifetime_s": settings.sandbox_timeout_seconds,
            "api_url": settings.e2b_api_url,
            "sandbox_url": settings.e2b_sandbox_url,
        },
    }
    return {
        "max_sandboxes": SANDBOXES_PER_TASK * settings.max_concurrent_tasks
        + settings.live_demos_max,
        "allow_no_memory_limit": settings.sandbox_allow_no_memory_limit,
        **kinds.get(kind or sandbox_kind(settings), {}),
    }


@asynccontextmanager
async def benches(settings: Settings) -> "AsyncIterator[Callable[..., Bench]]":
    """Makes test benches over the chosen sandbox, for measurements without a task."""
    from repair.bench import Bench

    sandboxes = sandbox_of(settings)
    environments = _environments(settings, sandboxes)
    await sandboxes.check()

    def bench(**options: Any) -> "Bench":
        return Bench(
            sandboxes,
            environments,
            limits=Limits(wall_s=settings.sandbox_test_seconds),
            workers=settings.offline_workers or None,
            **options,
        )

    try:
        yield bench
    finally:
        environments.close()


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
            version=VERSION,
            origins=settings.cors_origins,
        ),
        repositories=_repositories(settings),
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

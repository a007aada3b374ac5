"""What is kept: tasks, events, model calls, identities, and what watches over them."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from shutil import rmtree
from typing import Literal

from config import MODEL_ROLES, ConsentRules, Settings
from control import VERSION
from control.chores import Chore
from control.chronicle import Records
from control.identities import IdentityDesk
from control.precedents import Remembering
from control.retention import Leftovers, Retention, Term
from control.runner import Runner
from core.approvals import Risk
from core.budgets import Ceilings
from core.errors import ConfigError, StoreError
from core.events import AuditEntry
from core.limits import RoleLimits, role_limits
from core.ports import Clock, IdentityStore, InteractionLog, LessonStore, Precedents
from memory.artifacts import FileArtifactStore
from memory.identities import identities_class
from memory.identities.sqlite import SqliteIdentityStore
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

SCRATCH = "scratch"
"""Folder below DATA_DIR of files that a process which was killed leaves behind."""
log = logging.getLogger(__name__)


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
    terms: Sequence[Term]
    """What of it is kept for a time, beside what every house forgets."""


async def note_rules(settings: Settings, kept: Kept) -> None:
    """Write into the audit log by which rules of consent this process works."""
    rules = {name.upper(): str(getattr(settings, name)) for name in ConsentRules.model_fields}
    try:
        await kept.stores.audit.record(AuditEntry(action="rules", detail=rules))
    except StoreError as error:
        log.error("the audit log takes no entry: %s", error)


async def open_stores(
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
        learned.terms,
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
    terms: Sequence[Term] = ()
    """What of it is kept for a time."""


async def _learned(
    settings: Settings, stores: SqliteStores, clock: Clock, *, exclusive: bool
) -> Learned:
    """Identities and counts of rules, in Google's cloud where a project is named."""
    if not settings.gcp_project_id:
        return Learned(SqliteIdentityStore(stores.database, clock), stores.lessons)
    from memory.identities.counts import FirestoreCounts
    from memory.identities.durable import DurableIdentityStore
    from memory.identities.shared import MARKS_KEPT_DAYS, SharedLessonStore
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
    marks = Term("marks of tasks", MARKS_KEPT_DAYS, lambda before, _: lessons.forget(before))
    return Learned(identities, lessons, (identities.run, lessons.run), (marks,))


def identity_desk_of(kept: Kept) -> IdentityDesk:
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


def retention_of(settings: Settings, kept: Kept, runner: Runner | None) -> Retention:
    """What is forgotten each night; artifacts only where states of tasks can be looked into."""
    stores, precedents = kept.stores, kept.precedents
    payload, history = settings.retention_payload_days, settings.retention_incident_days
    terms = [
        Term("calls", settings.retention_interactions_days, kept.interactions.forget),
        Term("events", settings.retention_event_days, kept.events.forget),
        Term("briefings", payload, stores.approvals.forget),
        Term("diffs in accounts", payload, stores.tasks.forget),
        Term("joined reports", payload, lambda before, _: stores.incidents.forget_words(before)),
        Term("histories", history, lambda before, _: stores.incidents.forget(before)),
        *kept.terms,
    ]
    if runner:
        mentions = (stores.mentioned, runner.mentioned)
        terms.append(Term("artifacts", payload, Leftovers(kept.records.artifacts, mentions).forget))
    if precedents:
        terms.append(
            Term(
                "precedents",
                settings.retention_precedent_days,
                lambda before, _: precedents.forget(before),
            )
        )
    return Retention(terms, kept.records.tasks, kept.clock)


def set_up_logs(settings: Settings, *, quiet: bool) -> None:
    """Every record of this process goes through the redactor; `quiet` leaves warnings and worse."""
    level = "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
    people = settings.log_format == "text" or sys.stderr.isatty()
    form: Literal["text", "json"] = "text" if people else "json"
    records.set_up(level, form, Redactor(settings.secrets()))


def passing_risk(settings: Settings) -> Risk | None:
    """The highest risk that passes without a person."""
    chosen = settings.auto_approve_risk
    return None if chosen == "none" else Risk(chosen)


def _ceilings(settings: Settings) -> Ceilings:
    return Ceilings(
        task_usd=settings.max_task_budget_usd,
        task_tokens=settings.max_task_tokens,
        day_usd=settings.max_day_budget_usd,
        hour_tokens=settings.max_tokens_per_hour,
    )

"""Who thinks: models where one serves any role, else the offline engine."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

from bootstrap.sandboxes import Room, environments_of, sandbox_of
from bootstrap.stores import Kept, open_stores
from config import MODEL_ROLES, VENDOR_KEYS, VENDOR_MODELS, Settings
from control.reflecting import Habits, Reflecting
from control.services import Services
from core.models import Capabilities
from core.ports import Limits, Model, Reader, Reflector, RepairEngine, SandboxProvider
from core.tasks import Lease, Task
from memory.reflection import Bounds as RuleBounds
from repair.runs import Tests

if TYPE_CHECKING:
    from agents.models.options import ModelOptions
    from agents.models.roster import Roster
    from agents.offline.fixing import Search
    from agents.offline.thinking import OfflineThinking
    from repair.bench import Bench
    from sandbox.environment import Environments

Probing = Callable[[str], Awaitable[Capabilities]]
"""Puts the four tasks to a model, by its name."""
log = logging.getLogger(__name__)


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


def reflecting_of(settings: Settings, kept: Kept, models: "ModelsOnDemand") -> Reflecting:
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


async def open_mind(
    settings: Settings, kept: Kept, models: "ModelsOnDemand", services: Services, room: Room
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
            kept.identities, kept.records.lessons, kept.clock, holdout=settings.reflection_holdout
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
        kept = await open_stores(settings, stack, exclusive=False)
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
        kept = await open_stores(settings, stack, exclusive=False)
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


@asynccontextmanager
async def benches(settings: Settings) -> "AsyncIterator[Callable[..., Bench]]":
    """Makes test benches over the chosen sandbox, for measurements without a task."""
    from repair.bench import Bench

    sandboxes = sandbox_of(settings)
    environments = environments_of(settings, sandboxes)
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

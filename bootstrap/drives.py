"""What drives a task, and what publishes what it made."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.watched import WatchedEngine
from bootstrap.hosts import host_of
from bootstrap.minds import Thinking
from bootstrap.stores import Kept, passing_risk
from config import Settings
from control.decisions import Decisions
from control.documents import Documents
from control.merges import Merges
from control.outbox import EffectDesk
from control.runner import Bounds, Runner
from control.services import Services
from core.approvals import Risk
from core.effects import PullState
from core.services import Service
from core.tasks import Lease, Task
from graph.deps import Deps, Rules
from graph.repair.workflow import workflow
from integrations.changes import always
from memory.checkpoints import open_checkpoints

HOST_PATIENCE_S = 7 * 24 * 3600.0
"""How long an effect waits for a host that is down; the task stays running and says so."""


async def runner_of(
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
        kept.stores.outbox, kept.records.tasks, kept.clock, kept.events, patience_s=HOST_PATIENCE_S
    )

    @asynccontextmanager
    async def workbench(task: Task, lease: Lease) -> AsyncIterator[Deps]:
        effects = desk.under(lease)
        budgets = kept.budgets.under(lease)
        host = host_of(settings, kept, task.request.repository, effects.permit)
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
        workflow(saver),
        saver,
        kept.records,
        workbench,
        Documents(settings.data_dir, settings.local_output_dir, kept.records.artifacts),
        decisions,
        bounds=Bounds(
            task_s=settings.max_task_seconds, approval_ttl_s=settings.approval_ttl_hours * 3600
        ),
    )


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
        recipe=service.recipe.but(env={}),
        passes=passing_risk(settings),
        two_for=None if settings.approval_two_for == "none" else Risk(settings.approval_two_for),
    )


def merges_of(settings: Settings, kept: Kept) -> Merges:
    """What looks whether the pull requests are merged that incidents wait for."""

    async def state_of(repository: str, url: str) -> PullState:
        host = host_of(settings, kept, repository, always)
        try:
            return await host.pull_state(url)
        finally:
            await host.close()

    return Merges(kept.records, state_of)

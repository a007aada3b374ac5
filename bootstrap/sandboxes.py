"""Where the code under repair runs, with what it needs, and where it is shown live."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootstrap.hosts import host_of
from bootstrap.stores import Kept
from config import Settings
from control.demos import Demos, Showing, candidate_of
from control.demos import Habits as DemoHabits
from control.services import Services
from core.approvals import Approval
from core.patches import Patch
from core.ports import LiveDemo, SandboxProvider
from core.recipes import Recipe
from core.trees import Tree
from integrations.changes import always
from sandbox import provider_class
from sandbox.choice import automatic
from sandbox.traced import TracedProvider

if TYPE_CHECKING:
    from evals.projects.suite import Ground
    from sandbox.environment import Environments

SANDBOXES_PER_TASK = 4
"""A survey, a run, a judge, and the next one being opened."""


@dataclass(frozen=True)
class Room:
    """Where code of repositories runs, and with what."""

    sandboxes: SandboxProvider
    environments: "Environments"


async def open_room(settings: Settings, stack: AsyncExitStack, services: Services) -> Room:
    """The chosen sandboxes, without what earlier processes left behind."""
    sandboxes = TracedProvider(sandbox_of(settings))
    environments = environments_of(settings, sandboxes)
    stack.callback(environments.close)
    await sandboxes.reap()
    if services.composed:
        from sandbox.compose import Compose

        await Compose(settings.docker_host).reap()
    await asyncio.to_thread(environments.sweep)
    return Room(sandboxes, environments)


def showing_of(
    settings: Settings, kept: Kept, services: Services, room: Room | None
) -> Showing | None:
    """What shows candidates live; None in a process that has no room for that."""
    if room is None or settings.live_demo == "off":
        return None
    from sandbox.stage import Stage

    stage = Stage(room.sandboxes, room.environments)

    async def found(approval: Approval) -> tuple[Tree, Recipe]:
        request = (await kept.records.tasks.get(approval.task_id)).request
        host = host_of(settings, kept, request.repository, always)
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


def demos_of(
    settings: Settings, stack: AsyncExitStack, kept: Kept, showing: Showing | None
) -> Demos:
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


def environments_of(
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
        lambda folder: closing(environments_of(settings, sandboxes, folder)),
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
        has_e2b_key=bool(settings.e2b_api_key.get_secret_value()), docker_host=settings.docker_host
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

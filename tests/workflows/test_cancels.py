"""A cancel in the middle of publishing: what stands on the host is told, and no more is made."""

import asyncio
from itertools import product
from pathlib import Path

import pytest

from core.effects import EffectState
from core.errors import Conflict
from core.tasks import Outcome, Task, TaskStatus
from tests.fakes.github import GitHubDouble
from tests.workflows.house import ME, House, house
from tests.workflows.test_kills import NAME, asked_for, on, soon, stores_of
from tests.workflows.test_races import beside

PATHS = ("git/blobs", "git/trees", "git/commits", "git/refs", "pulls", "issues/1/labels")
SOME = {
    *(("git/blobs", "receipt"), ("git/trees", "effect"), ("git/commits", "answer")),
    *product(("git/refs", "pulls"), ("receipt", "effect", "answer")),
    ("issues/1/labels", "effect"),
}
"""Before anything can be seen, each moment of what people see, and after it."""


def branches(github: GitHubDouble) -> list[str]:
    return [ref for ref in github.store.refs() if ref != "refs/heads/main"]


async def cancelled_in(
    here: House, github: GitHubDouble, path: str, **fault: object
) -> tuple[Task, Task]:
    """Approve, cancel while GitHub is at work on this call; the task before and after."""
    task = await here.run(repository=NAME)
    github.faults.plan(method="POST", path=path, **{"delay_s": 0.4, **fault})
    await here.decide(await here.pending(task), "approve")
    drive = asyncio.create_task(here.anton.drive(task.task_id))
    await soon(asked_for(github, path))
    await here.anton.cancel(task.task_id, ME)
    return task, await asyncio.wait_for(drive, timeout=30)


def agrees(task: Task, github: GitHubDouble) -> bool:
    """Whether what is told of a task is what stands on the host."""
    report, told = task.result.get("report") or {}, task.result
    if not branches(github):
        return (task.outcome, told["branch"], told["pr_url"]) == (Outcome.CANCELLED, None, None)
    (ref,) = branches(github)
    shown = f"/pull/{github.pulls[0]['number']}" if github.pulls else ""
    return (
        task.outcome is Outcome.FIXED
        and task.status is TaskStatus.COMPLETED
        and told["branch"] == report["branch"] == ref.removeprefix("refs/heads/")
        and told["commit"] == github.store.refs()[ref]
        and (told["pr_url"] or "").endswith(shown)
        and bool(told["pr_url"]) is bool(github.pulls)
        and "ancel" in task.reason
    )


@pytest.mark.parametrize(
    ("path", "when"),
    [
        case if case in SOME else pytest.param(*case, marks=pytest.mark.slow)
        for case in product(PATHS, ("receipt", "effect", "answer"))
    ],
)
async def test_a_cancel_in_a_call_that_publishes_ends_with_the_truth(
    github: GitHubDouble, tmp_path: Path, path: str, when: str
) -> None:
    async with on(github, tmp_path) as here:
        _, task = await cancelled_in(here, github, path, when=when)
        assert task.status.ended
        await asyncio.sleep(0.6)
        assert agrees(task, github), (task.outcome, task.reason, branches(github), github.pulls)
        async with stores_of(tmp_path) as other:
            assert not await other.outbox.open_effects()


async def test_a_cancel_ends_the_waiting_for_a_host_that_is_down(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        github.faults.plan(method="POST", path="git/refs", when="effect", status=502)
        github.faults.plan(method="GET", path="git/ref/.*", skip=2, status=503, times=3)
        await here.decide(await here.pending(task), "approve")
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await soon(asked_for(github, "git/refs"))
        await here.anton.cancel(task.task_id, ME)
        task = await drive
        assert agrees(task, github), (task.outcome, task.reason)
        assert github.pulls == [], "nothing is written after the cancel"
        assert "without a pull request" in task.reason


async def test_a_cancel_after_the_pull_request_is_told_that_it_came_too_late(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        await here.decide(await here.pending(task), "approve")
        async with here.anton.events.listen(task.task_id) as events:
            drive = asyncio.create_task(here.anton.drive(task.task_id))
            async for event in events:
                if event and event.type == "pull_request":
                    break
            await here.anton.cancel(task.task_id, ME)
        task = await drive
        assert agrees(task, github), (task.outcome, task.reason)
        told = await here.anton.events.after(0, task_id=task.task_id)
        assert [event.type for event in told].count("end") == 1


@pytest.mark.parametrize("status", [401, 404, 418])
async def test_a_host_that_no_longer_tells_leaves_a_doubt_that_is_told(
    github: GitHubDouble, tmp_path: Path, status: int
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        github.faults.plan(method="POST", path="git/commits", delay_s=0.4)
        github.faults.plan(method="GET", path="", skip=1, status=status, message="No", times=-1)
        await here.decide(await here.pending(task), "approve")
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await soon(asked_for(github, "git/commits"))
        await here.anton.cancel(task.task_id, ME)
        task = await drive
        assert task.outcome is Outcome.BLOCKED
        assert "Whether a change was published is not known" in task.reason
        async with stores_of(tmp_path) as other:
            (effect,) = await other.outbox.of(task.task_id)
            assert effect.state is EffectState.UNKNOWN


@pytest.mark.parametrize("rounds", [3, pytest.param(8, marks=pytest.mark.slow)])
async def test_a_cancel_while_git_is_at_work_here_keeps_to_what_git_does(
    tmp_path: Path, rounds: int
) -> None:
    for number in range(rounds):
        async with house(tmp_path / str(number)) as here:
            task = await here.run()
            await here.decide(await here.pending(task), "approve")
            drive = asyncio.create_task(here.anton.drive(task.task_id))
            await here.until(task, "publish")
            await asyncio.sleep(number * 0.16 / rounds)
            try:
                await here.anton.cancel(task.task_id, ME)
            except Conflict:
                assert (await drive).outcome is Outcome.FIXED
                continue
            task = await drive
            await asyncio.sleep(0.3)
            assert task.outcome is (Outcome.FIXED if here.branches() else Outcome.CANCELLED)
            assert here.branches() in ([], [task.result["branch"]])
            assert bool(task.result["branch"]) is bool(here.branches())


async def test_a_kill_and_a_cancel_in_the_middle_of_publishing_are_looked_into_by_the_next(
    github: GitHubDouble, tmp_path: Path
) -> None:
    for path, when in (("git/trees", "receipt"), ("git/refs", "effect"), ("pulls", "effect")):
        folder = tmp_path / path.replace("/", "-")
        async with on(github, folder) as here:
            task = await here.run(repository=NAME)
            github.faults.plan(method="POST", path=path, when=when, delay_s=30.0)
            before = len(github.pulls)
            await here.decide(await here.pending(task), "approve")
            drive = asyncio.create_task(here.anton.drive(task.task_id))
            await soon(asked_for(github, path))
            drive.cancel()
            await asyncio.gather(drive, return_exceptions=True)
        async with beside(folder) as terminal:
            await terminal.cancel(task.task_id, ME)
        async with on(github, folder) as here:
            assert await here.anton.work_once() == 1
            task = await here.anton.task(task.task_id)
            made = [ref for ref in branches(github) if ref.endswith(task.task8)]
            assert len(made) == (path != "git/trees")
            assert made in ([], [f"refs/heads/{task.result['branch']}"])
            assert task.outcome is (Outcome.FIXED if made else Outcome.CANCELLED)
            assert bool(task.result["pr_url"]) is (len(github.pulls) > before)
            async with stores_of(folder) as other:
                assert not await other.outbox.open_effects()

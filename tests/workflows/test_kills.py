"""Dead workers, sleepers and a host that is down: nothing is doubled, lost or claimed too early."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.approvals import QuestionKind
from core.tasks import Lease, Outcome, Task, TaskStatus
from evals.scripted import Script
from memory.stores.sqlite import SqliteStores, leases
from observability.clock import SystemClock
from observability.redaction import Redactor
from tests.fakes.github import READ_ONLY, TOKEN, GitHubDouble
from tests.workflows.house import House, house

NAME = "acme/todo"


def on(
    github: GitHubDouble,
    tmp_path: Path,
    script: Script | None = None,
    *,
    token: str = TOKEN,
    **options: Any,
) -> AbstractAsyncContextManager[House]:
    """A house whose repository is on GitHub."""
    options |= {"github_token": token, "github_api_url": github.url}
    return house(tmp_path, script, github_write_interval_s=0.0, **options)


@asynccontextmanager
async def stores_of(tmp_path: Path, *, exclusive: bool = False) -> AsyncIterator[SqliteStores]:
    """The same data, as another process has them open."""
    found = await SqliteStores.open(
        tmp_path / "data", clock=SystemClock(), redactor=Redactor(), exclusive=exclusive
    )
    try:
        yield found
    finally:
        await found.close()


async def take_away(stores: SqliteStores, task: Task) -> Lease:
    """Another worker gets the task, as when its holder slept for too long."""
    await stores.database.write(leases.end_all)
    lease = await stores.tasks.lease(task.task_id, "other", ttl_s=45)
    assert lease
    return lease


def checkpoints(tmp_path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(tmp_path / "data" / "checkpoints.db")) as connection:
        made = connection.execute("SELECT checkpoint_id FROM checkpoints").fetchall()
        return made + connection.execute("SELECT task_id, idx FROM writes").fetchall()


async def soon(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Look until something is so."""
    for _ in range(1000):
        if await is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It did not come about.")


def asked_for(github: GitHubDouble, path: str) -> Callable[[], Awaitable[bool]]:
    """Whether GitHub has the effect of a write."""

    async def is_so() -> bool:
        written = [call["path"] for call in github.writes]
        return path in written and (path != "git/refs" or len(github.store.refs()) > 1)

    return is_so


async def test_workers_that_die_before_the_first_step_lead_to_a_person(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.submit()
    for _ in range(3):
        async with stores_of(tmp_path, exclusive=True) as stores:
            assert await stores.tasks.lease(task.task_id, "dies at once", ttl_s=45)
    async with house(tmp_path) as here:
        assert await here.anton.work_once() == 1
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert question.title == "The step start ended its worker 3 times."
        assert here.thinking.engines == {} or here.asked(task) == []
        task = await here.answer(task, "more_attempts")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert len(here.branches()) == 1


async def test_a_sleeper_writes_no_step_once_another_has_the_task(tmp_path: Path) -> None:
    async with house(tmp_path, Script(delays_s={"fix": 0.6})) as here:
        task = await here.submit()
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await here.until(task, "fix")
        async with stores_of(tmp_path) as other:
            lease = await take_away(other, task)
            before = checkpoints(tmp_path)
            await drive
            assert checkpoints(tmp_path) == before
            assert "fix" not in await here.steps(task)
            assert await other.tasks.holds(task.task_id, lease.generation)
            await other.tasks.release(lease)
        task = await here.answer(await here.anton.drive(task.task_id), "approve")
        assert task.outcome is Outcome.FIXED
        assert here.asked(task).count("fix") == 2
        assert len(here.branches()) == 1


async def test_a_sleeper_publishes_nothing_once_another_has_the_task(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        github.faults.plan(method="POST", path="git/blobs", status=503)
        await here.decide(await here.pending(task), "approve")
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await soon(asked_for(github, "git/blobs"))
        async with stores_of(tmp_path) as other:
            lease = await take_away(other, task)
            await drive
            assert github.pulls == []
            assert list(github.effects["refs"]) == ["refs/heads/main"]
            assert [e.task_id for e in await other.outbox.open_effects()] == [task.task_id]
            await other.tasks.release(lease)
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.FIXED
        assert len(github.pulls) == 1


async def test_a_host_that_is_down_is_waited_for_and_the_task_is_not_done_meanwhile(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
    async with on(github, tmp_path, max_task_seconds=1.0) as here:
        github.faults.plan(status=500, times=-1)
        await here.decide(await here.pending(task), "approve")
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        async with stores_of(tmp_path) as other:
            for _ in range(20):
                await asyncio.sleep(0.1)
                seen = await here.anton.task(task.task_id)
                assert seen.outcome is None
            assert seen.status is TaskStatus.RUNNING
            assert len(await other.outbox.open_effects()) == 1
            github.faults.planned.clear()
            task = await drive
            assert task.outcome is Outcome.FIXED, "and the limit of one second did not end it"
            assert not await other.outbox.open_effects()
        assert len(github.pulls) == 1


async def test_an_effect_whose_answer_was_lost_is_found_and_not_repeated(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        for path in ("git/refs", "pulls"):
            github.faults.plan(method="POST", path=path, when="effect", status=502)
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert [c["path"] for c in github.writes].count("pulls") == 1
        assert len(github.pulls) == 1


async def test_a_pull_request_that_is_there_already_is_adopted(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        github.faults.plan(method="POST", path="git/refs", when="effect", delay_s=0.5)
        await here.decide(await here.pending(task), "approve")
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await soon(asked_for(github, "git/refs"))
        branch = max(github.store.refs(), key=len).removeprefix("refs/heads/")
        async with httpx.AsyncClient(trust_env=False) as client:
            opened = await client.post(
                f"{github.url}/repos/{NAME}/pulls",
                json={"title": "Opened by hand", "head": branch, "base": "main"},
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        assert opened.status_code == 201
        task = await drive
        assert (task.outcome, task.result["pr_url"]) == (
            Outcome.FIXED,
            opened.json()["html_url"],
        )
        assert len(github.pulls) == 1


@pytest.mark.parametrize(
    ("method", "status", "needs"),
    [
        ("GET", 401, "metadata: read"),
        ("GET", 403, "metadata: read"),
        ("GET", 404, "metadata: read"),
        ("POST", 403, "contents: write"),
        ("POST", 404, "contents: write"),
    ],
)
async def test_a_host_that_refuses_blocks_with_the_missing_permission(
    github: GitHubDouble, tmp_path: Path, method: str, status: int, needs: str
) -> None:
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        github.faults.plan(method=method, status=status, message="No", times=-1)
        task = await here.answer(task, "approve")
        assert (task.status, task.outcome) == (TaskStatus.COMPLETED, Outcome.BLOCKED)
        assert needs in task.reason
        assert NAME in task.reason
        assert github.pulls == []


async def test_a_token_that_may_only_read_blocks_with_what_it_lacks(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path, token=READ_ONLY) as here:
        task = await here.answer(await here.run(repository=NAME), "approve")
        assert task.outcome is Outcome.BLOCKED
        assert "contents: write" in task.reason


async def test_a_host_that_is_down_at_the_start_is_waited_for_aloud(
    github: GitHubDouble, tmp_path: Path
) -> None:
    github.faults.plan(status=503, times=2, message="Unicorn")
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        assert task.status is TaskStatus.WAITING
        assert task.crashes == {}
        told = await here.anton.events.after(0, task_id=task.task_id)
        reasons = [e.data.get("reason", "") for e in told if e.type == "status"]
        assert sum("Waits for the host: GitHub answered 503" in reason for reason in reasons) == 2


async def test_a_host_that_asks_for_more_patience_than_there_is_blocks(
    github: GitHubDouble, tmp_path: Path
) -> None:
    github.faults.plan(status=429, headers={"retry-after": "7200"}, times=-1)
    async with on(github, tmp_path) as here:
        task = await here.run(repository=NAME)
        assert task.outcome is Outcome.BLOCKED
        assert "wait for 7200 s" in task.reason


async def test_a_host_that_is_down_after_a_restart_is_no_crash(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path, Script(delays_s={"triage": 30.0})) as here:
        task = await here.submit(repository=NAME)
        await here.anton.start()
        await here.until(task, "triage")
    github.faults.plan(status=500, times=2)
    async with on(github, tmp_path) as here:
        task = await here.anton.drive(task.task_id)
        assert task.status is TaskStatus.WAITING
        assert task.crashes == {}
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE


async def test_a_task_that_waits_for_its_host_does_not_hold_up_the_server(
    github: GitHubDouble, tmp_path: Path
) -> None:
    github.faults.plan(status=500, times=-1)
    async with on(github, tmp_path) as here:
        task = await here.submit(repository=NAME)
        await here.anton.start()

        async def waits() -> bool:
            return bool((await here.anton.task(task.task_id)).reason)

        await soon(waits)
        told = time.monotonic()
        await here.anton.stop(drain_s=30.0)
        assert time.monotonic() - told < 5.0
    async with stores_of(tmp_path) as stores:
        assert (await stores.tasks.get(task.task_id)).status is TaskStatus.QUEUED


async def test_the_time_limit_ends_a_step_that_only_thinks(tmp_path: Path) -> None:
    async with house(tmp_path, Script(delays_s={"fix": 30.0}), max_task_seconds=0.5) as here:
        task = await here.run()
        assert task.outcome is Outcome.OUT_OF_BUDGET
        assert task.reason == "The time limit of 0.5 s was reached."


async def test_a_closing_message_is_told_once_even_if_its_teller_died(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.answer(await here.run(), "approve")
    async with stores_of(tmp_path) as stores:
        await stores.database.write(
            lambda file: file.execute("UPDATE leases SET owner = 'died', expires_at = ''")
        )
    async with house(tmp_path) as here:
        assert await here.anton.work_once() == 1
        assert await here.anton.work_once() == 0
        told = await here.anton.events.after(0, task_id=task.task_id)
        assert [event.type for event in told].count("end") == 1
        assert (await here.anton.task(task.task_id)).outcome is Outcome.FIXED


async def test_a_disk_that_fails_in_a_step_pauses_the_task_and_nothing_is_left_out(
    tmp_path: Path,
) -> None:
    artifacts, aside = tmp_path / "data" / "artifacts", tmp_path / "aside"
    async with house(tmp_path, Script(delays_s={"triage": 0.5})) as here:
        task = await here.submit()
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await here.until(task, "triage")
        if artifacts.exists():
            artifacts.rename(aside)
        artifacts.write_text("This is no folder.")
        await asyncio.sleep(1.5)
        assert not drive.done()
        artifacts.unlink()
        if aside.exists():
            aside.rename(artifacts)
        task = await drive
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert task.crashes == {}
        assert here.asked(task).count("triage") == 2


async def test_a_server_that_stops_as_it_takes_tasks_counts_no_crash(tmp_path: Path) -> None:
    ids = []
    for _ in range(5):
        async with house(tmp_path, max_concurrent_tasks=20) as here:
            ids += [(await here.submit()).task_id for _ in range(4)]
            await here.anton.start()
            await asyncio.sleep(0.0)
            await here.anton.stop(drain_s=20.0)
    async with house(tmp_path, max_concurrent_tasks=20) as here:
        await here.anton.work_once()
        for task_id in ids:
            task = await here.anton.task(task_id)
            assert task.crashes == {}
            assert task.status is TaskStatus.WAITING


async def test_a_diagnosis_that_broke_is_made_anew_when_a_person_says_go_on(
    tmp_path: Path,
) -> None:
    failures: dict[str, Exception] = {"diagnose": ValueError("broken")}
    async with house(tmp_path, Script(failures=failures)) as here:
        task = await here.run()
        assert (await here.pending(task)).question.title == "The review does not pass."
        assert here.asked(task).count("review") == 1, "other patches would not help"
        failures.clear()
        task = await here.answer(task, "more_attempts")
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.RELEASE, "the patch itself was not turned down"


async def crashed(tmp_path: Path, task: Task, node: str) -> None:
    """The records of three workers that died in a step."""
    async with stores_of(tmp_path, exclusive=True) as stores:
        for _ in range(3):
            await stores.tasks.crash(task.task_id, node)


async def test_a_branch_that_kills_its_workers_does_not_take_the_other_with_it(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, Script(delays_s={"reproduce": 60.0})) as here:
        task = await here.submit()
        await here.anton.start()

        async def diagnosed() -> bool:
            return "diagnose" in await here.steps(task)

        await soon(diagnosed)
        await here.anton.stop(drain_s=0.1)
    await crashed(tmp_path, task, "reproduce")
    async with house(tmp_path) as here:
        task = await here.anton.drive(task.task_id)
        assert (await here.pending(task)).question.title.startswith("The step reproduce ended")
        assert await here.steps(task, "interrupted") == ["escalate"]
        task = await here.answer(task, "more_attempts")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert task.crashes == {}
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED


async def test_a_crash_where_the_branches_meet_leads_to_one_question(tmp_path: Path) -> None:
    async with house(tmp_path, Script(delays_s={"reproduce": 0.5})) as here:
        task = await here.submit()
        await here.anton.start()
        await here.until(task, "reproduce")
        await here.anton.stop(drain_s=20.0)
    await crashed(tmp_path, task, "join")
    async with house(tmp_path) as here:
        task = await here.anton.drive(task.task_id)
        assert "join" not in await here.steps(task), "it was parked before that step"
        assert (await here.pending(task)).question.title.startswith("The step join ended")
        task = await here.answer(task, "more_attempts")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert task.crashes == {}


async def test_the_time_limit_in_one_branch_ends_the_task_once(tmp_path: Path) -> None:
    script = Script(delays_s={"reproduce": 30.0})
    async with house(tmp_path, script, max_task_seconds=1.5) as here:
        task = await here.run()
        assert task.outcome is Outcome.OUT_OF_BUDGET
        assert (await here.steps(task)).count("report") == 1


async def test_a_restart_gives_no_new_working_time(tmp_path: Path) -> None:
    slow = Script(delays_s={"triage": 1.2, "diagnose": 1.2, "fix": 1.2})
    async with house(tmp_path, slow, max_task_seconds=3.0) as here:
        task = await here.submit()
        await here.anton.start()
        await here.until(task, "triage")
        await here.anton.stop(drain_s=20.0)
    async with house(tmp_path, slow, max_task_seconds=3.0) as here:
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.OUT_OF_BUDGET
        assert "fix" not in await here.steps(task)


async def test_a_release_is_published_whatever_time_the_work_took(tmp_path: Path) -> None:
    async with house(tmp_path, Script(delays_s={"fix": 1.0})) as here:
        task = await here.run()
    async with house(tmp_path, max_task_seconds=0.5) as here:
        task = await here.answer(await here.anton.task(task.task_id), "approve")
        assert task.outcome is Outcome.FIXED


async def test_a_store_that_fails_for_longer_than_a_lease_lasts_only_delays_the_task(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, Script(delays_s={"triage": 0.5})) as here:
        task = await here.submit()
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await here.until(task, "triage")
        with closing(sqlite3.connect(tmp_path / "data" / "anton.db", isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            file.execute("UPDATE leases SET expires_at = ''")
            await asyncio.sleep(7.0)  # longer than a write waits for its turn
            file.execute("COMMIT")
        task = await drive
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert task.crashes == {}

"""Approve against reject over two channels: one wins, one hears of it, one change is published."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from control.anton import Anton
from core.approvals import Approval, ApprovalState, Choice, Decision, Person, Question, QuestionKind
from core.errors import Conflict, StoreTaken
from core.tasks import Outcome, Task, TaskRequest, TaskStatus
from evals.scripted import ScriptedThinking
from memory.stores.sqlite import SqliteStores
from observability.clock import SystemClock
from observability.redaction import Redactor
from tests.workflows.house import house

SEED = 2
ROUNDS = [200, pytest.param(1000, marks=pytest.mark.slow)]
PUBLISHED_ROUNDS = [15, pytest.param(50, marks=pytest.mark.slow)]
AT_ONCE = 25
REST = Person(channel="rest", person_id="ann")
TERMINAL = Person(channel="terminal", person_id="bob")
Record = Callable[[str, object], None]


@asynccontextmanager
async def beside(tmp_path: Path, *, drives: bool = False) -> AsyncIterator[Anton]:
    """Another process' way in to the same data."""
    settings, _ = load_settings(data_dir=tmp_path / "data")
    anton = await bootstrap.build(settings, drives=drives, thinking=ScriptedThinking())
    try:
        yield anton
    finally:
        await anton.stop()


async def waiting(stores: SqliteStores, number: int) -> Approval:
    """A task that waits for its release, without the work that leads there."""
    now = SystemClock().now()
    request = TaskRequest(repository="/srv/shop", text=f"report {number}")
    task = Task(task_id=f"{number:08x}-race", request=request, created_at=now, updated_at=now)
    await stores.tasks.add(task.but(status=TaskStatus.WAITING))
    question = Question(
        kind=QuestionKind.RELEASE,
        task_id=task.task_id,
        title="Release",
        options=("approve", "request_changes", "reject"),
        patch_hash=f"{number:064x}",
    )
    return await stores.approvals.ask(question, f"interrupt-{number}", now + timedelta(hours=1))


async def race(
    approval: Approval, server: Anton, terminal: Anton, chance: random.Random
) -> tuple[Approval, Conflict]:
    """Both channels at once; the winner's row and the loser's answer."""

    async def decide(anton: Anton, choice: Choice, by: Person, after_s: float) -> Approval:
        await asyncio.sleep(after_s)
        seen = approval.question.patch_hash
        decision = Decision(choice=choice, patch_hash=seen, by=by)
        return await anton.decide(approval.approval_id, decision)

    choices: list[Choice] = ["approve", "reject"]
    chance.shuffle(choices)
    ends = await asyncio.gather(
        decide(server, choices[0], REST, chance.uniform(0.0, 0.002)),
        decide(terminal, choices[1], TERMINAL, chance.uniform(0.0, 0.002)),
        return_exceptions=True,
    )
    won = [end for end in ends if isinstance(end, Approval)]
    lost = [end for end in ends if isinstance(end, Conflict)]
    assert (len(won), len(lost)) == (1, 1), ends
    return won[0], lost[0]


async def many(
    approvals: list[Approval], server: Anton, terminal: Anton
) -> list[tuple[Approval, Conflict]]:
    """All races, so many at once."""
    chance, places = random.Random(SEED), asyncio.Semaphore(AT_ONCE)

    async def one(approval: Approval) -> tuple[Approval, Conflict]:
        async with places:
            return await race(approval, server, terminal, chance)

    return list(await asyncio.gather(*(one(approval) for approval in approvals)))


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_many_races_have_one_winner_each(
    tmp_path: Path, rounds: int, record_property: Record
) -> None:
    async with beside(tmp_path, drives=True) as server, beside(tmp_path) as terminal:
        stores = await SqliteStores.open(
            tmp_path / "data", clock=SystemClock(), redactor=Redactor(), exclusive=False
        )
        asked = await asyncio.gather(*(waiting(stores, number) for number in range(rounds)))
        results = await many(list(asked), server, terminal)
        wins: Counter[str] = Counter()
        for winner, loser in results:
            assert winner.decision
            by, done = winner.decision.by, winner.state.value
            assert f"already {done} by {by.person_id} in {by.channel} at 20" in str(loser)
            wins[f"{by.channel} {done}"] += 1
        decided = await stores.approvals.list(limit=rounds)
        assert {a.approval_id: (a.state, a.decision) for a in decided} == {
            a.approval_id: (a.state, a.decision) for a, _ in results
        }
        resumed = [await stores.approvals.answers(a.task_id) for a in asked]
        assert [len(answers) for answers in resumed] == [1] * rounds
        assert await stores.audit.verify() is None
        await stores.close()
    assert len(wins) == 4, "each side wins with each answer now and then"
    record_property("figure", f"races: {rounds}/{rounds} with one winner; {dict(wins)}")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("rounds", PUBLISHED_ROUNDS)
async def test_a_race_publishes_once_or_not_at_all(
    tmp_path: Path, rounds: int, record_property: Record
) -> None:
    async with house(tmp_path, max_concurrent_tasks=10) as here, beside(tmp_path) as terminal:
        await here.anton.start()
        tasks = [await here.submit(title=f"race {n}") for n in range(rounds)]
        asked = [await question_of(here.anton, task) for task in tasks]
        results = await many(asked, here.anton, terminal)
        ended = [await end_of(here.anton, task) for task in tasks]
        approved = {a.task_id for a, _ in results if a.state is ApprovalState.APPROVED}
        assert 0 < len(approved) < rounds
        for task in ended:
            expected = Outcome.FIXED if task.task_id in approved else Outcome.REJECTED
            assert task.outcome is expected
        marks = sorted(branch[-8:] for branch in here.branches())
        assert marks == sorted(task_id[:8] for task_id in approved)
    record_property(
        "figure",
        f"races driven to the end: {rounds}/{rounds}, "
        f"{len(approved)} approved and published once, the others rejected and not at all",
    )


async def question_of(anton: Anton, task: Task) -> Approval:
    for _ in range(6000):
        found = await anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING)
        if found and (await anton.task(task.task_id)).status is TaskStatus.WAITING:
            return found[0]
        await asyncio.sleep(0.02)
    raise AssertionError("It asks nothing.")


async def end_of(anton: Anton, task: Task) -> Task:
    for _ in range(6000):
        found = await anton.task(task.task_id)
        if found.status.ended:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("It does not end.")


async def test_only_one_process_drives_tasks_on_the_same_data(tmp_path: Path) -> None:
    async with beside(tmp_path, drives=True):
        with pytest.raises(StoreTaken, match="Another Anton works on"):
            async with beside(tmp_path, drives=True):
                pass
        async with beside(tmp_path) as terminal:
            assert (await terminal.health())["active_tasks"] == 0
            with pytest.raises(Conflict, match="does not drive"):
                await terminal.work_once()
    async with beside(tmp_path, drives=True) as successor:
        assert await successor.work_once() == 0

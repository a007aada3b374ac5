"""What every kind of store owes to its ports."""

import asyncio
import importlib
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.approvals import (
    MISSES_MAX,
    ApprovalState,
    Choice,
    Decision,
    Person,
    Question,
    QuestionKind,
    Risk,
)
from core.effects import EffectState
from core.errors import (
    ConfirmationWrong,
    Conflict,
    LeaseLost,
    NotEntitled,
    NotFound,
    VoiceCounted,
)
from core.events import AuditEntry
from core.incidents import Severity
from core.ports import TaskFilter
from core.tasks import Outcome, Task, TaskRequest, TaskStatus, Usage
from memory.stores import STORES
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

HASH = "ab" * 32
OTHER_HASH = "cd" * 32
ANN = Person(channel="terminal", person_id="ann")
BOB = Person(channel="rest", person_id="bob")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=STORES)
async def stores(request, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Any]:
    module, _, name = STORES[request.param].partition(":")
    kind = getattr(importlib.import_module(module), name)
    opened = await kind.open(
        tmp_path, clock=clock, redactor=Redactor(["canary-7731"]), exclusive=True
    )
    yield opened
    await opened.close()


def a_task(clock: FakeClock, text: str = "it breaks", **fields: Any) -> Task:
    request = TaskRequest(repository="/srv/shop", text=text)
    task = Task(
        task_id=str(uuid.uuid4()), request=request, created_at=clock.now(), updated_at=clock.now()
    )
    return task.but(**fields)


def a_question(task: Task, kind: QuestionKind = QuestionKind.RELEASE, **fields: Any) -> Question:
    return Question(
        kind=kind,
        task_id=task.task_id,
        title="Publish it?",
        options=("approve", "request_changes", "reject", "stop"),
        patch_hash=HASH,
    ).but(**fields)


def an_answer(choice: Choice = "approve", by: Person = ANN, **fields: Any) -> Decision:
    words = "rename it" if choice == "request_changes" else ""
    return Decision(choice=choice, by=by, patch_hash=HASH, text=words).but(**fields)


async def waiting(stores: Any, clock: FakeClock, **fields: Any) -> tuple[Task, Any]:
    task = await stores.tasks.add(a_task(clock, **fields))
    task = await stores.tasks.update(task.task_id, status=TaskStatus.WAITING)
    approval = await stores.approvals.ask(
        a_question(task), "interrupt-1", clock.now() + timedelta(hours=72)
    )
    return task, approval


# --- tasks --------------------------------------------------------------------------------------


async def test_a_task_whose_worker_died_in_its_last_moment_is_taken_once_more(
    stores: Any, clock: FakeClock
) -> None:
    task = await stores.tasks.add(a_task(clock))
    lease = await stores.tasks.take("w", limit_running=9, ttl_s=45)
    ended = {"status": TaskStatus.COMPLETED, "outcome": Outcome.FIXED}
    await stores.tasks.update(task.task_id, lease, **ended)
    assert await stores.tasks.take("x", limit_running=9, ttl_s=45) is None
    clock.advance(46)
    again = await stores.tasks.take("x", limit_running=9, ttl_s=45)
    assert again.task_id == task.task_id
    assert (await stores.tasks.get(task.task_id)).crashes == {}
    await stores.tasks.release(again)
    assert await stores.tasks.take("x", limit_running=9, ttl_s=45) is None


async def test_a_task_comes_back_as_it_was_written(stores, clock):
    task = a_task(clock, severity=Severity.P1, usage=Usage(model_calls=3), result={"é": [1, None]})
    assert await stores.tasks.add(task) == task
    assert await stores.tasks.get(task.task_id) == task
    with pytest.raises(NotFound):
        await stores.tasks.get("nobody")
    with pytest.raises(Conflict):
        await stores.tasks.add(task)


async def test_an_idempotency_key_finds_the_first_task_for_a_day(stores, clock):
    first = await stores.tasks.add(a_task(clock), idempotency_key="k")
    clock.advance(24 * 3600 - 1)
    assert (await stores.tasks.add(a_task(clock), idempotency_key="k")).task_id == first.task_id
    with pytest.raises(Conflict):
        await stores.tasks.add(a_task(clock, text="something else"), idempotency_key="k")
    clock.advance(2)
    later = await stores.tasks.add(a_task(clock, text="something else"), idempotency_key="k")
    assert later.task_id != first.task_id
    assert sum((await stores.tasks.counts()).values()) == 2


async def test_a_hundred_equal_requests_at_once_make_one_task(stores, clock):
    made = await asyncio.gather(
        *(stores.tasks.add(a_task(clock), idempotency_key="k") for _ in range(100))
    )
    assert len({task.task_id for task in made}) == 1


async def test_pages_hold_every_task_once_newest_first(stores, clock):
    tasks = [await stores.tasks.add(a_task(clock, text=f"bug {n}")) for n in range(7)]
    clock.step(-86_400)
    tasks.append(await stores.tasks.add(a_task(clock, text="after the clock stepped back")))
    seen, cursor = [], ""
    while True:
        page = await stores.tasks.list(TaskFilter(), cursor=cursor, limit=3)
        seen += page.tasks
        if not (cursor := page.cursor):
            break
    assert seen == tasks[::-1]
    for lost in ("x", "-1", "1 OR 1=1", "9" * 40):
        with pytest.raises(NotFound):
            await stores.tasks.list(TaskFilter(), cursor=lost)


async def test_a_filter_narrows_by_all_its_fields(stores, clock):
    fixed = await stores.tasks.add(a_task(clock))
    await stores.tasks.update(fixed.task_id, status=TaskStatus.COMPLETED, outcome=Outcome.FIXED)
    other = await stores.tasks.add(a_task(clock))
    found = TaskFilter(
        status=TaskStatus.COMPLETED,
        outcome="fixed",
        workflow="repair",
        repository="/srv/shop",
        source="rest",
    )
    assert [t.task_id for t in (await stores.tasks.list(found)).tasks] == [fixed.task_id]
    queued = await stores.tasks.list(TaskFilter(status=TaskStatus.QUEUED))
    assert [t.task_id for t in queued.tasks] == [other.task_id]
    assert (await stores.tasks.list(TaskFilter(source="telegram"))).tasks == ()
    assert (await stores.tasks.list(TaskFilter(repository="' OR ''='"))).tasks == ()


async def test_counts_name_every_status(stores, clock):
    await stores.tasks.add(a_task(clock))
    counts = await stores.tasks.counts()
    assert counts[TaskStatus.QUEUED] == 1
    assert counts.keys() == set(TaskStatus)


async def test_a_task_is_found_by_the_beginning_of_its_id(stores, clock):
    one = await stores.tasks.add(a_task(clock, task_id="aaaa1111-0000-4000-8000-000000000000"))
    two = await stores.tasks.add(a_task(clock, task_id="aaaa2222-0000-4000-8000-000000000000"))
    assert await stores.tasks.find("AAAA1111") == (one,)
    assert await stores.tasks.find("aaaa") == (two, one)
    assert await stores.tasks.find("latest") == (two,)
    assert await stores.tasks.find("%") == await stores.tasks.find("") == ()


async def test_an_ended_task_changes_in_result_and_usage_only(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    clock.advance(5)
    running = await stores.tasks.update(task.task_id, status=TaskStatus.RUNNING, node="fix")
    clock.advance(5)
    ended = await stores.tasks.update(task.task_id, status=TaskStatus.FAILED)
    assert (ended.started_at, ended.ended_at) == (running.updated_at, clock.now())
    clock.advance(5)
    told = await stores.tasks.update(task.task_id, result={"pr": 7}, usage=Usage(tokens_in=3))
    assert (told.result, told.ended_at, told.updated_at) == (
        {"pr": 7},
        ended.ended_at,
        clock.now(),
    )
    with pytest.raises(Conflict):
        await stores.tasks.update(task.task_id, status=TaskStatus.RUNNING)
    with pytest.raises(Conflict):
        await stores.tasks.update(task.task_id, reason="late")
    assert (await stores.tasks.get(task.task_id)).status is TaskStatus.FAILED


# --- leases -------------------------------------------------------------------------------------


async def test_the_most_urgent_task_is_taken_first_and_then_the_oldest(stores, clock):
    tasks = [
        await stores.tasks.add(a_task(clock, severity=severity))
        for severity in (None, Severity.P3, Severity.P0, Severity.P2, None)
    ]
    order = []
    while lease := await stores.tasks.take("w", limit_running=9, ttl_s=45):
        order.append([t.task_id for t in tasks].index(lease.task_id))
    assert order == [2, 0, 3, 4, 1]


async def test_no_task_is_taken_beyond_the_limit_and_a_waiting_one_does_not_count(stores, clock):
    await waiting(stores, clock)
    for _ in range(3):
        await stores.tasks.add(a_task(clock))
    first = await stores.tasks.take("w", limit_running=2, ttl_s=45)
    assert await stores.tasks.take("w", limit_running=2, ttl_s=45)
    assert await stores.tasks.take("w", limit_running=2, ttl_s=45) is None
    await stores.tasks.update(first.task_id, first, status=TaskStatus.WAITING)
    await stores.tasks.release(first)
    assert await stores.tasks.take("w", limit_running=2, ttl_s=45)


async def test_a_hundred_takers_at_once_get_a_task_each(stores, clock):
    for _ in range(40):
        await stores.tasks.add(a_task(clock))
    leases = await asyncio.gather(
        *(stores.tasks.take(f"w{n}", limit_running=100, ttl_s=45) for n in range(100))
    )
    taken = [lease.task_id for lease in leases if lease]
    assert len(taken) == len(set(taken)) == 40


async def test_a_waiting_task_is_taken_once_its_answer_is_there(stores, clock):
    task, approval = await waiting(stores, clock)
    assert await stores.tasks.take("w", limit_running=5, ttl_s=45) is None
    await stores.approvals.decide(approval.approval_id, an_answer())
    lease = await stores.tasks.take("w", limit_running=5, ttl_s=45)
    assert lease.task_id == task.task_id
    await stores.approvals.applied(approval.approval_id)
    await stores.tasks.release(lease)
    assert await stores.tasks.take("w", limit_running=5, ttl_s=45) is None


async def test_an_expired_question_is_an_answer_and_a_void_one_is_not(stores, clock):
    task, _ = await waiting(stores, clock)
    other, _ = await waiting(stores, clock)
    await stores.approvals.void(other.task_id, "the patch has changed")
    clock.advance(73 * 3600)
    assert [a.task_id for a in await stores.approvals.expire(clock.now())] == [task.task_id]
    assert (await stores.tasks.take("w", limit_running=5, ttl_s=45)).task_id == task.task_id
    assert await stores.tasks.take("w", limit_running=5, ttl_s=45) is None
    assert await stores.approvals.answers(other.task_id) == ()


async def test_a_cancel_request_is_work_until_the_task_has_ended(stores, clock):
    task, _ = await waiting(stores, clock)
    await stores.tasks.update(task.task_id, cancel_requested=True)
    lease = await stores.tasks.take("w", limit_running=5, ttl_s=45)
    assert lease.task_id == task.task_id
    await stores.tasks.update(task.task_id, lease, status=TaskStatus.CANCELLED)
    await stores.tasks.release(lease)
    assert await stores.tasks.take("w", limit_running=5, ttl_s=45) is None
    assert await stores.tasks.lease(task.task_id, "w", ttl_s=45) is None


async def test_a_dead_lease_is_taken_over_and_counts_for_the_node_at_work(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    for crash in range(1, 4):
        lease = await stores.tasks.take(f"w{crash}", limit_running=1, ttl_s=45)
        assert lease.generation == crash
        await stores.tasks.update(task.task_id, lease, status=TaskStatus.RUNNING, node="qa")
        clock.advance(44)
        assert await stores.tasks.take("other", limit_running=9, ttl_s=45) is None
        clock.advance(1)
        assert (await stores.tasks.get(task.task_id)).crashes.get("qa", 0) == crash - 1
    assert await stores.tasks.take("w", limit_running=1, ttl_s=45)
    assert (await stores.tasks.get(task.task_id)).crashes == {"qa": 3}
    assert await stores.tasks.crash(task.task_id, "qa") == 4


async def test_a_lease_given_back_is_no_crash(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    lease = await stores.tasks.lease(task.task_id, "w", ttl_s=45)
    await stores.tasks.update(task.task_id, lease, status=TaskStatus.RUNNING, node="fix")
    await stores.tasks.release(lease)
    await stores.tasks.release(lease)
    again = await stores.tasks.take("w", limit_running=1, ttl_s=45)
    assert again.generation == lease.generation + 1
    assert (await stores.tasks.get(task.task_id)).crashes == {}


async def test_a_worker_that_slept_through_its_lease_is_refused_everywhere(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    stale = await stores.tasks.lease(task.task_id, "sleeper", ttl_s=45)
    clock.advance(45)
    assert not await stores.tasks.holds(task.task_id, stale.generation)
    with pytest.raises(LeaseLost):
        await stores.tasks.update(task.task_id, stale, node="publish")
    fresh = await stores.tasks.lease(task.task_id, "heir", ttl_s=45)
    with pytest.raises(LeaseLost):
        await stores.tasks.renew(stale, ttl_s=45)
    with pytest.raises(LeaseLost):
        await stores.tasks.update(task.task_id, stale, node="publish")
    await stores.tasks.release(stale)
    assert await stores.tasks.holds(task.task_id, fresh.generation)
    assert await stores.tasks.lease(task.task_id, "third", ttl_s=45) is None
    assert (await stores.tasks.get(task.task_id)).node == ""


async def test_a_lease_that_ran_out_is_taken_up_again_while_nobody_else_has_it(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    lease = await stores.tasks.lease(task.task_id, "held up by a full disk", ttl_s=45)
    clock.advance(300)
    lease = await stores.tasks.renew(lease, ttl_s=45)
    assert await stores.tasks.holds(task.task_id, lease.generation)
    await stores.tasks.release(lease)
    with pytest.raises(LeaseLost):
        await stores.tasks.renew(lease, ttl_s=45)


async def test_a_heartbeat_keeps_the_lease(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    lease = await stores.tasks.lease(task.task_id, "w", ttl_s=45)
    for _ in range(10):
        clock.advance(40)
        lease = await stores.tasks.renew(lease, ttl_s=45)
    assert lease.expires_at == clock.now() + timedelta(seconds=45)
    assert (await stores.tasks.update(task.task_id, lease, node="fix")).node == "fix"
    assert await stores.tasks.lease(task.task_id, "other", ttl_s=45) is None
    with pytest.raises(NotFound):
        await stores.tasks.lease("nobody", "w", ttl_s=45)


# --- approvals ----------------------------------------------------------------------------------


async def test_a_question_is_written_once_per_interrupt(stores, clock):
    task, approval = await waiting(stores, clock)
    again = await stores.approvals.ask(
        a_question(task, title="Asked anew after a crash"), "interrupt-1", clock.now()
    )
    assert again == approval
    assert await stores.approvals.get(approval.nonce) == approval
    with pytest.raises(NotFound):
        await stores.approvals.get("nothing")
    with pytest.raises(NotFound):
        await stores.approvals.ask(a_question(a_task(clock)), "interrupt-1", clock.now())


async def test_a_newer_release_question_counts_on_and_voids_the_older(stores, clock):
    task, first = await waiting(stores, clock)
    second = await stores.approvals.ask(
        a_question(task, patch_hash=OTHER_HASH), "interrupt-2", first.expires_at
    )
    assert (first.revision, second.revision) == (1, 2)
    assert (await stores.approvals.get(first.approval_id)).state is ApprovalState.VOID
    with pytest.raises(Conflict, match="void"):
        await stores.approvals.decide(first.approval_id, an_answer())
    beside = await stores.approvals.ask(
        a_question(task, QuestionKind.PROTECTED_PATH), "interrupt-3", first.expires_at
    )
    pending = await stores.approvals.list(task_id=task.task_id, state=ApprovalState.PENDING)
    assert pending == (beside, second)


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        ("approve", ApprovalState.APPROVED),
        ("request_changes", ApprovalState.CHANGES_REQUESTED),
        ("reject", ApprovalState.REJECTED),
        ("stop", ApprovalState.ANSWERED),
    ],
)
async def test_an_answer_is_kept_and_waits_to_be_applied(stores, clock, choice, state):
    task, approval = await waiting(stores, clock)
    decision = an_answer(choice)
    decided = await stores.approvals.decide(approval.approval_id, decision)
    assert (decided.state, decided.decision, decided.decided_at) == (state, decision, clock.now())
    assert await stores.approvals.answers(task.task_id) == (decided,)
    await stores.approvals.applied(approval.approval_id)
    assert await stores.approvals.answers(task.task_id) == ()
    assert (await stores.approvals.get(approval.approval_id)).applied_at == clock.now()


async def test_the_loser_is_told_who_was_first(stores, clock):
    _, approval = await waiting(stores, clock)
    await stores.approvals.decide(approval.approval_id, an_answer())
    clock.advance(60)
    with pytest.raises(Conflict) as lost:
        await stores.approvals.decide(approval.nonce, an_answer("reject", BOB))
    assert str(lost.value) == "already approved by ann in terminal at 2026-03-01 12:00:00 UTC"


async def test_a_repeated_tap_is_harmless_and_only_that(stores, clock):
    _, approval = await waiting(stores, clock)
    first = await stores.approvals.decide(approval.approval_id, an_answer(key="tap"))
    assert await stores.approvals.decide(approval.approval_id, an_answer(key="tap")) == first
    for other in (
        an_answer(),
        an_answer(key="tap", by=BOB),
        an_answer("reject", key="tap"),
        an_answer(key="another"),
    ):
        with pytest.raises(Conflict):
            await stores.approvals.decide(approval.approval_id, other)


@pytest.mark.parametrize("kind", [QuestionKind.RELEASE, QuestionKind.PROTECTED_PATH])
@pytest.mark.parametrize("choice", ["approve", "reject", "request_changes"])
@pytest.mark.parametrize("seen", ["", OTHER_HASH, HASH[:12]])
async def test_consent_to_another_diff_decides_nothing(stores, clock, kind, choice, seen):
    task = await stores.tasks.add(a_task(clock))
    approval = await stores.approvals.ask(
        a_question(task, kind), "i", clock.now() + timedelta(hours=1)
    )
    with pytest.raises(Conflict, match="patch has changed"):
        await stores.approvals.decide(approval.approval_id, an_answer(choice, patch_hash=seen))
    assert (await stores.approvals.get(approval.approval_id)).state is ApprovalState.PENDING


async def test_an_escalation_needs_no_diff_but_refuses_another(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    approval = await stores.approvals.ask(
        a_question(task, QuestionKind.ESCALATION), "i", clock.now() + timedelta(hours=1)
    )
    with pytest.raises(Conflict):
        await stores.approvals.decide(
            approval.approval_id, an_answer("stop", patch_hash=OTHER_HASH)
        )
    decided = await stores.approvals.decide(approval.approval_id, an_answer("stop", patch_hash=""))
    assert decided.state is ApprovalState.ANSWERED


async def test_an_answer_that_was_not_offered_or_lacks_its_words_is_refused(stores, clock):
    _, approval = await waiting(stores, clock)
    for wrong in (an_answer("raise_budget"), an_answer("request_changes", text=" ")):
        with pytest.raises(Conflict):
            await stores.approvals.decide(approval.approval_id, wrong)


async def test_a_question_cannot_be_answered_after_its_time(stores, clock):
    _, approval = await waiting(stores, clock)
    clock.advance(72 * 3600)
    with pytest.raises(Conflict, match="expired"):
        await stores.approvals.decide(approval.approval_id, an_answer())
    await stores.approvals.expire(clock.now())
    assert await stores.approvals.expire(clock.now()) == ()
    with pytest.raises(Conflict, match="expired"):
        await stores.approvals.decide(approval.approval_id, an_answer())


async def test_a_cancelled_task_takes_no_consent(stores, clock):
    task, approval = await waiting(stores, clock)
    await stores.tasks.update(task.task_id, cancel_requested=True)
    with pytest.raises(Conflict, match="cancelled"):
        await stores.approvals.decide(approval.approval_id, an_answer())
    await stores.tasks.update(task.task_id, status=TaskStatus.CANCELLED)
    with pytest.raises(Conflict):
        await stores.approvals.ask(a_question(task), "interrupt-2", approval.expires_at)
    voided = await stores.approvals.void(task.task_id, "the task was cancelled")
    assert [a.void_reason for a in voided] == ["the task was cancelled"]


async def test_fifty_questions_wait_at_once_and_no_answer_reaches_another_task(stores, clock):
    pairs = [await waiting(stores, clock) for _ in range(50)]
    await asyncio.gather(
        *(
            stores.approvals.decide(approval.approval_id, an_answer(key=task.task_id))
            for task, approval in reversed(pairs)
        )
    )
    for task, approval in pairs:
        (answer,) = await stores.approvals.answers(task.task_id)
        assert (answer.approval_id, answer.decision.key) == (approval.approval_id, task.task_id)


async def test_pending_questions_are_listed_first_then_the_newest(stores, clock):
    pairs = [await waiting(stores, clock) for _ in range(4)]
    await stores.approvals.decide(pairs[3][1].approval_id, an_answer())
    listed = await stores.approvals.list()
    assert [a.task_id for a in listed] == [pairs[n][0].task_id for n in (2, 1, 0, 3)]
    assert len(await stores.approvals.list(limit=2)) == 2


async def test_what_was_decided_is_read_without_what_was_asked(stores, clock):
    asked = [await waiting(stores, clock) for _ in range(4)]
    choices: tuple[Choice, ...] = ("approve", "reject", "stop")
    decided = [
        await stores.approvals.decide(approval.approval_id, an_answer(choice))
        for (_, approval), choice in zip(asked, choices, strict=False)
    ]
    escalation = await stores.approvals.ask(
        a_question(asked[3][0], QuestionKind.ESCALATION), "i-2", clock.now() + timedelta(hours=1)
    )
    decided.append(await stores.approvals.decide(escalation.approval_id, an_answer("stop")))
    await stores.approvals.applied(decided[0].approval_id)
    rulings = [one.ruling for one in decided]
    assert list(await stores.approvals.rulings()) == rulings
    released = await stores.approvals.rulings(kind=QuestionKind.RELEASE, choices=("reject", "stop"))
    assert list(released) == rulings[1:3]
    assert await stores.approvals.rulings(choices=("noise",)) == ()
    assert asked[3][1].ruling is None


async def test_questions_are_counted_and_the_oldest_that_waits_is_found(stores, clock):
    assert set((await stores.approvals.counts()).values()) == {0}
    assert await stores.approvals.oldest() is None
    pairs = [await waiting(stores, clock) for _ in range(3)]
    await stores.approvals.decide(pairs[0][1].approval_id, an_answer())
    counts = await stores.approvals.counts()
    assert (counts[ApprovalState.PENDING], counts[ApprovalState.APPROVED]) == (2, 1)
    assert await stores.approvals.oldest() == pairs[1][1]


async def test_briefings_of_ended_tasks_are_forgotten_and_what_was_decided_stays(stores, clock):
    soon = clock.now() + timedelta(hours=72)
    pairs = []
    for number in range(4):
        task = await stores.tasks.add(a_task(clock))
        asked = a_question(task, body=f"Briefing {number}", body_ref="sha256:" + "a" * 64)
        pairs.append((task, await stores.approvals.ask(asked, "i", soon)))
    for task, approval in pairs[:3]:
        await stores.approvals.decide(approval.approval_id, an_answer())
        await stores.tasks.update(task.task_id, status=TaskStatus.COMPLETED)
    kept = [await stores.approvals.get(approval.approval_id) for _, approval in pairs]
    clock.advance(1)
    still_open = [pairs[1][0].task_id, pairs[3][0].task_id]
    assert await stores.approvals.forget(clock.now() - timedelta(seconds=1), still_open) == 0
    assert await stores.approvals.forget(clock.now(), still_open) == 2
    assert await stores.approvals.forget(clock.now(), still_open) == 0
    for number, before in enumerate(kept):
        question = before.question.but(body="" if number in (0, 2) else before.question.body)
        assert await stores.approvals.get(before.approval_id) == before.but(question=question)
    assert len(await stores.approvals.rulings()) == 3


async def test_diffs_in_accounts_of_ended_tasks_are_forgotten(stores, clock):
    stop = {"node": "fix", "partial_patch": {"hash": HASH, "diff": "+part"}}
    results: list[dict[str, Any]] = [
        {"report": {"patch": {"hash": HASH, "diff": "+all"}, "stopped": None}},
        {"report": {"patch": {"hash": None, "diff": ""}, "stopped": stop}, "stopped": stop},
        {"stopped": stop},
        {"report": None, "pr_url": "https://host/pr/1"},
    ]
    tasks = [await stores.tasks.add(a_task(clock)) for _ in (*results, 0)]
    for task, result in zip(tasks, [*results, results[0]], strict=True):
        await stores.tasks.update(task.task_id, result=result)
    for task in tasks[:-1]:
        await stores.tasks.update(task.task_id, status=TaskStatus.COMPLETED)
    clock.advance(1)
    assert await stores.tasks.forget(clock.now() - timedelta(seconds=1), []) == 0
    assert await stores.tasks.forget(clock.now(), [tasks[1].task_id]) == 2
    assert await stores.tasks.forget(clock.now(), []) == 1
    stop["partial_patch"] = {"hash": HASH, "diff": ""}
    results[0] = {"report": {"patch": {"hash": HASH, "diff": ""}, "stopped": None}}
    for task, result in zip(tasks, results, strict=False):
        assert (await stores.tasks.get(task.task_id)).result == result
    assert (await stores.tasks.get(tasks[-1].task_id)).result["report"]["patch"]["diff"] == "+all"


async def test_what_rows_of_tasks_refer_to_is_found(stores, clock):
    task, other = [await stores.tasks.add(a_task(clock)) for _ in range(2)]
    refs = [f"sha256:{digit * 64}" for digit in "abcd"]
    await stores.tasks.update(task.task_id, result={"artifacts": [{"ref": refs[0]}]})
    await stores.approvals.ask(a_question(task, patch_ref=refs[1]), "i", clock.now())
    await stores.outbox.begin("k", task.task_id, "publish", {"patch_ref": refs[2]})
    await stores.approvals.ask(a_question(other, patch_ref=refs[3]), "i", clock.now())
    assert await stores.mentioned([task.task_id]) == set(refs[:3])


async def asked_with_care(stores: Any, clock: FakeClock, **fields: Any) -> Any:
    task = await stores.tasks.add(a_task(clock))
    question = a_question(task, **fields)
    return await stores.approvals.ask(question, "i", clock.now() + timedelta(hours=1))


def told_apart(one: str, other: str) -> bool:
    return one != other


@pytest.mark.parametrize("typed", [HASH[-6:], f" {HASH[-6:].upper()}\n", HASH])
async def test_critical_risk_is_approved_by_typing_the_end_of_the_hash(stores, clock, typed):
    approval = await asked_with_care(stores, clock, risk=Risk.CRITICAL)
    decision = an_answer(confirmation=typed)
    decided = await stores.approvals.decide(approval.approval_id, decision)
    assert decided.state is ApprovalState.APPROVED
    other = await asked_with_care(stores, clock, risk=Risk.HIGH)
    decided = await stores.approvals.decide(other.approval_id, an_answer())
    assert decided.state is ApprovalState.APPROVED, "below critical nothing is typed"


async def test_a_missing_confirmation_tells_what_to_type_and_names_the_paths(stores, clock):
    paths = {"protected": ".github/workflows/ci.yml, auth/login.py"}
    approval = await asked_with_care(stores, clock, risk=Risk.CRITICAL, details=paths)
    for _ in range(MISSES_MAX + 1):
        with pytest.raises(ConfirmationWrong) as refused:
            await stores.approvals.decide(approval.approval_id, an_answer())
    assert "This changes: .github/workflows/ci.yml, auth/login.py." in str(refused.value)
    assert "Type the last 6 characters of the patch hash" in str(refused.value)
    assert HASH[-6:] not in str(refused.value)
    assert await stores.approvals.get(approval.approval_id) == approval, "asking costs nothing"
    decided = await stores.approvals.decide(approval.approval_id, an_answer("reject"))
    assert decided.state is ApprovalState.REJECTED, "a rejection takes no typing"


async def test_wrong_confirmations_are_counted_for_each_person_and_question(stores, clock):
    approval = await asked_with_care(stores, clock, risk=Risk.CRITICAL)
    beside = await asked_with_care(stores, clock, risk=Risk.CRITICAL)
    right, wrong = an_answer(confirmation=HASH[-6:]), an_answer(confirmation="123456")
    for tries in range(1, MISSES_MAX + 1):
        with pytest.raises(ConfirmationWrong, match=f"{tries} of {MISSES_MAX} tries"):
            await stores.approvals.decide(approval.approval_id, wrong)
    for answer in (right, wrong):
        with pytest.raises(NotEntitled, match="terminal:ann may not approve this"):
            await stores.approvals.decide(approval.approval_id, answer)
    kept = await stores.approvals.get(approval.approval_id)
    assert (kept.state, kept.misses) == (ApprovalState.PENDING, {"terminal:ann": MISSES_MAX})
    for untouched, person in ((beside, ANN), (approval, BOB)):
        decided = await stores.approvals.decide(untouched.approval_id, right.but(by=person))
        assert decided.state is ApprovalState.APPROVED


async def test_guesses_in_a_burst_are_counted_one_by_one(stores, clock):
    approval = await asked_with_care(stores, clock, risk=Risk.CRITICAL)
    guesses = (an_answer(confirmation=f"{number:06d}") for number in range(40))
    refusals = await asyncio.gather(
        *(stores.approvals.decide(approval.approval_id, guess) for guess in guesses),
        return_exceptions=True,
    )
    assert [type(one) for one in refusals].count(ConfirmationWrong) == MISSES_MAX


async def test_two_persons_approve_and_both_voices_are_kept(stores, clock):
    approval = await asked_with_care(stores, clock, voices_needed=2)
    first = await stores.approvals.decide(
        approval.approval_id, an_answer(key="tap"), apart=told_apart
    )
    assert (first.state, first.tally) == (ApprovalState.PENDING, "1 of 2, by ann in terminal")
    again = await stores.approvals.decide(
        approval.approval_id, an_answer(key="tap"), apart=told_apart
    )
    assert again == first, "a repeated tap is harmless"
    with pytest.raises(VoiceCounted, match="counts already: 1 of 2, by ann in terminal"):
        await stores.approvals.decide(approval.approval_id, an_answer(), apart=told_apart)
    assert await stores.approvals.get(approval.approval_id) == first
    second = await stores.approvals.decide(
        approval.approval_id, an_answer(by=BOB), apart=told_apart
    )
    assert second.state is ApprovalState.APPROVED
    assert [voice.by for voice in second.voices] == [ANN, BOB]
    assert second.decision.by == BOB
    assert second.tally == "2 of 2, by ann in terminal and bob in rest"


async def test_accounts_that_may_be_one_person_are_not_two(stores, clock):
    approval = await asked_with_care(stores, clock, voices_needed=2)
    await stores.approvals.decide(approval.approval_id, an_answer())
    with pytest.raises(VoiceCounted, match="PEOPLE says who is who"):
        await stores.approvals.decide(approval.approval_id, an_answer(by=BOB))
    assert (await stores.approvals.get(approval.approval_id)).state is ApprovalState.PENDING


async def test_a_voice_that_counts_no_more_is_given_anew(stores, clock):
    approval = await asked_with_care(stores, clock, voices_needed=2)
    await stores.approvals.decide(approval.approval_id, an_answer(), apart=told_apart)
    after = await stores.approvals.decide(
        approval.approval_id, an_answer(by=BOB), apart=told_apart, still=lambda voice: False
    )
    assert (after.state, after.tally) == (ApprovalState.PENDING, "1 of 2, by bob in rest")


async def test_an_answer_and_its_entry_stand_or_fall_together(stores, clock):
    approval = await asked_with_care(stores, clock, risk=Risk.CRITICAL)

    def broken(stands, refusal):
        raise RuntimeError("no entry can be made")

    for typed in ("000000", HASH[-6:]):
        with pytest.raises(RuntimeError):
            await stores.approvals.decide(
                approval.approval_id, an_answer(confirmation=typed), noted=broken
            )
    assert await stores.approvals.get(approval.approval_id) == approval
    seen = []

    def noted(stands, refusal):
        seen.append((stands.state, type(refusal)))
        return AuditEntry(action="decision")

    with pytest.raises(ConfirmationWrong):
        await stores.approvals.decide(
            approval.approval_id, an_answer(confirmation="000000"), noted=noted
        )
    right = an_answer(confirmation=HASH[-6:], key="tap")
    for _ in range(2):
        await stores.approvals.decide(approval.approval_id, right, noted=noted)
    assert seen == [
        (ApprovalState.PENDING, ConfirmationWrong),
        (ApprovalState.APPROVED, type(None)),
    ]
    assert await stores.audit.verify() is None


@pytest.mark.parametrize("choice", ["reject", "request_changes"])
@pytest.mark.parametrize("by", [ANN, BOB])
async def test_one_no_ends_what_two_have_to_approve(stores, clock, choice, by):
    approval = await asked_with_care(stores, clock, voices_needed=2)
    await stores.approvals.decide(approval.approval_id, an_answer(), apart=told_apart)
    decided = await stores.approvals.decide(approval.approval_id, an_answer(choice, by=by))
    assert decided.state is decided.decision.state
    with pytest.raises(Conflict, match=f"by {by.person_id}"):
        await stores.approvals.decide(approval.approval_id, an_answer(by=BOB), apart=told_apart)


async def test_a_newer_question_takes_no_voice_over(stores, clock):
    task, _ = await waiting(stores, clock)
    soon = clock.now() + timedelta(hours=1)
    first = await stores.approvals.ask(a_question(task, voices_needed=2), "i-2", soon)
    await stores.approvals.decide(first.approval_id, an_answer(key="tap"), apart=told_apart)
    second = await stores.approvals.ask(
        a_question(task, voices_needed=2, patch_hash=OTHER_HASH), "i-3", soon
    )
    assert second.voices == ()
    with pytest.raises(Conflict, match="void"):
        await stores.approvals.decide(first.approval_id, an_answer(key="tap"), apart=told_apart)


@pytest.mark.parametrize(
    "rounds", [25, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
async def test_voices_at_the_same_time_count_once_each(stores, clock, rounds):
    third = Person(channel="rest", person_id="cid")
    for _ in range(rounds):
        approval = await asked_with_care(stores, clock, voices_needed=2)
        ends = await asyncio.gather(
            *(
                stores.approvals.decide(approval.approval_id, an_answer(by=by), apart=told_apart)
                for by in (ANN, ANN, BOB, third)
            ),
            return_exceptions=True,
        )
        states = [end.state for end in ends if not isinstance(end, BaseException)]
        assert sorted(states) == [ApprovalState.APPROVED, ApprovalState.PENDING]
        kept = await stores.approvals.get(approval.approval_id)
        assert len({voice.by.account for voice in kept.voices}) == 2


# --- outbox -------------------------------------------------------------------------------------


async def test_an_effect_is_open_until_it_is_settled(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    begun = await stores.outbox.begin("pr:1", task.task_id, "publish", {"h": 1})
    assert (begun.state, begun.attempts) == (EffectState.STARTED, 1)
    again = await stores.outbox.begin("pr:1", task.task_id, "publish", {"h": 1})
    assert (again.state, again.attempts) == (EffectState.STARTED, 2)
    assert await stores.outbox.open_effects() == (again,)
    assert await stores.outbox.open_effects("another task") == ()
    clock.advance(3)
    done = await stores.outbox.settle("pr:1", {"url": "u"})
    assert (done.state, done.result, done.settled_at) == (
        EffectState.DONE,
        {"url": "u"},
        clock.now(),
    )
    assert await stores.outbox.begin("pr:1", task.task_id, "publish", {"h": 1}) == done
    assert await stores.outbox.settle("pr:1", {"url": "other"}) == done
    assert await stores.outbox.fail("pr:1", "late") == done
    assert await stores.outbox.open_effects(task.task_id) == ()


async def test_one_key_is_one_effect_for_ever(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    await stores.outbox.begin("k", task.task_id, "publish", {"h": 1})
    with pytest.raises(Conflict):
        await stores.outbox.begin("k", task.task_id, "publish", {"h": 2})
    for missing in (
        stores.outbox.settle("unknown", {}),
        stores.outbox.fail("unknown", "e"),
        stores.outbox.begin("k2", "no such task", "publish", {"h": 1}),
    ):
        with pytest.raises(NotFound):
            await missing


async def test_a_refused_effect_can_be_begun_anew(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    await stores.outbox.begin("k", task.task_id, "publish", {"h": 1})
    failed = await stores.outbox.fail("k", "the token may not write")
    assert (failed.state, failed.error) == (EffectState.FAILED, "the token may not write")
    assert await stores.outbox.open_effects() == ()
    again = await stores.outbox.begin("k", task.task_id, "publish", {"h": 1})
    assert (again.state, again.attempts, again.error) == (EffectState.STARTED, 2, "")


async def test_what_nobody_can_find_out_is_no_longer_open(stores, clock):
    task = await stores.tasks.add(a_task(clock))
    await stores.outbox.begin("k", task.task_id, "publish", {"h": 1})
    lost = await stores.outbox.give_up("k", "the token is gone")
    assert (lost.state, lost.error) == (EffectState.UNKNOWN, "the token is gone")
    assert await stores.outbox.open_effects() == ()
    assert await stores.outbox.settle("k", {}) == lost
    await stores.outbox.begin("k2", task.task_id, "publish", {"h": 2})
    assert [(e.key, e.payload) for e in await stores.outbox.of(task.task_id)] == [
        ("k", {"h": 1}),
        ("k2", {"h": 2}),
    ]
    assert await stores.outbox.of("another task") == ()


# --- audit --------------------------------------------------------------------------------------


async def test_the_audit_log_is_read_backwards_and_narrowed(stores):
    for n in range(5):
        detail = {"n": n, "said": "Äpfel" if n == 3 else "x"}
        action, task = ("decision", "t1") if n % 2 else ("refused", "")
        await stores.audit.record(AuditEntry(action=action, task_id=task, detail=detail))

    async def numbers(before: int = 99, **only: Any) -> list[int]:
        return [row.number for row in await stores.audit.before(before, **only)]

    assert await numbers() == [5, 4, 3, 2, 1]
    assert await numbers(4, limit=2) == [3, 2]
    assert await numbers(action="refused") == [5, 3, 1]
    assert await numbers(task_id="t1") == [4, 2]
    assert await numbers(words="Äpfel") == [4]
    assert await numbers(words="DECIS") == [4, 2]
    (row,) = await stores.audit.before(2)
    assert (row.action, row.detail["n"], row.at.tzinfo is not None) == ("refused", 0, True)


async def test_the_audit_log_chains_its_rows_and_masks_secrets(stores, clock):
    assert await stores.audit.verify() is None
    await asyncio.gather(
        *(
            stores.audit.record(AuditEntry(action="decision", detail={"n": n, "k": "canary-7731"}))
            for n in range(50)
        )
    )
    assert await stores.audit.verify() is None

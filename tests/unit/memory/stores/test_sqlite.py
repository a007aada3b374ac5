"""One SQLite file under real processes: races, kills, sleepers, a full disk, tampering."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.approvals import Approval, ApprovalState, Choice, Decision, Person, Question, QuestionKind
from core.effects import EffectState
from core.errors import Conflict, StoreUnusable
from core.events import AuditEntry
from core.ports import TaskFilter
from core.tasks import Task, TaskRequest, TaskStatus
from memory.stores.sqlite import FILE_NAME, MIGRATIONS, SqliteStores
from observability.clock import SystemClock
from observability.database import Database
from observability.database_file import checksum
from observability.redaction import Redactor
from tests.conftest import ROOT

HASH = "ab" * 32
FEW = 50
SLOWER_MAX = 10.0
"""How many times longer a look may take with thousands of waiting tasks than with a few."""
PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from core.errors import AntonError
from core.tasks import TaskStatus
from memory.stores.sqlite import SqliteStores
from observability.clock import SystemClock
from observability.database import Database
from observability.redaction import Redactor

def say(*words):
    print(*words, flush=True)

async def main():
    stores = await SqliteStores.open(
        Path({folder!r}), clock=SystemClock(), redactor=Redactor(), exclusive={exclusive!r}
    )
{body}
    await stores.close()

asyncio.run(main())
"""


def in_a_process(folder: Path, body: str, *, exclusive: bool = False) -> list[str]:
    program = PROGRAM.format(
        folder=str(folder), exclusive=exclusive, body=textwrap.indent(textwrap.dedent(body), "    ")
    )
    return [sys.executable, "-c", program]


async def started(folder: Path, body: str, *, exclusive: bool = False) -> Any:
    return await asyncio.create_subprocess_exec(
        *in_a_process(folder, body, exclusive=exclusive), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def opened(folder: Path, *, exclusive: bool = False) -> SqliteStores:
    return await SqliteStores.open(
        folder, clock=SystemClock(), redactor=Redactor(), exclusive=exclusive
    )


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[SqliteStores]:
    stores = await opened(tmp_path)
    yield stores
    await stores.close()


def a_task(text: str = "it breaks") -> Task:
    now = SystemClock().now()
    return Task(
        task_id=str(uuid.uuid4()),
        request=TaskRequest(repository="/srv/shop", text=text),
        created_at=now,
        updated_at=now,
    )


def a_question(task_id: str) -> Question:
    return Question(
        kind=QuestionKind.RELEASE,
        task_id=task_id,
        title="Publish it?",
        options=("approve", "reject"),
        patch_hash=HASH,
    )


async def asked(stores: SqliteStores) -> Any:
    task = await stores.tasks.add(a_task())
    await stores.tasks.update(task.task_id, status=TaskStatus.WAITING)
    expires_at = SystemClock().now() + timedelta(hours=72)
    return await stores.approvals.ask(a_question(task.task_id), "interrupt", expires_at)


# --- races --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [200, pytest.param(1000, marks=pytest.mark.slow)])
async def test_many_races_of_approve_against_reject_have_one_winner_each(tmp_path, stores, rounds):
    other = await opened(tmp_path)
    questions = await asyncio.gather(*(asked(stores) for _ in range(rounds)))

    async def race(number: int, approval_id: str) -> list[Any]:
        contenders: list[tuple[SqliteStores, Choice, str]] = [
            (stores, "approve", "terminal"),
            (other, "reject", "rest"),
        ]
        if number % 2:
            contenders.reverse()
        return await asyncio.gather(
            *(
                side.approvals.decide(
                    approval_id,
                    Decision(
                        choice=choice,
                        patch_hash=HASH,
                        by=Person(channel=channel, person_id="p"),
                    ),
                )
                for side, choice, channel in contenders
            ),
            return_exceptions=True,
        )

    ends = await asyncio.gather(*(race(n, q.approval_id) for n, q in enumerate(questions)))
    winners = [[end for end in pair if not isinstance(end, Exception)] for pair in ends]
    losers = [end for pair in ends for end in pair if isinstance(end, Exception)]
    assert [len(pair) for pair in winners] == [1] * rounds
    assert {type(end) for end in losers} == {Conflict}
    assert all("already " in str(end) for end in losers)
    for (winner,) in winners:
        assert await stores.approvals.get(winner.approval_id) == winner
        (answer,) = await other.approvals.answers(winner.task_id)
        assert answer.state in (ApprovalState.APPROVED, ApprovalState.REJECTED)
    await other.close()


async def test_four_processes_that_take_two_hundred_tasks_share_them_without_doubles(
    tmp_path, stores
):
    tasks = [await stores.tasks.add(a_task()) for _ in range(200)]
    body = """
    while lease := await stores.tasks.take(str(os.getpid()), limit_running=10_000, ttl_s=60):
        say(lease.task_id)
    """
    workers = [await started(tmp_path, body) for _ in range(4)]
    outputs = [(await worker.communicate())[0] for worker in workers]
    taken = Counter(b"".join(outputs).decode().split())
    assert taken == Counter(task.task_id for task in tasks)


# --- one server ---------------------------------------------------------------------------------


async def test_a_second_server_is_refused_until_the_first_has_ended(tmp_path):
    first = await started(tmp_path, "say('ready')\nawait asyncio.sleep(60)", exclusive=True)
    await first.stdout.readline()
    with pytest.raises(StoreUnusable, match=f"Another Anton .*process {first.pid}"):
        await opened(tmp_path, exclusive=True)
    looker = await opened(tmp_path)
    await looker.tasks.add(a_task())
    await looker.close()
    first.kill()
    await first.wait()
    second = await opened(tmp_path, exclusive=True)
    assert (await second.tasks.counts())[TaskStatus.QUEUED] == 1
    await second.close()


async def test_a_refused_opening_gives_the_lock_back(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"damaged" * 1000)
    for _ in range(2):
        with pytest.raises(StoreUnusable, match="corrupt"):
            await opened(tmp_path, exclusive=True)


# --- kills and sleepers -------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["begun", "settled"])
async def test_a_kill_around_an_effect_leaves_a_row_that_tells(tmp_path, moment):
    stores = await opened(tmp_path)
    task = await stores.tasks.add(a_task())
    await stores.close()
    body = f"""
    lease = await stores.tasks.take("w", limit_running=1, ttl_s=3600)
    await stores.tasks.update(lease.task_id, lease, status=TaskStatus.RUNNING, node="publish")
    await stores.outbox.begin("pr", lease.task_id, "publish", {{"h": 1}})
    if {moment!r} == "settled":
        await stores.outbox.settle("pr", {{"number": 7}})
    os.kill(os.getpid(), 9)
    """
    worker = await started(tmp_path, body, exclusive=True)
    assert await worker.wait() == -signal.SIGKILL
    stores = await opened(tmp_path, exclusive=True)
    row = await stores.outbox.begin("pr", task.task_id, "publish", {"h": 1})
    expected = (EffectState.STARTED, {}) if moment == "begun" else (EffectState.DONE, {"number": 7})
    assert (row.state, row.result) == expected
    lease = await stores.tasks.take("heir", limit_running=1, ttl_s=45)
    assert lease
    assert (lease.task_id, lease.generation) == (task.task_id, 2)
    assert (await stores.tasks.get(task.task_id)).crashes == {"publish": 1}
    await stores.close()


async def test_writes_that_were_acknowledged_survive_a_kill_at_any_moment(tmp_path):
    body = """
    import uuid
    from tests.unit.memory.stores.test_sqlite import a_task
    while True:
        task = await stores.tasks.add(a_task())
        say(task.task_id)
    """
    told: list[str] = []
    for pause_s in (0.0, 0.01, 0.05):
        writer = await started(tmp_path, body)
        told.append((await writer.stdout.readline()).decode().strip())
        await asyncio.sleep(pause_s)
        writer.kill()
        rest = (await writer.stdout.read()).decode()
        told += rest[: rest.rfind("\n") + 1].split()
        await writer.wait()
    stores = await opened(tmp_path)
    for task_id in told:
        assert (await stores.tasks.get(task_id)).task_id == task_id
    assert len(told) > 3
    await stores.close()


async def test_a_worker_that_was_stopped_past_its_lease_writes_nothing_when_it_wakes(
    tmp_path, stores
):
    task = await stores.tasks.add(a_task())
    body = """
    lease = await stores.tasks.take("sleeper", limit_running=1, ttl_s=0.4)
    say("leased")
    sys.stdin.readline()
    for write in (
        lambda: stores.tasks.update(lease.task_id, lease, node="publish"),
        lambda: stores.tasks.renew(lease, ttl_s=60),
    ):
        try:
            await write()
            say("written")
        except AntonError as error:
            say(type(error).__name__)
    """
    sleeper = await asyncio.create_subprocess_exec(
        *in_a_process(tmp_path, body),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert sleeper.stdout
    assert sleeper.stdin
    await sleeper.stdout.readline()
    sleeper.send_signal(signal.SIGSTOP)
    await asyncio.sleep(0.5)
    heir = await stores.tasks.take("heir", limit_running=1, ttl_s=60)
    assert heir
    sleeper.stdin.write(b"\n")
    sleeper.send_signal(signal.SIGCONT)
    assert (await sleeper.stdout.read()).split() == [b"LeaseLost", b"LeaseLost"]
    assert await sleeper.wait() == 0
    assert await stores.tasks.holds(task.task_id, heir.generation)
    assert (await stores.tasks.get(task.task_id)).node == ""


# --- a full disk --------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_on_a_full_disk_nothing_is_half_written_and_work_goes_on_with_space(small_disk):
    stores = await opened(small_disk, exclusive=True)
    approval = await asked(stores)
    ballast = small_disk / "ballast"
    with ballast.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
    kept: list[Task] = []
    with pytest.raises(StoreUnusable) as full:
        for _ in range(2000):
            kept.append(await stores.tasks.add(a_task("x" * 3000)))
    assert full.value.remedy
    with pytest.raises(StoreUnusable):
        await stores.check()
    decision = Decision(choice="approve", patch_hash=HASH, by=Person(channel="rest", person_id="p"))
    with pytest.raises(StoreUnusable):
        await asyncio.gather(
            stores.approvals.decide(approval.approval_id, decision),
            stores.audit.record(AuditEntry(action="decision", detail={"text": "x" * 100_000})),
        )
    ballast.unlink()
    await stores.check()
    decided = await stores.approvals.get(approval.approval_id)
    if decided.state is ApprovalState.PENDING:
        decided = await stores.approvals.decide(approval.approval_id, decision)
    assert (decided.state, decided.decision) == (ApprovalState.APPROVED, decision)
    assert await stores.audit.verify() is None
    assert (await stores.tasks.counts())[TaskStatus.QUEUED] == len(kept)
    await stores.close()
    stores = await opened(small_disk, exclusive=True)
    assert await stores.tasks.find("latest") == tuple(kept[-1:]) or not kept
    await stores.close()


# --- tampering ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        ("UPDATE audit SET entry = replace(entry, '\"n\":4', '\"n\":9') WHERE number = 5", 5),
        ("UPDATE audit SET at = '2020-01-01' WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number > 8", 9),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET digest = 'x' WHERE number = 10", 10),
    ],
)
async def test_a_tampered_audit_log_is_noticed_with_its_row(tmp_path, stores, tamper, broken):
    for n in range(10):
        await stores.audit.record(AuditEntry(action="decision", detail={"n": n}))
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as forger:
        forger.create_function("checksum", -1, checksum, deterministic=True)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            forger.execute(tamper)
        forger.execute("DROP TRIGGER audit_rows_stay")
        forger.execute("DROP TRIGGER audit_rows_hold")
        forger.execute("PRAGMA ignore_check_constraints=ON")
        forger.execute(tamper)
    assert await stores.audit.verify() == broken


# --- size and speed -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_thousands_of_waiting_tasks_cost_a_look_next_to_nothing(tmp_path, count):
    asked_before = await wait(tmp_path, FEW)
    with_few = await costs_ms(tmp_path)
    await wait(tmp_path, count)
    with_many = await costs_ms(tmp_path)
    slower = {name: with_many[name] / max(with_few[name], 1.0) for name in with_few}
    assert {name: ratio for name, ratio in slower.items() if ratio > SLOWER_MAX} == {}
    stores = await opened(tmp_path, exclusive=True)
    await stores.approvals.decide(
        asked_before[-1].approval_id,
        Decision(choice="reject", patch_hash=HASH, by=Person(channel="rest", person_id="p")),
    )
    lease = await stores.tasks.take("w", limit_running=5, ttl_s=45)
    await stores.close()
    assert lease
    assert lease.task_id == asked_before[-1].task_id


async def wait(folder: Path, count: int) -> list[Approval]:
    """Let so many tasks more wait for an answer."""
    stores = await opened(folder, exclusive=True)
    asked_for = []
    for done in range(0, count, 500):
        asked_for += await asyncio.gather(*(asked(stores) for _ in range(min(500, count - done))))
    await stores.close()
    return asked_for


async def costs_ms(folder: Path) -> dict[str, float]:
    """What is asked again and again while tasks wait."""
    stores = await opened(folder, exclusive=True)
    waiting = TaskFilter(status=TaskStatus.WAITING)
    costs = {
        "list": await best_ms(lambda: stores.tasks.list(waiting, limit=FEW)),
        "counts": await best_ms(stores.tasks.counts),
        "approvals": await best_ms(lambda: stores.approvals.list(limit=FEW)),
        "take": await best_ms(lambda: stores.tasks.take("w", limit_running=5, ttl_s=45)),
    }
    await stores.close()
    return costs


async def best_ms(work: Any) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


async def test_what_was_decided_before_the_table_of_it_is_in_it(tmp_path: Path) -> None:
    steps = tmp_path / "steps"
    steps.mkdir()
    for step in sorted(MIGRATIONS.glob("*.sql"))[:13]:
        shutil.copy(step, steps)
    task, now = a_task(), SystemClock().now()
    decision = Decision(
        choice="reject",
        text="Ölstand »unklar«",
        patch_hash=HASH,
        by=Person(channel="rest", person_id="ann"),
    )
    pending = Approval(
        approval_id="a",
        interrupt_id="i",
        question=a_question(task.task_id),
        nonce="n",
        created_at=now,
        expires_at=now,
    )
    decided = pending.but(
        approval_id="b",
        interrupt_id="j",
        nonce="m",
        state=decision.state,
        decision=decision,
        decided_at=now,
    )
    old = await Database.open(tmp_path / FILE_NAME, steps)

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO tasks (task_id, document, seal) VALUES (?1, ?2, checksum(?2))",
            (task.task_id, task.model_dump_json()),
        )
        connection.execute(
            "INSERT INTO idempotency_keys (key, request_hash, task_id, created_at)"
            " VALUES ('k', 'h', ?, '2026')",
            (task.task_id,),
        )
        connection.executemany(
            "INSERT INTO approvals (expires_at, document, seal) VALUES (?1, ?2, checksum(?1, ?2))",
            [("2026", one.model_dump_json()) for one in (pending, decided)],
        )

    await old.write(write)
    await old.close()
    stores = await opened(tmp_path)
    assert await stores.approvals.rulings() == (decided.ruling,)
    await stores.close()
    await (await opened(tmp_path)).close()

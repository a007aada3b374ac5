"""What every kind of store owes to the port InteractionLog."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core import figures
from core.figures import Query
from core.interactions import Entry, Interaction, MemoryDiff, RoleResult
from core.models import Message, Tokens, ToolCall
from core.ports import InteractionLog
from observability.interactions import LOGS
from observability.interactions.queries import queries
from observability.interactions.rows import TEXT_MAX
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.fakes.bigquery_server import PROJECT, BigQueryServer
from tests.fakes.clock import START, FakeClock

SECRET = "hunter2-hunter2-hunter2"


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[InteractionLog]:
    log = await SqliteInteractionLog.open(folder, clock=FakeClock(), redactor=Redactor([SECRET]))
    try:
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def bigquery(folder: Path) -> AsyncIterator[InteractionLog]:
    from observability.interactions.bigquery import BigQueryInteractionLog
    from observability.interactions.cloud import Place

    if folder not in CLOUDS:
        CLOUDS[folder] = BigQueryServer()
        CLOUDS[folder].__enter__()
    place = Place(PROJECT, "agent_system", 10**9, emulator=CLOUDS[folder].url)
    given: dict[str, Any] = {"clock": FakeClock(), "redactor": Redactor([SECRET])}
    log = await BigQueryInteractionLog.open(folder, place=place, uploads=True, **given)
    try:
        yield log
    finally:
        await log.close()


CLOUDS: dict[Path, BigQueryServer] = {}
"""A cloud outlasts whoever writes to it."""
OPENERS: dict[str, Any] = {"sqlite": sqlite, "bigquery": bigquery}


@pytest.fixture(autouse=True)
def _clouds_end() -> Iterator[None]:
    yield
    while CLOUDS:
        CLOUDS.popitem()[1].__exit__()


def settle() -> None:
    """Let the time pass in which a cloud changes no row that came just now."""
    for cloud in CLOUDS.values():
        cloud.store.settle()


@pytest.fixture(params=LOGS)
def opener(request, tmp_path: Path) -> AbstractAsyncContextManager[InteractionLog]:
    opened: AbstractAsyncContextManager[InteractionLog] = OPENERS[request.param](tmp_path)
    return opened


@pytest.fixture
async def log(
    opener: AbstractAsyncContextManager[InteractionLog],
) -> AsyncIterator[InteractionLog]:
    async with opener as opened:
        yield opened


def call(after_s: float = 0.0, **given: Any) -> Interaction:
    fields: dict[str, Any] = {
        "interaction_id": uuid4().hex,
        "ended_at": START + timedelta(seconds=after_s),
        "task_id": "t1",
        "agent": "t1/fix",
        "role": "fix",
        "node": "fix",
        "model": "openai/double",
        "messages": (
            Message(author="system", text="You mend code."),
            Message(author="user", text="Mend it."),
        ),
        "tools": ("read_file",),
        "response": "Done.",
        "calls": (ToolCall(call_id="c1", name="read_file", arguments='{"path": "a.py"}'),),
        "tokens": Tokens(sent=100, received=20, cached=40),
        "cost_usd": 0.25,
        "seconds": 1.5,
        "success": True,
    }
    return Interaction(**{**fields, **given})


def result(**given: Any) -> RoleResult:
    fields: dict[str, Any] = {
        "task_id": "t1",
        "role": "fix",
        "ended_at": START,
        "outcome": "fixed",
        "success": True,
        "calls": 2,
        "tokens": Tokens(sent=200, received=40),
        "cost_usd": 0.5,
        "seconds": 3.0,
    }
    return RoleResult(**{**fields, **given})


async def fill(log: InteractionLog, *entries: Entry) -> None:
    for entry in entries:
        log.record(entry)
    await log.flush()


async def test_a_call_comes_back_as_it_was_logged(log: InteractionLog) -> None:
    wanted = call()
    await fill(log, wanted)
    (found,) = await log.ask(figures.latest_of_role("fix"))
    assert found == figures.LoggedCall(
        id=wanted.interaction_id,
        ts=START,
        task_id="t1",
        agent="t1/fix",
        role="fix",
        node="fix",
        model="openai/double",
        attempt=1,
        system="You mend code.",
        messages=[wanted.messages[1].dump()],
        tools=["read_file"],
        response="Done.",
        calls=[wanted.calls[0].dump()],
        tokens_in=100,
        tokens_out=20,
        tokens_cached=40,
        cost_usd=0.25,
        latency_ms=1500.0,
        success=True,
        error="",
        outcome=None,
    )


async def test_the_same_call_twice_is_one_row(log: InteractionLog) -> None:
    again = call()
    await fill(log, again, again)
    await fill(log, again)
    assert len(await log.ask(figures.latest_of_role("fix"))) == 1


async def test_secrets_are_masked_in_every_text(log: InteractionLog) -> None:
    planted = f"the key is {SECRET}, and sk-abcdefghijklmnopqrstuv"
    wish = ToolCall(call_id="c", name="shell", arguments=f'{{"command": "echo {SECRET}"}}')
    prompt = (Message(author="system", text=planted), Message(author="user", text=planted))
    diff = MemoryDiff(
        role="fix", version=2, changed_at=START, added=(planted,), removed=(planted,), reason=SECRET
    )
    await fill(log, call(messages=prompt, response=planted, error=planted, calls=(wish,)), diff)
    rows = [
        *await log.ask(figures.latest_of_role("fix")),
        *await log.ask(figures.memory_diffs("fix")),
    ]
    shown = "".join(row.model_dump_json() for row in rows)
    assert shown.count("[secret]") >= 9
    assert SECRET not in shown
    assert "sk-abc" not in shown


async def test_the_last_calls_of_a_role_come_with_the_outcome_of_their_task(
    log: InteractionLog,
) -> None:
    await fill(
        log,
        call(1, response="first"),
        call(2, response="second", task_id="t2"),
        call(3, response="other", role="qa"),
        call(4, response="third", task_id="t2"),
        result(task_id="t1", outcome="fixed"),
        result(task_id="t2", role="qa", outcome="rejected", success=False),
    )
    found = await log.ask(figures.latest_of_role("fix", limit=2))
    assert [(row.response, row.outcome) for row in found] == [("third", None), ("second", None)]
    await fill(log, result(task_id="t2", outcome="rejected", success=False))
    found = await log.ask(figures.latest_of_role("fix"))
    assert [(row.response, row.outcome) for row in found] == [
        ("third", "rejected"),
        ("second", "rejected"),
        ("first", "fixed"),
    ]


async def test_the_last_calls_can_be_narrowed(log: InteractionLog) -> None:
    await fill(
        log,
        call(1, response="a"),
        call(2, response="b", role="qa"),
        call(3, response="c", success=False, error="busy"),
        call(4, response="d", task_id="t2"),
    )

    async def responses(**narrowed: Any) -> str:
        return "".join(row.response for row in await log.ask(figures.latest(10, **narrowed)))

    assert await responses() == "dcba"
    assert await responses(role="qa") == "b"
    assert await responses(task_id="t1") == "cba"
    assert await responses(success="false") == "c"
    assert await responses(success="true", task_id="t1") == "ba"
    third = START + timedelta(seconds=3)
    assert await responses(since=third) == "dc"
    of_role = await log.ask(figures.latest_of_role("fix", since=third))
    assert "".join(row.response for row in of_role) == "dc"
    newest = (await log.ask(figures.latest(1)))[0].id
    assert len(await log.ask(figures.call("t2", newest, third))) == 1
    assert await log.ask(figures.call("t2", newest, START + timedelta(seconds=5))) == ()


async def test_a_conversation_is_read_page_by_page(log: InteractionLog) -> None:
    same_moment = [call(5, response=f"r{n}", interaction_id=f"id{n}") for n in range(3)]
    await fill(
        log, call(9, response="last"), *same_moment, call(1, response="first"), call(task_id="t2")
    )
    seen: list[str] = []
    last = (figures.BEGINNING, "")
    while page := await log.ask(figures.conversation("t1", 2, after=last)):
        assert len(page) <= 2
        seen += [row.response for row in page]
        last = (page[-1].ts, page[-1].id)
    assert seen == ["first", "r0", "r1", "r2", "last"]


async def test_costs_are_summed_by_day_role_and_model(log: InteractionLog) -> None:
    day = 24 * 3600.0
    await fill(
        log,
        call(),
        call(60, cost_usd=None),
        call(60, model="ollama/a", cost_usd=0.0),
        call(day),
        call(2 * day),
    )
    until = START + timedelta(days=2)
    found = await log.ask(figures.costs(START, until))
    assert [(row.day, row.model, row.calls, row.cost_usd, row.unpriced_calls) for row in found] == [
        (date(2026, 3, 1), "ollama/a", 1, 0.0, 0),
        (date(2026, 3, 1), "openai/double", 2, 0.25, 1),
        (date(2026, 3, 2), "openai/double", 1, 0.25, 0),
    ]
    assert (found[1].tokens_in, found[1].tokens_out, found[1].tokens_cached) == (200, 40, 80)


async def test_a_day_is_one_of_utc(log: InteractionLog) -> None:
    await fill(log, call(ended_at=START.replace(hour=23, minute=59)), call(12 * 3600.0))
    found = await log.ask(figures.costs(START, START + timedelta(days=2)))
    assert [row.day.day for row in found] == [1, 2]
    assert START.tzinfo is UTC


async def test_success_of_roles_is_that_of_their_tasks(log: InteractionLog) -> None:
    old = result(task_id="t0", ended_at=START - timedelta(days=1))
    await fill(
        log,
        old,
        *(
            result(task_id=f"t{n}", success=n != 3, cost_usd=None if n == 3 else 0.5)
            for n in (1, 2, 3)
        ),
        result(role="qa"),
    )
    found = await log.ask(figures.success_rates(START))
    assert [(row.role, row.tasks, row.successes, row.cost_usd) for row in found] == [
        ("fix", 3, 2, 1.0),
        ("qa", 1, 1, 0.5),
    ]
    assert found[0].rate == pytest.approx(2 / 3)
    assert found[0].tokens == 720


async def test_calls_that_failed_are_counted_apart(log: InteractionLog) -> None:
    await fill(log, call(), call(success=False, error="busy"), call(role="qa"))
    await fill(log, call(success=False, error="CancelledError"))
    found = await log.ask(figures.call_rates(START))
    assert await log.lately(figures.call_rates(START)) == found
    assert [(row.role, row.calls, row.failures) for row in found] == [("fix", 2, 1), ("qa", 1, 0)]


async def test_latency_is_told_by_nearest_rank(log: InteractionLog) -> None:
    await fill(
        log,
        *(call(seconds=n / 1000) for n in range(1, 101)),
        call(seconds=99.0, success=False),
        call(role="qa", seconds=0.25),
    )
    fix, qa = await log.ask(figures.latencies(START))
    assert await log.lately(figures.latencies(START)) == (fix, qa)
    assert (fix.calls, fix.p50_ms, fix.p95_ms, fix.p99_ms) == (100, 50.0, 95.0, 99.0)
    assert (qa.calls, qa.p50_ms, qa.p99_ms) == (1, 250.0, 250.0)


async def test_changes_of_memory_come_newest_first(log: InteractionLog) -> None:
    diffs = [
        MemoryDiff(
            role="fix",
            version=n,
            changed_at=START + timedelta(seconds=n),
            added=(f"rule {n}",),
            reason="reflection",
        )
        for n in (1, 2, 3)
    ]
    await fill(log, *diffs, diffs[0].but(role="qa"))
    found = await log.ask(figures.memory_diffs("fix", limit=2))
    assert [(row.version, row.added, row.removed) for row in found] == [
        (3, ["rule 3"], []),
        (2, ["rule 2"], []),
    ]
    assert {row.role for row in await log.ask(figures.memory_diffs())} == {"fix", "qa"}


async def test_what_was_said_is_forgotten_but_for_open_tasks(log: InteractionLog) -> None:
    await fill(
        log,
        call(1, error="odd"),
        call(2, task_id="open"),
        call(3, task_id=""),
        call(200, response="new"),
    )
    assert len(await log.ask(figures.latest(10))) == 4
    settle()
    assert await log.forget(START + timedelta(seconds=100), ["open", "other"]) == 2
    rows = await log.ask(figures.latest(10))
    assert [row.response for row in rows] == ["new", "", "Done.", ""]
    old = rows[3]
    assert (old.system, old.messages, old.calls, old.error) == ("", [], [], "")
    assert [row.forgotten for row in rows] == [False, True, False, True]
    assert (old.tokens_in, old.cost_usd, old.tools) == (100, 0.25, ["read_file"])
    assert await log.forget(START + timedelta(seconds=100), ["open"]) == 0


async def test_odd_and_long_texts_are_kept_as_far_as_they_can_be(log: InteractionLog) -> None:
    odd = "nul \x00, half a pair \ud800, “quotes”, 漢字 🎉\r\n"
    await fill(log, call(response=odd), call(1, response="x" * 300_000 + "end"))
    long, short = await log.ask(figures.latest(10))
    assert short.response == odd.replace("\ud800", "?")
    assert len(long.response) < 210_000
    assert long.response.startswith("xxx")
    assert long.response.endswith("xend")
    assert "100003 characters left out" in long.response


async def test_no_half_of_a_secret_stands_where_a_long_text_is_cut(log: InteractionLog) -> None:
    half = TEXT_MAX // 2
    planted = "x" * (half - len(SECRET) + 3) + SECRET + "y" * TEXT_MAX
    prompt = (Message(author="system", text=planted), Message(author="user", text=planted))
    await fill(log, call(messages=prompt, response=planted, error=planted))
    (row,) = await log.ask(figures.latest(1))
    assert SECRET[:8] not in row.model_dump_json()


async def test_a_number_that_no_column_takes_holds_up_nothing(log: InteractionLog) -> None:
    await fill(log, call(), call(tokens=Tokens(sent=2**70)), call())
    assert len(await log.ask(figures.latest(10))) == 2
    assert log.health().refused == 1
    assert log.health().waiting == 0


async def test_costs_are_told_by_task_and_day_without_what_has_no_price(
    log: InteractionLog,
) -> None:
    day = 86_400.0
    await fill(
        log,
        call(0, task_id="t1", cost_usd=0.25),
        call(1, task_id="t1", cost_usd=None),
        call(2, task_id="", cost_usd=0.5),
        call(day, task_id="t1", cost_usd=1.0),
        call(2 * day, task_id="t1", cost_usd=9.0),
    )
    found = await log.ask(figures.task_costs(START, START + timedelta(days=2)))
    first, second = START.date(), (START + timedelta(days=1)).date()
    assert [
        (row.day, row.task_id, row.calls, row.cost_usd, row.unpriced_calls) for row in found
    ] == [
        (first, "", 1, 0.5, 0),
        (first, "t1", 2, 0.25, 1),
        (second, "t1", 1, 1.0, 0),
    ]
    assert (found[1].calls, found[1].tokens_in) == (2, 200)


async def test_a_task_counts_once_for_each_model_that_played_in_it(log: InteractionLog) -> None:
    await fill(
        log,
        call(1, task_id="t1", model="a"),
        call(2, task_id="t1", model="a"),
        call(3, task_id="t1", model="b", role="qa"),
        call(4, task_id="t2", model="a"),
        call(5, task_id="open", model="a"),
        call(6, task_id="t3", model="b"),
        result(task_id="t1"),
        result(task_id="t1", role="qa"),
        result(task_id="t2", outcome="failed", success=False),
        result(task_id="t3", ended_at=START + timedelta(days=3)),
    )
    found = await log.ask(figures.model_outcomes(START, START + timedelta(days=1)))
    assert [(row.model, row.outcome, row.tasks) for row in found] == [
        ("a", "failed", 1),
        ("a", "fixed", 1),
        ("b", "fixed", 1),
    ]


async def test_rates_and_latencies_end_where_the_time_does(log: InteractionLog) -> None:
    late = START + timedelta(days=2)
    await fill(log, call(0, seconds=1.0), call(2 * 86_400, seconds=9.0))
    await fill(log, result(), result(task_id="t2", ended_at=late, outcome="failed", success=False))
    (rate,) = await log.ask(figures.success_rates(START, late))
    assert (rate.tasks, rate.rate) == (1, 1.0)
    (took,) = await log.ask(figures.latencies(START, late))
    assert (took.calls, took.p95_ms) == (1, 1000.0)


async def test_what_was_taken_at_the_end_is_there_at_the_next_start(
    log: InteractionLog, request, tmp_path: Path
) -> None:
    log.record(call(response="late"))
    await log.close()
    kind = request.node.callspec.params["opener"]
    async with OPENERS[kind](tmp_path) as again:
        (found,) = await again.ask(figures.latest(10))
    assert found.response == "late"


async def test_every_query_is_asked_by_some_test_and_gives_what_it_says(
    log: InteractionLog,
) -> None:
    diff = MemoryDiff(role="fix", version=1, changed_at=START, reason="x")
    await fill(log, call(interaction_id="id1"), result(), diff)
    asked: list[Query[Any]] = [
        figures.costs(START, START + timedelta(days=1)),
        figures.task_costs(START, START + timedelta(days=1)),
        figures.model_outcomes(START, START + timedelta(days=1)),
        figures.success_rates(START),
        figures.call_rates(START),
        figures.latencies(START),
        figures.latest_of_role("fix"),
        figures.latest(5),
        figures.conversation("t1", 5),
        figures.call("t1", "id1"),
        figures.memory_diffs("fix"),
    ]
    for query in asked:
        assert len(await log.ask(query)) == 1, query.name
    assert {query.name for query in asked} | {"forget"} == set(queries())


async def test_a_call_costs_the_road_of_a_task_next_to_nothing(
    log: InteractionLog, record_property
) -> None:
    entries = [call() for _ in range(500)]
    began, road = time.process_time(), time.thread_time()
    for entry in entries:
        log.record(entry)
    taking = time.thread_time() - road
    await log.flush()
    each_us = taking / len(entries) * 1e6
    record_property("figure", f"a model call is taken by the log in {each_us:.1f} µs")
    assert taking < (time.process_time() - began) / 10, "what is slow is done off the road"

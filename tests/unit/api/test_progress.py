"""Progress is what the log says, no more."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.progress import TIMELINE_MAX, progress
from core.events import Notice
from graph.repair.workflow import NODES
from observability.events import SqliteEventLog
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    log = await SqliteEventLog.open(tmp_path, clock=FakeClock(), redactor=Redactor())
    yield log
    await log.close()


async def step(log: SqliteEventLog, node: str, state: str, **facts: Any) -> None:
    await log.append(Notice(type="node", task_id="t", data={"node": node, "state": state, **facts}))


async def test_before_the_first_step_all_are_pending(log: SqliteEventLog) -> None:
    shown = await progress(log, "t")
    assert [one["node"] for one in shown["pipeline"]] == list(NODES)
    assert {one["state"] for one in shown["pipeline"]} == {"pending"}
    assert (shown["agent_stats"], shown["agent_timeline"]) == ({}, [])


async def test_steps_are_counted_timed_and_told_in_order(log: SqliteEventLog) -> None:
    await step(log, "fix", "started")
    await step(log, "fix", "finished", ms=5, summary="no candidate")
    await step(log, "fix", "started")
    await step(log, "fix", "failed", ms=7, cost_usd=0.25)
    await log.append(Notice(type="node", task_id="other", data={"node": "qa", "state": "started"}))
    await log.append(Notice(type="end", task_id="t", data={"outcome": "failed", "reason": "Why"}))
    shown = await progress(log, "t")
    fix = next(one for one in shown["pipeline"] if one["node"] == "fix")
    assert (fix["state"], fix["runs"], fix["ms"]) == ("failed", 2, 12)
    assert shown["agent_stats"] == {
        "fix": {
            "status": "failed",
            "runs": 2,
            "ms": 12,
            "cost_usd": 0.25,
            "tokens": None,
            "files": None,
        }
    }
    told = [(line["agent"], line["event"], line["summary"]) for line in shown["agent_timeline"]]
    assert told == [
        ("fix", "started", ""),
        ("fix", "finished", "no candidate"),
        ("fix", "started", ""),
        ("fix", "failed", ""),
        (None, "end: failed", "Why"),
    ]


async def test_a_long_story_keeps_its_end(log: SqliteEventLog) -> None:
    for number in range(600):
        await step(log, "fix", "started", summary=str(number))
    timeline = (await progress(log, "t"))["agent_timeline"]
    assert len(timeline) == TIMELINE_MAX
    assert timeline[-1]["summary"] == "599"


async def test_branches_of_the_graph_share_a_stage(log: SqliteEventLog) -> None:
    stage = {one["node"]: one["stage"] for one in (await progress(log, "t"))["pipeline"]}
    assert stage["diagnose"] == stage["reproduce"]
    assert len(set(stage.values())) == len(NODES) - 1
    assert stage["triage"] < stage["diagnose"] < stage["join"] < stage["fix"]


async def test_what_was_found_is_told_before_the_task_rests(log: SqliteEventLog) -> None:
    assert "tests" not in await progress(log, "t")
    guess = {"path": "a.py", "line": 2, "score": 0.1}
    known = {"root_cause": "It toggles.", "claims": [], "suspects": [guess]}
    await log.append(Notice(type="diagnosis", task_id="t", data=known))
    assert (await progress(log, "t"))["diagnosis"]["searched"] is False
    weighed = {"done": True, "suspects": [{**guess, "score": 0.9}]}
    await log.append(Notice(type="search", task_id="t", data=weighed))
    runs = {"before": {"passed": 1, "failed": ["a::t"]}, "after": {"passed": 2, "failed": []}}
    proof = {"verdict": "fixed", "regression_tests": ["a::t"], **runs}
    await log.append(Notice(type="evidence", task_id="t", data=proof))
    shown = await progress(log, "t")
    assert (shown["diagnosis"]["suspects"][0]["score"], shown["diagnosis"]["searched"]) == (
        0.9,
        True,
    )
    assert shown["tests"] == runs
    evidence = shown["evidence"]
    assert (evidence["verdict"], evidence["regression_test"]) == ("fixed", "a::t")

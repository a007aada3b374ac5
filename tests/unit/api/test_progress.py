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
    assert {"node": "fix", "state": "failed"} in shown["pipeline"]
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

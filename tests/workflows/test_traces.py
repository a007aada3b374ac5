"""One trace holds all of a task: its spans, over restarts too, and every record of its logs."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.tasks import trace_id_for
from evals.scripted import Script
from observability import records
from observability.redaction import Redactor
from tests.workflows.house import house


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged, as JSON lines."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    records.set_up("DEBUG", "json", Redactor(), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def spans(tmp_path: Path) -> list[dict[str, Any]]:
    file = tmp_path / "data" / "traces" / "spans.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_a_task_is_one_trace_over_a_restart(tmp_path: Path, logged: io.StringIO) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        await here.decide(await here.pending(task), "approve")
    async with house(tmp_path) as here:
        logging.getLogger("elsewhere").info("between two tasks")
        task = await here.anton.drive(task.task_id)
    found = spans(tmp_path)
    trace_id = trace_id_for(task.task_id)
    assert {one["trace_id"] for one in found} == {trace_id}
    nodes = [one for one in found if one["name"].startswith("node ")]
    assert [one["name"] for one in nodes].count("node approve") == 2, "it asked, and was answered"
    (root,) = [one for one in found if one["name"] == "task repair"]
    assert {one["parent_id"] for one in nodes} == {root["span_id"]}
    assert root["start"] <= min(one["start"] for one in nodes)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    mine = [line for line in lines if line["task_id"] == task.task_id]
    assert {line["trace_id"] for line in mine} == {trace_id}
    assert [line["trace_id"] for line in lines if line["logger"] == "elsewhere"] == [""]


async def test_a_step_that_fails_is_a_span_that_failed(tmp_path: Path, logged: io.StringIO) -> None:
    async with house(tmp_path, Script(failures={"diagnose": RuntimeError("no such luck")})) as here:
        task = await here.run()
    (failed,) = [one for one in spans(tmp_path) if one["name"] == "node diagnose"]
    assert (failed["status"], failed["attributes"]["error.type"]) == ("error", "RuntimeError")
    told = [json.loads(line) for line in logged.getvalue().splitlines()]
    (line,) = [line for line in told if line["message"] == "the step diagnose failed"]
    assert (line["task_id"], line["trace_id"]) == (task.task_id, trace_id_for(task.task_id))

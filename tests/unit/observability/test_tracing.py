"""Spans nest, hold no secret, reach file and receiver, and hold nobody up where one is away."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.tasks import Outcome, Task, TaskRequest, trace_id_for
from observability import exporting
from observability.exporting import FILES_MAX, JsonLinesExporter
from observability.redaction import MASK, Redactor
from observability.tracing import Tracing, masked, span
from tests.fakes.clock import START
from tests.fakes.otlp_server import OtlpServer

TASK_ID = "1f0c9a2e-89ab-4cde-8123-456789abcdef"
SECRET = "hunter2-and-more"


@asynccontextmanager
async def opened(folder: Path, **others: Any) -> AsyncIterator[Tracing]:
    tracing = Tracing.open(folder, Redactor([SECRET]), version="1", **others)
    try:
        yield tracing
    finally:
        await tracing.close()


def written(folder: Path) -> dict[str, dict[str, Any]]:
    """The spans of the file by name."""
    lines = (folder / "spans.jsonl").read_text().splitlines()
    return {line["name"]: line for line in map(json.loads, lines)}


def files(folder: Path) -> list[int]:
    """Sizes of what lies there."""
    return [path.stat().st_size for path in folder.iterdir()]


def a_task(**more: Any) -> Task:
    request = TaskRequest(repository="/srv/shop", text="it breaks")
    return Task(task_id=TASK_ID, request=request, created_at=START, updated_at=START, **more)


async def test_spans_hang_below_one_another_and_all_below_their_task(tmp_path: Path) -> None:
    async with opened(tmp_path) as tracing:
        with tracing.of_task(TASK_ID), span("node fix"), span("invoke_agent fix"):
            with span("chat m", kind="client", gen_ai__usage__input_tokens=7):
                pass
            with span("execute_tool grep"):
                pass
        with tracing.of_task(TASK_ID), span("node qa"):
            pass
        tracing.ended(a_task(outcome=Outcome.FIXED, ended_at=START))
    found = written(tmp_path)
    above = {name: one["parent_id"] for name, one in found.items()}
    ids = {name: one["span_id"] for name, one in found.items()}
    assert above["task repair"] == ""
    assert above["node fix"] == above["node qa"] == ids["task repair"]
    assert above["invoke_agent fix"] == ids["node fix"]
    assert above["chat m"] == above["execute_tool grep"] == ids["invoke_agent fix"]
    assert {one["trace_id"] for one in found.values()} == {trace_id_for(TASK_ID)}
    assert found["chat m"]["attributes"] == {"gen_ai.usage.input_tokens": 7}
    assert (found["chat m"]["kind"], found["node fix"]["kind"]) == ("client", "internal")
    assert found["task repair"]["attributes"]["anton.outcome"] == "fixed"
    assert (tmp_path / "spans.jsonl").stat().st_mode & 0o777 == 0o600


async def test_branches_that_run_beside_each_other_keep_their_places(tmp_path: Path) -> None:
    async def branch(name: str) -> None:
        with span(f"node {name}"):
            await asyncio.sleep(0)
            with span(f"invoke_agent {name}"):
                await asyncio.sleep(0)

    async with opened(tmp_path) as tracing:
        with tracing.of_task(TASK_ID):
            await asyncio.gather(branch("diagnose"), branch("reproduce"))
    found = written(tmp_path)
    for name in ("diagnose", "reproduce"):
        assert found[f"invoke_agent {name}"]["parent_id"] == found[f"node {name}"]["span_id"]


async def test_an_error_is_told_masked_and_a_calm_one_is_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as tracing:
        with tracing.of_task(TASK_ID):
            with pytest.raises(ValueError, match="hunter2"), span("broken", what=f"a {SECRET}"):
                raise ValueError(f"the key {SECRET} is wrong")
            with pytest.raises(KeyError), span("paused", calm=(LookupError,)):
                raise KeyError
    found = written(tmp_path)
    assert (found["broken"]["status"], found["paused"]["status"]) == ("error", "unset")
    assert found["broken"]["error"] == f"ValueError: the key {MASK} is wrong"
    assert found["broken"]["attributes"] == {"what": f"a {MASK}", "error.type": "ValueError"}


def test_what_cannot_be_masked_is_withheld() -> None:
    class Broken(Redactor):
        def text(self, text: str) -> str:
            raise RuntimeError(text)

    assert masked({"what": SECRET}, Broken()) == {}


async def test_where_nothing_is_traced_a_span_is_nothing(tmp_path: Path) -> None:
    with span("alone") as begun:
        begun.set(tokens=1)
    with Tracing.off().of_task(TASK_ID), span("off") as begun:
        begun.fail(ValueError())
    Tracing.off().ended(a_task())
    assert files(tmp_path) == []


async def test_a_receiver_gets_what_the_file_gets(tmp_path: Path) -> None:
    with OtlpServer() as otlp, OtlpServer() as langfuse:
        headers, keys = {"x-team": "blue"}, ("pk-1", "sk-lf-2")
        async with opened(
            tmp_path,
            otlp=otlp.url,
            otlp_headers=headers,
            langfuse=langfuse.url,
            langfuse_keys=keys,
        ) as tracing:
            with tracing.of_task(TASK_ID), span("node fix", tokens=3, said=SECRET):
                pass
            await tracing.flush()
            assert {one["trouble"] for one in tracing.health().values()} == {""}
        assert otlp.paths == ["/v1/traces"]
        assert otlp.headers[0]["x-team"] == "blue"
        assert langfuse.paths == ["/api/public/otel/v1/traces"]
        login = base64.b64decode(langfuse.headers[0]["authorization"].removeprefix("Basic "))
        assert login == b"pk-1:sk-lf-2"
        assert otlp.services == {"anton"}
        (received,), (twin,) = otlp.spans, langfuse.spans
        assert received.name == twin.name == "node fix"
        assert received.trace_id.hex() == trace_id_for(TASK_ID)
        assert received.span_id.hex() == written(tmp_path)["node fix"]["span_id"]
        told = {one.key: one.value for one in received.attributes}
        assert told["tokens"].int_value == 3
        assert told["said"].string_value == MASK


@pytest.mark.parametrize("how", ["refuses", "hangs", "is gone"])
async def test_a_receiver_that_is_away_costs_a_counter_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(exporting, "QUEUE_MAX", 20)
    monkeypatch.setattr(exporting, "GOODBYE_S", 0.2)
    with OtlpServer() as server:
        server.status = 400 if how == "refuses" else 200
        if how == "hangs":
            server.gate.clear()
        address = server.url if how != "is gone" else "http://127.0.0.1:9"
        async with opened(tmp_path, otlp=address) as tracing:
            with tracing.of_task(TASK_ID):
                for _ in range(500):
                    with span("node fix"):
                        pass
        lost = tracing.health()["otlp"]
        assert (lost["written"], lost["dropped"]) == (0, 500)


async def test_full_files_are_numbered_and_the_oldest_goes(tmp_path: Path) -> None:
    courier = exporting.Courier("small", JsonLinesExporter(tmp_path, max_bytes=2_000))
    small = Tracing(exporting.provider([courier], "1"), [courier], Redactor())
    for number in range(60):
        with small.of_task(TASK_ID), span(f"node {number}"):
            pass
        await small.flush()
    await small.close()
    sizes = files(tmp_path)
    assert len(sizes) == FILES_MAX + 1
    assert max(sizes) <= 2_000
    assert "node 59" in written(tmp_path)

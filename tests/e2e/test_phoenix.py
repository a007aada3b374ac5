"""A real receiver of traces shows a repair as one tree.

It is installed beside the project, as it brings 150 packages:

    python -m venv /tmp/phoenix && /tmp/phoenix/bin/pip install arize-phoenix==20.26.1
    PHOENIX=/tmp/phoenix/bin/phoenix python -m pytest tests/e2e/test_phoenix.py -m slow
"""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.tasks import trace_id_for
from tests.workflows.house import house

PROGRAM = os.environ.get("PHOENIX", "")
READY_S = 300
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(READY_S + 60),
    pytest.mark.skipif(not PROGRAM, reason="PHOENIX names no receiver of traces"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def phoenix(tmp_path: Path) -> Iterator[str]:
    """The address of a running one."""
    port, grpc = free_port(), free_port()
    process = subprocess.Popen(
        [PROGRAM, "serve"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": str(grpc),
            "PHOENIX_WORKING_DIR": str(tmp_path / "phoenix"),
            "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
            "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
            "PHOENIX_TELEMETRY_ENABLED": "false",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while not answers(f"{address}/healthz"):
            assert process.poll() is None, "it has ended"
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def answers(address: str) -> bool:
    """Whether somebody says that all is well there."""
    with suppress(httpx.HTTPError):
        return httpx.get(address).status_code == 200
    return False


async def shown(address: str) -> list[dict[str, Any]]:
    """The spans that it has, by its own REST."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"{address}/v1/projects/default/spans", params={"limit": 1000}, timeout=30
        )
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_a_repair_is_one_tree(tmp_path: Path, phoenix: str) -> None:
    async with house(tmp_path, otel_exporter_otlp_endpoint=phoenix) as here:
        task = await here.answer(await here.run(), "approve")
        await here.anton.observatory.records.tracing.flush()
        assert here.anton.observatory.records.tracing.health()["otlp"]["dropped"] == 0
    spans: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while "task repair" not in {one["name"] for one in spans}:
            await asyncio.sleep(0.5)
            spans = await shown(phoenix)
    ids = {one["context"]["span_id"]: one["name"] for one in spans}
    assert {one["context"]["trace_id"] for one in spans} == {trace_id_for(task.task_id)}
    above = {one["name"]: ids.get(one["parent_id"] or "") for one in spans}
    assert above["task repair"] is None
    assert above["node fix"] == above["node publish"] == "task repair"
    assert (above["invoke_agent fix"], above["effect publish"]) == ("node fix", "node publish")

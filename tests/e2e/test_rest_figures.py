"""Figures over REST: what happened is counted, and no secret is shown."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.errors import HostUnreachable
from core.interactions import Interaction
from core.models import Message, Tokens
from tests.e2e.rest import Served, serving
from tests.fakes.channel import FakeChannel


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as served:
        yield served


async def fixed(house: Served) -> str:
    task_id: str = (await house.waiting())["task_id"]
    await house.ask("POST", f"/tasks/{task_id}/approve")
    await house.until(task_id, "completed")
    return task_id


def logged(house: Served, task_id: str, number: int) -> Interaction:
    """A model call of a task, as the log gets it."""
    return Interaction(
        interaction_id=f"call-{number}",
        ended_at=house.anton.clock.now() - timedelta(seconds=100 - number),
        task_id=task_id,
        role="fix",
        model="m",
        messages=(Message(author="user", text=f"number {number}"),),
        response="done",
        tokens=Tokens(sent=10, received=5),
        cost_usd=None if number == 3 else 0.25,
        success=number != 2,
    )


async def figures_of(house: Served) -> dict[str, float]:
    answer = await house.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        sample.name
        + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_repair_is_in_the_figures(house: Served) -> None:
    await fixed(house)
    async with asyncio.timeout(20):
        while "anton_tasks_ended_total fixed" not in (  # noqa: ASYNC110 - it is asked for over HTTP
            found := await figures_of(house)
        ):
            await asyncio.sleep(0.05)
    assert found["anton_tasks_by_outcome fixed"] == found["anton_tasks completed"] == 1
    assert found["anton_node_seconds_count fix finished"] == 1
    assert found["anton_approval_seconds_count release approved"] == 1
    assert found["anton_effect_seconds_count done publish"] == 1
    assert found["anton_agent_seconds_count done fix"] == 1
    assert (found["anton_approvals_waiting"], found["anton_queue_depth"]) == (0, 0)
    assert found["anton_spans file dropped"] == 0
    assert found["anton_disk_free_bytes"] > 0


async def test_statistics_of_a_time(house: Served) -> None:
    task_id = await fixed(house)
    for number in range(4):
        house.anton.observatory.records.interactions.record(logged(house, task_id, number))
    told = (await house.ask("GET", "/stats")).json()
    assert (told["tasks"]["total"], told["outcomes"]) == (1, {"fixed": 1})
    assert (told["success_rate"], told["false_positives"]) == (1.0, 0)
    assert (told["cost"]["total_usd"], told["cost"]["unpriced_models"]) == (0.75, {"m": 1})
    repo = str(house.repo)
    cost = told["cost"]
    assert [(one["repo"], one["cost_usd"]) for one in cost["by_repo"]] == [(repo, 0.75)]
    (daily,) = cost["daily_by_repo"]
    assert (daily["name"], daily["unpriced_calls"]) == (repo, 1)
    assert told["sent_back"] == {"decided": 1, "sent_back": 0, "share": 0.0}
    pace = told["time_to_pr"]
    assert [one["task_id"] for one in pace["slowest"]] == [task_id]
    assert (pace["tasks"], pace["reached"], pace["share"]) == (1, 1, 1.0)
    assert 0 < pace["time_to_pr"]["p50_s"] < 60
    early = await house.ask("GET", "/stats?until=2020-01-01T00:00:00Z")
    assert early.json()["tasks"]["total"] == 0
    for bad in (
        "since=2026-01-02&until=2026-01-01",
        "since=yesterday",
        "since=289",
        "until=0001-01-01T00:00:00Z",
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
    ):
        assert (await house.ask("GET", f"/stats?{bad}")).status_code == 422


async def test_webhooks_are_counted_by_source_that_is_known_and_result(house: Served) -> None:
    for path in ("/webhooks/nobody", "/webhooks/<script>"):
        await house.ask("POST", path, json={})
    meter = house.anton.observatory.meter
    for status in (200, 202, 401, 413, 503):
        meter.answered("/webhooks/telegram", status)
        meter.answered(f"/webhooks/made-up-{status}", status)
    meter.answered("/slack/events", 200)
    meter.answered("/tasks/slack", 200)
    found = await figures_of(house)
    counted = {name: value for name, value in found.items() if "webhooks_total" in name}
    assert counted == {
        "anton_webhooks_total accepted unknown": 2,
        "anton_webhooks_total failed unknown": 1,
        "anton_webhooks_total refused unknown": 2,
        "anton_webhooks_total unsigned unknown": 1,
        "anton_webhooks_total accepted telegram": 2,
        "anton_webhooks_total accepted slack": 1,
        "anton_webhooks_total failed telegram": 1,
        "anton_webhooks_total refused telegram": 1,
        "anton_webhooks_total unsigned telegram": 1,
    }


async def test_a_channel_is_tried_out_and_its_trouble_is_told(tmp_path: Path) -> None:
    chat = FakeChannel(name="chat")
    async with serving(tmp_path, channels=[chat]) as house:
        answer = await house.ask("POST", "/channels/chat/test")
        assert (answer.status_code, answer.json()["ref"]) == (200, "home:1")
        assert chat.shown[0].card.title == "Anton: a test"
        missing = await house.ask("POST", "/channels/elsewhere/test")
        assert (missing.status_code, "configured: chat" in missing.text) == (404, True)
        chat.failing = HostUnreachable("chat.example does not answer")
        failing = await house.ask("POST", "/channels/chat/test")
        assert failing.status_code == 502
        assert "chat.example does not answer" in failing.json()["detail"]

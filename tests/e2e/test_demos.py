"""Live demos over the wires: REST, Slack and Telegram ask for one, and none of them decides."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rest import PATIENCE_S, Served, serving
from tests.e2e.slack_house import SlackHouse, slack_house
from tests.fakes.repositories import repository
from tests.fakes.slack_server import SlackDouble
from tests.fakes.slack_store import Shown
from tests.fakes.telegram_server import TelegramDouble
from tests.workflows.demos import WITH_APP, become, fetched
from tests.workflows.test_telegram import chat, text_of

pytestmark = pytest.mark.needs_bubblewrap

OPTIONS: dict[str, Any] = {"python_packages": "cached"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a house whose repository holds an app."""
    repository(tmp_path / "repo", dict(WITH_APP))
    return tmp_path


async def shown(house: Served, task_id: str, *states: str) -> dict[str, Any]:
    """The task, once its demo has one of these states."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            task: dict[str, Any] = (await house.ask("GET", f"/tasks/{task_id}")).json()
            if task["demo"] and task["demo"]["state"] in states:
                return task
            await asyncio.sleep(0.05)


async def test_rest_tells_of_it_and_starts_it_again(folder: Path) -> None:
    async with serving(folder, shows=True, **OPTIONS) as house:
        task_id = await house.begin()
        task = await shown(house, task_id, "live")
        url = task["demo_url"]
        assert url == task["demo"]["url"] and task["demo"]["can_start"] is True
        assert await fetched(url, "/total") == "1"
        (listed,) = (await house.ask("GET", "/tasks")).json()["tasks"]
        assert listed["demo_url"] == url

        answers = await asyncio.gather(
            *(house.ask("POST", f"/tasks/{task_id}/demo") for _ in range(3))
        )
        assert [answer.status_code for answer in answers] == [202] * 3
        again = await shown(house, task_id, "live")
        while again["demo_url"] == url:
            again = await shown(house, task_id, "live")
        assert (again["status"], again["approved"]) == ("waiting_for_input", False)

        assert (await house.ask("POST", f"/tasks/{task_id}/approve")).status_code == 200
        done = await house.until(task_id, "completed")
        assert (done["demo"], done["demo_url"]) == (None, None)
        late = await house.ask("POST", f"/tasks/{task_id}/demo")
        assert (late.status_code, late.json()["type"]) == (409, "urn:anton:nothing_waits")


async def test_rest_says_why_there_is_none(folder: Path) -> None:
    async with serving(folder, shows=True, live_demo="off") as house:
        task_id = await house.begin()
        task = await house.until(task_id, "waiting_for_input")
        assert (task["demo"], task["demo_url"]) == (None, None)
        refused = await house.ask("POST", f"/tasks/{task_id}/demo")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:anton:demo_unavailable")
        assert "LIVE_DEMO=off" in refused.json()["detail"]


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double
        assert double.violations == []


async def restartable(house: SlackHouse) -> Shown:
    return await house.seen(lambda m: "Restart demo" in m.buttons and ".localhost:" in m.seen)


async def test_slack_shows_it_and_starts_it_again(folder: Path, slack: SlackDouble) -> None:
    async with slack_house(folder, slack, shows=True, **OPTIONS) as house:
        await house.alice.command("total() is off by one")
        first = await restartable(house)
        before = first.seen
        assert first.buttons["Restart demo"]["action_id"] == "hitl_demo"
        house.alice.doubled = True
        await house.alice.tap(first, "Restart demo")
        again = await house.seen(
            lambda m: m.ref == first.ref and ".localhost:" in m.seen and m.seen != before
        )
        assert "Approve & Open PR" in again.buttons, "nothing was decided"
        assert len([m for m in slack.store.messages if "Approve & Open PR" in m.buttons]) == 1


async def test_telegram_shows_it_and_starts_it_again(tmp_path: Path) -> None:
    with TelegramDouble() as double:
        async with chat(tmp_path, double, files=WITH_APP, shows=True, **OPTIONS) as it:
            task = await it.here.run()
            first = await become(it.here, task, "live")
            await it.look()
            (question,) = (message for message in it.sent() if message.labels)
            assert first.url in question.text and "Restart demo" in question.labels
            assert "started" in text_of(await it.tap(question, "Restart demo"))
            again = await become(it.here, task, "live")
            await it.look()
            assert [m for m in it.sent() if m.labels] == [question], "it was edited"
            assert again.url in question.text and first.url not in question.text
            assert await it.pending() == 1
        assert double.violations == []

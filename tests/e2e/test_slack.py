"""Slack at the wire of a served house: asked and answered there, each message edited in place."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.rest import PATIENCE_S
from tests.e2e.slack_house import ALICE, BOB, SlackHouse, slack_house
from tests.fakes.repositories import git
from tests.fakes.slack_person import LIMIT_S
from tests.fakes.slack_server import SlackDouble
from tests.fakes.slack_store import Shown

REPORT = "total() is off by one"


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


@pytest.fixture
def slack(workspace: SlackDouble) -> Iterator[SlackDouble]:
    workspace.reset()
    yield workspace
    assert workspace.violations == []
    assert [m.pings for m in workspace.store.messages if m.pings] == []


async def asked(house: SlackHouse) -> Shown:
    """The release question of a fresh report."""
    answer = await house.alice.command(REPORT)
    assert answer.json()["response_type"] == "in_channel"
    return await house.question()


def yes(message: Shown) -> str:
    """The button that confirms what was understood."""
    return next(label for label, b in message.buttons.items() if b["action_id"] == "hitl_yes")


async def ended(house: SlackHouse) -> str:
    """The outcome of the latest task."""
    task = await house.served.until("latest", "completed", "failed", "cancelled")
    return str(task["outcome"])


@pytest.mark.parametrize("doubled", [False, True], ids=["once", "delivered twice"])
async def test_a_repair_from_a_command_to_its_branch(
    tmp_path: Path, slack: SlackDouble, doubled: bool
):
    async with slack_house(tmp_path, slack) as house:
        house.alice.doubled = doubled
        first = await asked(house)
        approve = first.buttons["Approve & Open PR"]

        await house.alice.tap(first, "Request Changes")
        (view,) = slack.store.views
        answer = await house.alice.submit(view, "give back an int")
        assert answer.json() == {"response_action": "clear"}
        second = await house.question("revision 2")
        assert second.ref != first.ref and "int(sum(items))" in second.seen

        await house.alice.press(first, approve)
        await house.told("The patch has changed")

        await house.alice.tap(second, "Approve & Open PR")
        assert await ended(house) == "fixed"
        done = await house.seen(lambda m: m.ref == second.ref and "Ended: fixed" in m.seen)
        assert not done.buttons and f"Approved by alice ({ALICE}) in slack" in done.seen
        told = await house.seen(lambda m: m.ref == first.ref and not m.buttons)
        assert "Changes requested by alice" in told.seen and "give back an int" in told.seen
        branches = git(house.served.repo, "branch", "--list", "anton/*").split()
        assert len(branches) == 1
        assert "int(sum" in git(house.served.repo, "show", f"{branches[0]}:app.py")
        assert house.alice.slowest_s < LIMIT_S
        questions = [m for m in slack.store.messages if "Release:" in m.seen]
        assert len(questions) == 2


async def test_words_below_the_question_count(tmp_path: Path, slack: SlackDouble):
    """Slack delivers them four times, as none of the first three answers arrives."""
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        await house.alice.reply(question, "ship it!", lost=3)
        (answer,) = [m for m in slack.store.messages if m.thread_ts == question.ts]
        bob = house.person(BOB)
        await bob.tap(answer, yes(answer))
        await house.told("This asks whoever spoke", BOB)
        await house.alice.tap(answer, yes(answer))
        assert await ended(house) == "fixed"


async def test_a_form_that_comes_too_late_is_asked_for_in_the_thread(
    tmp_path: Path, slack: SlackDouble
):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        slack.trigger_life_s = 0.0
        await house.alice.tap(question, "Request Changes")
        asks = await house.told("What should be different?")
        assert asks.thread_ts == question.ts and not asks.only_for
        await house.alice.reply(question, "give back an int")
        second = await house.question("revision 2")
        assert "int(sum(items))" in second.seen


async def test_a_rejection_is_asked_about_once_more(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        await house.alice.tap(question, "Reject")
        sure = await house.told("Sure?")
        assert sure.only_for == ALICE
        await house.alice.tap(sure, yes(sure))
        assert await ended(house) == "rejected"
        assert "Rejected" in sure.seen and not sure.buttons


async def test_others_are_told_that_they_may_not(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        bob = house.person(BOB)
        await bob.tap(question, "Approve & Open PR")
        await house.told("not among those who may decide", BOB)
        await bob.tap(question, "Request Changes")
        assert slack.store.views == []
        await bob.reply(question, "ship it")
        await house.seen(lambda m: m.thread_ts == question.ts and "not among" in m.seen)
        task = (await house.served.ask("GET", "/tasks/latest")).json()
        assert task["status"] == "waiting_for_input"


async def test_a_forged_button_is_answered(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        forged = {**question.buttons["Approve & Open PR"], "value": "A" * 22}
        await house.alice.press(question, forged)
        await house.told("I do not know this button")
        unknown = {**forged, "action_id": "hitl_delete_everything"}
        await house.alice.press(question, {**unknown, "value": question.buttons["Reject"]["value"]})
        await house.told("belongs to no answer of this kind")


async def test_a_form_tells_why_its_words_came_to_nothing(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        await house.alice.tap(question, "Request Changes")
        await house.alice.tap(question, "Approve & Open PR")
        assert await ended(house) == "fixed"
        answer = await house.alice.submit(slack.store.views[0], "too late")
        assert answer.json().get("response_action") in ("errors", "clear")
        assert "too late" not in "".join(m.seen for m in slack.store.messages)


async def test_talk_in_other_threads_is_not_for_anton(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        edition = {"text": "lunch?", "blocks": []}
        other = slack.store.add("C0INCIDENTS", history=[edition])
        await house.alice.reply(other, "ship it")
        await house.alice.reply(question, "ship it", bot_id="B0OTHER0001")
        await house.alice.reply(question, "ship it", subtype="message_changed")
        task = (await house.served.ask("GET", "/tasks/latest")).json()
        assert task["status"] == "waiting_for_input"
        assert [m for m in slack.store.messages if m.thread_ts] == []


async def test_the_empty_command_reports_the_ticket_of_the_demo(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        await house.alice.command("")
        task = (await house.served.ask("GET", "/tasks/latest")).json()
        assert task["ticket"] == "BUG-42"
        await house.told("Completed to-dos come back to life")


async def test_commands_are_answered_to_whoever_asks(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        for text in ("help", "tasks", "status", "approve"):
            answer = await house.alice.command(text)
            assert answer.json()["response_type"] == "ephemeral"
        helped = await house.told("/oncall TEXT")
        assert "/oncall tasks" in helped.seen and " /tasks" not in helped.seen
        sure = await house.told("Right?")
        await house.alice.tap(sure, yes(sure))
        assert await ended(house) == "fixed"
        assert question.ref


@pytest.mark.slow
async def test_a_tap_that_the_store_does_not_take_is_answered_and_can_be_repeated(
    tmp_path: Path, slack: SlackDouble
):
    async with slack_house(tmp_path, slack) as house:
        question = await asked(house)
        with closing(sqlite3.connect(tmp_path / "data" / "anton.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            await house.alice.tap(question, "Approve & Open PR")
            await house.told("Please try again soon")
        await house.alice.tap(question, "Approve & Open PR")
        assert await ended(house) == "fixed"


@pytest.mark.slow
async def test_a_store_that_takes_nothing_is_told_to_whoever_asked(
    tmp_path: Path, slack: SlackDouble
):
    async with slack_house(tmp_path, slack) as house:
        with closing(sqlite3.connect(tmp_path / "data" / "anton.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await house.alice.command(REPORT)
            assert answer.json()["response_type"] == "ephemeral"
            await house.told("Please try again soon")
        assert house.alice.slowest_s < LIMIT_S


async def test_what_waits_while_slack_is_down_is_shown_when_it_is_back(
    tmp_path: Path, slack: SlackDouble
):
    slack.faults.plan(path="chat.*", status=503, times=-1)
    async with slack_house(tmp_path, slack) as house:
        first = await house.served.waiting()
        health = (await house.served.ask("GET", "/health")).json()
        async with asyncio.timeout(PATIENCE_S):
            while "slack" not in health["trouble"]:
                await asyncio.sleep(0.05)
                health = (await house.served.ask("GET", "/health")).json()
        seen = {"decision": "approve", "patch_hash": first["patch_hash"]}
        decided = f"/approvals/{first['approval_id']}/decision"
        assert (await house.served.ask("POST", decided, json=seen)).status_code == 200
        await house.served.until(first["task_id"], "completed")
        slack.faults.planned.clear()
        await house.told("Ended: fixed")
        assert not [m for m in slack.store.messages if m.buttons]

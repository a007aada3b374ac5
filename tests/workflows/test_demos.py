"""Candidates shown live beside their questions: begun, told, restarted, ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bootstrap
from cli.arguments import parse
from cli.showing import tasks
from config import load_settings
from control.demos import Demos, Habits, Showing
from control.desk import Desk
from core.approvals import Approval, ApprovalState, Person
from core.channels import Card, Tap
from core.demos import DemoState
from core.errors import Conflict, DemoUnavailable, NothingToShow
from core.ports import LiveDemo
from core.tasks import Task
from tests.fakes.channel import FakeChannel
from tests.workflows.demos import WITH_APP, become, fetched
from tests.workflows.house import ME, House, house
from tests.workflows.test_kills import soon

pytestmark = pytest.mark.needs_bubblewrap


@asynccontextmanager
async def showing(tmp_path: Path, **more: Any) -> AsyncIterator[tuple[House, FakeChannel]]:
    channel = FakeChannel()
    options = {"files": WITH_APP, "python_packages": "cached", **more}
    async with house(tmp_path, channels=[channel], shows=True, **options) as here:
        await here.look()
        yield here, channel


async def card_of(here: House, channel: FakeChannel) -> Card:
    await here.look()
    return next(shown.card for shown in channel.shown if shown.card.kind == "question")


def actions(card: Card) -> list[str]:
    return [button.action for button in card.buttons]


async def tapped(here: House, task: Task, by: Person = ME) -> str:
    """The state of the answer to a tap on the button that restarts."""
    nonce = (await here.pending(task)).nonce
    desk = Desk(here.anton, here.anton.messages, here.anton.clock)
    return (await desk.tap(Tap(action="demo", nonce=nonce, by=by, key="1"))).state


async def test_the_tree_that_waits_is_shown_until_it_is_decided(tmp_path: Path) -> None:
    async with showing(tmp_path) as (here, channel):
        task = await here.run()
        demo = await become(here, task, "live")
        assert await fetched(demo.url, "/total") == "1", "the candidate, not the base"
        card = await card_of(here, channel)
        assert card.briefing and card.briefing.demo.startswith(f"{demo.url} (until ")
        assert actions(card) == ["approve", "request_changes", "reject", "demo"]
        assert max(len(button.data.encode()) for button in card.buttons) <= 64

        task = await here.answer(task, "approve")
        ended = await become(here, task, "ended")
        assert (ended.url, ended.reason) == ("", "the question is settled")
        card = await card_of(here, channel)
        assert card.briefing and card.briefing.demo == "" and not card.buttons
        with pytest.raises(ConnectionError):
            await fetched(demo.url, "/total")
        assert len([shown for shown in channel.shown if shown.card.kind == "question"]) == 1


async def test_a_restart_ends_it_and_anybody_entitled_starts_it_again(tmp_path: Path) -> None:
    async with showing(tmp_path) as (here, _):
        task = await here.run()
        first = await become(here, task, "live")
    with pytest.raises(ConnectionError):
        await fetched(first.url, "/total")
    async with showing(tmp_path) as (here, channel):
        card = await card_of(here, channel)
        assert card.briefing and card.briefing.demo == "not running: the server stopped"
        assert actions(card)[-1] == "demo"
        assert await tapped(here, task) == "told"
        assert await tapped(here, task) == "told"
        again = await become(here, task, "live")
        assert (again.patch_hash, again.asked_by) == (first.patch_hash, "terminal:local")
        assert await fetched(again.url, "/total") == "1"
        assert (await here.pending(task)).state is ApprovalState.PENDING

        assert await tapped(here, task) == "told"
        fresh = await become(here, task, "live")
        assert fresh.url != again.url
        with pytest.raises(ConnectionError):
            await fetched(again.url, "/total")


@pytest.mark.slow
async def test_what_a_killed_server_showed_is_told_as_ended(tmp_path: Path) -> None:
    async with showing(tmp_path) as (here, _):
        task = await here.run()
        demo = await become(here, task, "live")
        here.anton.demos._shows.clear()  # as after a kill, nobody marks it as ended
    async with showing(tmp_path) as (here, _):
        running = asyncio.create_task(here.anton.demos.run())
        try:
            async with asyncio.timeout(30):
                ended = demo
                while ended == demo:
                    await asyncio.sleep(0.02)
                    ended = await here.anton.demos.beside(demo.approval_id) or demo
        finally:
            running.cancel()
        assert (ended.state, ended.reason) == ("ended", "the server was restarted")


async def test_what_is_shown_is_shown_on_when_the_chore_begins_anew(tmp_path: Path) -> None:
    async with showing(tmp_path) as (here, _):
        task = await here.run()
        demo = await become(here, task, "live")
        await here.anton.demos._told_after_a_restart()
        assert await here.anton.demos.beside(demo.approval_id) == demo


async def test_who_may_not_decide_may_not_start_it(tmp_path: Path) -> None:
    async with showing(tmp_path, telegram_approver_ids="7") as (here, _):
        task = await here.run()
        await become(here, task, "live")
        eve = Person(channel="telegram", person_id="66")
        assert await tapped(here, task, eve) == "refused"
        demo = await here.anton.demos.of(task.task_id)
        assert demo and demo.state == "live"


async def test_where_nothing_can_be_shown_nobody_hears_of_it(tmp_path: Path) -> None:
    async with showing(tmp_path, files={**WITH_APP, "main.py": ""}) as (here, channel):
        task = await here.run()
        await become(here, task, "absent")
        card = await card_of(here, channel)
        assert card.briefing and card.briefing.demo == "" and "demo" not in actions(card)
        await here.anton.demos.ask(task.task_id, ME)
        told = await become(here, task, "unavailable")
        assert told.said == "not available: no FastAPI app and no static pages were found"


async def test_what_does_not_start_is_told_and_holds_no_answer_up(tmp_path: Path) -> None:
    broken = f"{WITH_APP['main.py']}\nraise RuntimeError('no\\x1b[31m database')\n"
    async with showing(tmp_path, files={**WITH_APP, "main.py": broken}) as (here, channel):
        task = await here.run()
        await become(here, task, "unavailable")
        card = await card_of(here, channel)
        assert card.briefing and "RuntimeError: no" in card.briefing.demo
        assert "\x1b" not in card.briefing.demo
        assert (await here.answer(task, "approve")).outcome == "fixed"


async def test_a_cancelled_task_is_shown_no_more(tmp_path: Path) -> None:
    async with showing(tmp_path) as (here, _):
        task = await here.run()
        demo = await become(here, task, "live")
        await here.anton.cancel(task.task_id, ME)
        await become(here, task, "ended")
        with pytest.raises(ConnectionError):
            await fetched(demo.url, "/total")
        with pytest.raises(Conflict):
            await here.anton.demos.ask(task.task_id, ME)


async def test_it_ends_when_its_time_is_over(tmp_path: Path) -> None:
    async with showing(tmp_path, live_demo_minutes=0.02) as (here, _):
        task = await here.run()
        ended = await become(here, task, "ended")
        assert ended.reason == "it was shown for 0.02 minutes"


@pytest.mark.slow
async def test_no_more_at_once_than_may_be(tmp_path: Path) -> None:
    async with showing(tmp_path, live_demos_max=1) as (here, _):
        first = await here.run()
        await become(here, first, "live")
        second = await here.run(text="total() adds one")
        assert "no more may be at once" in (await become(here, second, "unavailable")).said


async def test_it_can_be_switched_off(tmp_path: Path) -> None:
    async with showing(tmp_path, live_demo="off") as (here, channel):
        task = await here.run()
        await here.anton.demos.look()
        assert await here.anton.demos.of(task.task_id) is None
        assert "demo" not in actions(await card_of(here, channel))
        with pytest.raises(DemoUnavailable, match="LIVE_DEMO=off"):
            await here.anton.demos.ask(task.task_id, ME)


async def test_what_would_be_public_waits_until_somebody_asks(tmp_path: Path) -> None:
    channel, seen = FakeChannel(), list[Approval]()

    async def find(approval: Approval) -> None:
        seen.append(approval)
        if len(seen) > 1:
            raise NothingToShow

    async def start(approval: Approval) -> LiveDemo:
        raise AssertionError("nobody asked")

    async with house(tmp_path, channels=[channel]) as here:
        await here.look()
        app, library = await here.run(), await here.run(text="total() adds one")
        habits, showing = Habits(is_public=True), Showing(find, start)
        public = Demos(here.anton._records, here.anton._audit, habits, showing)
        await public.look()
        states = [await public.of(task.task_id) for task in (app, library)]
        assert {demo.state for demo in states if demo} == {"offered", "absent"}
        await here.look()
        cards = [shown.card for shown in channel.shown if shown.card.kind == "question"]
        labels = [[button.label for button in card.buttons][-1] for card in cards]
        assert sorted(labels) == ["Reject", "Start demo"]
        await public.look()
        assert len(seen) == 2, "each is looked at once"


class Brief:
    """Serves the port LiveDemo: an app that ends when it is told to."""

    url = "http://demo-1.localhost:1/"

    def __init__(self) -> None:
        self.dies = asyncio.Event()

    async def ended(self) -> str:
        await self.dies.wait()
        return "it ended by itself"

    async def close(self) -> None:
        self.dies.set()


async def test_who_asks_again_in_the_moment_in_which_it_ends_gets_it_again(tmp_path: Path) -> None:
    started = list[Brief]()

    async def find(approval: Approval) -> None:
        return None

    async def start(approval: Approval) -> LiveDemo:
        started.append(Brief())
        return started[-1]

    async with house(tmp_path) as here:
        task = await here.run()
        records, audit = here.anton._records, here.anton._audit
        demos = Demos(records, audit, Habits(), Showing(find, start))

        async def stands(state: DemoState) -> bool:
            demo = await demos.of(task.task_id)
            return bool(demo and demo.state == state)

        async def gone() -> bool:
            return not demos._shows

        await demos.look()
        await soon(partial(stands, "live"))
        assert (await demos.ask(task.task_id, ME)).state == "wanted"
        started[0].dies.set()
        await soon(gone)
        await demos.look()
        await soon(partial(stands, "live"))
        assert len(started) == 2
        started[1].dies.set()
        await soon(partial(stands, "ended"))
        await demos.close()


async def test_what_was_shown_before_it_was_switched_off_is_over(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        await here.anton.demos.ask(task.task_id, ME)
        await Demos(here.anton._records, here.anton._audit, Habits(mode="off")).run()
        demo = await here.anton.demos.of(task.task_id)
        assert demo and demo.state == "ended"


async def test_the_terminal_asks_the_server_and_tells_the_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with showing(tmp_path) as (here, _):
        task = await here.run()
        first = await become(here, task, "live")
        settings, _ = load_settings(data_dir=tmp_path / "data")
        beside = await bootstrap.build(settings, drives=False)
        options = parse(["tasks", task.task8, "--demo"])
        try:
            asked = asyncio.create_task(tasks(beside, options))
            await become(here, task, "wanted", "starting")
            again = await become(here, task, "live")
            assert await asked == 0
        finally:
            await beside.stop()
        assert again.url != first.url and again.url in capsys.readouterr().out

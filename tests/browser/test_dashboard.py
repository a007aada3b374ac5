"""The dashboard in real Chromium, on a real server, with a real repair of the demo."""

import asyncio
import json
import os
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from cli.demo import TICKET, Stage
from tests.browser.watching import DESK, PHONE, looking, needs_chromium, sign_in
from tests.e2e.rest import OPERATOR, PATIENCE_S, serving
from tests.fakes.repositories import git

ROOT = Path(__file__).parent.parent.parent
REPAIR_S = 180.0

pytestmark = needs_chromium


async def test_submit_watch_approve_by_keyboard_and_see_the_branch(tmp_path: Path) -> None:
    stage = Stage.set_up()
    settings = {"DATA_DIR": str(tmp_path / "data"), "ANTON_HOME": str(tmp_path), "PORT": "0"}
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "main.py"), "serve"),
        cwd=ROOT,
        env={**os.environ, **settings, "API_KEY": OPERATOR},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert server.stdout
        base = ""
        async with asyncio.timeout(PATIENCE_S):
            while not base:
                line = (await server.stdout.readline()).decode()
                base = line.partition("serving ")[2].partition(",")[0]
        reading = asyncio.create_task(server.stdout.read())
        async with looking(base, **DESK, reduced_motion="reduce") as watched:
            page = watched.page
            await page.goto(f"{base}/ui/new")
            await watched.fine()
            await sign_in(page)
            await page.get_by_label("What is wrong?").fill(TICKET.read_text())
            await page.get_by_label("Repository").fill(str(stage.repository))
            await page.get_by_label("Ticket").fill("BUG-42")
            await watched.fine()
            await page.keyboard.press("Control+Enter")
            await page.get_by_role("heading", name="Completed to-dos").wait_for()
            assert "/ui/tasks/" in page.url
            region = page.get_by_role("region", name="Decision")
            await region.wait_for(timeout=REPAIR_S * 1000)
            await page.get_by_text("replace(todo, done=True)").first.wait_for()
            await watched.fine()
            for tab in ("Tests", "Diagnosis", "Conversation", "Timeline", "Files", "Documents"):
                await page.keyboard.press("]")
                await page.get_by_role("tab", name=tab, selected=True).wait_for()
                await watched.fine()
            await page.keyboard.press("a")
            await page.get_by_role("dialog", name="Approve r1?").wait_for()
            await watched.fine()
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await page.get_by_role("dialog").wait_for(state="hidden")
            branch = page.get_by_text("anton/bug-42-").first
            await branch.wait_for()
            made = (await branch.inner_text()).strip()
            assert made in git(stage.repository, "branch", "--list", "anton/*")
            await page.get_by_text("Fixed", exact=True).wait_for()
            await watched.fine()
            await page.keyboard.press("g")
            await page.keyboard.press("i")
            await page.get_by_text("Nothing needs you.").wait_for()
            await watched.fine()
            await page.keyboard.press("g")
            await page.keyboard.press("b")
            await page.get_by_role("region", name="Ended today").get_by_role("link").wait_for()
            await watched.fine()
            kept = await page.evaluate("JSON.stringify([{...localStorage}, document.cookie])")
            assert (OPERATOR in kept, json.loads(kept)[1]) == (False, "")
    finally:
        server.terminate()
        await server.wait()
        shutil.rmtree(stage.folder)
    assert OPERATOR not in (await reading).decode()


async def test_an_incident_is_dismissed_and_taken_up_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, looking(house.base, **DESK) as watched:
        task_id = await house.begin(ticket="BUG-42")
        await house.until(task_id, "waiting_for_input")
        page = watched.page
        await page.goto(f"{house.base}/ui/board?view=table")
        await page.get_by_role("table").get_by_role("link").wait_for()
        await watched.fine()
        await page.keyboard.press("g")
        await page.keyboard.press("n")
        await page.get_by_role("link", name="Fix waits for you").click()
        await page.get_by_text("works on it. Cancel it there").wait_for()
        await watched.fine()
        await house.ask("DELETE", f"/tasks/{task_id}")
        await page.get_by_role("button", name="Dismiss…").click()
        await page.get_by_label("Why").fill("known since March")
        await watched.fine()
        await page.get_by_role("button", name="Dismiss BUG-42").click()
        await page.get_by_text("Dismissed. Its reports").wait_for()
        await page.get_by_text("known since March").first.wait_for()
        await page.get_by_role("button", name="Reopen…").click()
        await page.get_by_role("button", name="Reopen BUG-42").click()
        await page.get_by_role("button", name="Fix now…").click()
        await page.get_by_role("button", name="Fix BUG-42").click()
        await page.get_by_role("region", name="Decision").wait_for()
        assert task_id not in page.url
        await watched.fine()


async def test_on_a_phone_changes_are_asked_for_on_a_line(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, looking(house.base, **PHONE) as watched:
        question = await house.waiting()
        page = watched.page
        await page.goto(f"{house.base}/ui/")
        await page.get_by_role("link", name="Release").click()
        await page.get_by_role("region", name="Decision").wait_for()
        await watched.fine()
        await page.get_by_role("button", name="Comment on line 2").click()
        await page.get_by_label("Comment on app.py, line 2").fill("Say why.")
        await page.get_by_role("button", name="Keep comment").click()
        await page.get_by_role("button", name="Request changes").click()
        await page.get_by_role("button", name="Request changes r1").click()
        await page.get_by_text("Changes requested.").wait_for()
        path = f"/approvals/{question['approval_id']}"
        decided = (await house.ask("GET", path)).json()
        assert decided["decision"]["text"] == "app.py:2: Say why."
        await watched.fine()


async def test_two_people_decide_at_once_and_the_second_hears_who_was_first(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as house, looking(house.base, **DESK) as watched:
        question = await house.waiting()
        page = watched.page
        await page.goto(f"{house.base}/ui/t/{question['task_id'][:8]}")
        await page.get_by_role("region", name="Decision").wait_for()
        await page.route("**/stream**", lambda route: route.abort())
        await page.keyboard.press("a")
        button = page.get_by_role("button", name="Approve r1")
        await button.wait_for()
        body = {"decision": "approve", "patch_hash": question["patch_hash"]}
        path = f"/approvals/{question['approval_id']}/decision"
        async with httpx.AsyncClient(base_url=house.base) as other:
            assert (await other.post(path, json=body)).status_code == 200
        if await button.is_visible():
            await button.click()
            await page.get_by_text("Already approved by local in rest").wait_for()
        await page.get_by_role("region", name="Decision").wait_for(state="hidden")
        await watched.fine()


async def test_two_browsers_that_approve_in_the_same_moment_publish_once(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as house,
        looking(house.base, **DESK) as one,
        looking(house.base, **PHONE) as other,
    ):
        question = await house.waiting()
        pages = [one.page, other.page]
        for page in pages:
            await page.goto(f"{house.base}/ui/tasks/{question['task_id']}")
            await page.get_by_role("button", name="Approve").first.click()
            await page.get_by_role("button", name="Approve r1").wait_for()
        yes = [page.get_by_role("button", name="Approve r1") for page in pages]
        await asyncio.gather(*(button.dispatch_event("click") for button in yes))
        for page in pages:
            await page.get_by_text("Fixed", exact=True).wait_for()
            await page.get_by_role("region", name="Decision").wait_for(state="hidden")
        branches = git(house.repo, "branch", "--list", "anton/*").split()
        assert len(branches) == 1
        for watched in (one, other):
            await watched.fine()


async def test_decided_elsewhere_the_bar_goes_by_itself(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, looking(house.base, **DESK) as watched:
        question = await house.waiting()
        page = watched.page
        await page.goto(f"{house.base}/ui/tasks/{question['task_id']}")
        await page.get_by_role("region", name="Decision").wait_for()
        await house.ask("POST", f"/tasks/{question['task_id']}/approve")
        await page.get_by_role("region", name="Decision").wait_for(state="hidden")
        await page.get_by_text("Fixed", exact=True).wait_for()
        await watched.fine()


async def test_nine_tabs_share_one_stream_and_all_hear_the_end(tmp_path: Path) -> None:
    """A stream for each tab would block all requests of the sixth."""
    async with serving(tmp_path) as house, looking(house.base, **DESK) as watched:
        question = await house.waiting()
        pages = [watched.page] + [await watched.page.context.new_page() for _ in range(8)]
        for page in pages:
            await page.goto(f"{house.base}/ui/tasks/{question['task_id']}")
            await page.get_by_role("region", name="Decision").wait_for()
        assert house.app.state.front.streams.count == 1
        await house.ask("POST", f"/tasks/{question['task_id']}/approve")
        for page in pages:
            await page.get_by_text("Fixed", exact=True).wait_for()
        assert house.app.state.front.streams.count == 1
        await watched.fine()


async def test_a_restarted_server_is_found_again_and_no_event_is_missed(tmp_path: Path) -> None:
    async with AsyncExitStack() as house_of_before, AsyncExitStack() as browser:
        house = await house_of_before.enter_async_context(serving(tmp_path))
        question = await house.waiting()
        watched = await browser.enter_async_context(looking(house.base, **DESK))
        page = watched.page
        await page.goto(f"{house.base}/ui/tasks/{question['task_id']}")
        await page.get_by_role("region", name="Decision").wait_for()
        await house_of_before.aclose()
        await page.get_by_text("Reconnecting…").wait_for()
        port = int(house.base.rpartition(":")[2])
        async with serving(tmp_path, port=port) as again:
            await again.ask("POST", f"/tasks/{question['task_id']}/approve")
            await page.get_by_text("Fixed", exact=True).wait_for()
            await page.get_by_text("Live", exact=True).wait_for()
            await watched.fine()

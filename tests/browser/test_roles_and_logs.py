"""Identities, agents, activity and analytics in real Chromium, on a real server."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.interactions import Interaction, RoleResult
from core.models import Message, Tokens
from evals.scripted import Script
from tests.browser.watching import DESK, PHONE, looking, needs_chromium
from tests.e2e.rest import Served, serving

pytestmark = [pytest.mark.slow, needs_chromium]

KEPT, GONE, CAME = "Read the failing test first.", "Be quick.", "Look at the callers first."


async def rules(house: Served, version: int, *texts: str) -> None:
    """Put rules in place by REST."""
    body = {"version": version, "rules": [{"text": text} for text in texts]}
    answer = await house.ask("PUT", "/identities/fix/rules", json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("look", [DESK, PHONE], ids=["desk", "phone"])
async def test_an_identity_is_compared_and_rolled_back_and_a_stale_one_is_not(
    tmp_path: Path, look: dict[str, Any]
) -> None:
    async with serving(tmp_path) as house, looking(house.base, **look) as watched:
        await rules(house, 0, KEPT, GONE)
        await rules(house, 1, KEPT, CAME)
        page = watched.page
        await page.goto(f"{house.base}/ui/identities")
        await page.get_by_role("link", name="fix", exact=True).click()
        found = page.get_by_role("list", name="v2 against v1")
        await found.get_by_text(f"Removed: {GONE}").wait_for()
        assert "rules set by a person" in await found.inner_text()
        await watched.fine()
        await page.get_by_role("button", name="Roll back to v1…").click()
        dialog = page.get_by_role("dialog", name="Roll fix back to v1?")
        await dialog.get_by_text("Creates v3 with the rules of v1.").wait_for()
        await watched.fine()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await dialog.wait_for(state="hidden")
        await page.get_by_role("region", name="Rules").locator("p", has_text=GONE).wait_for()
        await page.get_by_role("button", name="Roll back to v2…").click()
        await rules(house, 3, CAME)
        await page.get_by_role("button", name="Roll back to v2", exact=True).click()
        await page.get_by_role("alert").get_by_text("Version 4 stands by now").wait_for()
        await watched.fine()
        told = (await house.ask("GET", "/identities/fix")).json()
        assert (told["version"], [rule["text"] for rule in told["rules"]]) == (4, [CAME])


async def test_who_is_at_work_and_what_happens_is_seen_live(tmp_path: Path) -> None:
    script = Script(delays_s={"fix": 600.0})
    async with serving(tmp_path, script=script) as house, looking(house.base, **DESK) as watched:
        page = watched.page
        await page.goto(f"{house.base}/ui/agents")
        await page.get_by_text("Nobody is at work.").wait_for()
        task = await house.begin()
        role = page.get_by_role("list", name="Tasks at work").get_by_role("link", name="fix")
        await role.wait_for()
        await watched.fine()
        await page.keyboard.press("g")
        await page.keyboard.press("v")
        rows = page.get_by_role("list", name="events").get_by_role("listitem")
        await rows.get_by_text("Role begins").first.wait_for()
        await rules(house, 0, KEPT)
        await rows.filter(has_text="v1 by person").wait_for()
        await page.get_by_label("Kind of event").select_option("Step")
        await rows.filter(has_text="Fix started").wait_for()
        assert "type=node" in page.url
        assert await rows.filter(has_text="Role begins").count() == 0
        await page.get_by_label("Kind of event").select_option("Every kind")
        await page.get_by_role("button", name="Pause").click()
        await house.ask("DELETE", f"/tasks/{task}")
        show = page.get_by_role("button", name="new, show")
        await show.wait_for()
        await watched.fine()
        await show.click()
        await rows.filter(has_text="Cancelled").first.wait_for()
        await page.get_by_role("tab", name="Audit").click()
        audit = page.get_by_role("list", name="the audit log").get_by_role("listitem")
        await audit.filter(has_text="Identity rules set").click()
        await audit.get_by_text(KEPT).first.wait_for()
        await watched.fine()


async def logged(house: Served) -> None:
    """Model calls of a task that ended, of which one has no known price."""
    records, now = house.anton.observatory.records, house.anton.clock.now()
    task_id = (await house.waiting())["task_id"]
    await house.ask("POST", f"/tasks/{task_id}/approve")
    await house.until(task_id, "completed")
    for number, model in enumerate(("dear", "dear", "odd")):
        records.interactions.record(
            Interaction(
                interaction_id=f"c{number}",
                ended_at=now - timedelta(minutes=1),
                task_id=task_id,
                role="fix",
                model=model,
                messages=(Message(author="user", text="x"),),
                tokens=Tokens(sent=10, received=5),
                cost_usd=None if model == "odd" else 0.25,
                success=True,
            )
        )
    ended = {"ended_at": now - timedelta(minutes=1), "outcome": "fixed", "success": True}
    records.interactions.record(RoleResult(task_id=task_id, role="fix", calls=3, **ended))
    await records.interactions.flush()
    await asyncio.sleep(0)


@pytest.mark.parametrize("look", [DESK, PHONE], ids=["desk", "phone"])
async def test_figures_are_drawn_walked_by_keys_and_written_out(
    tmp_path: Path, look: dict[str, Any]
) -> None:
    async with serving(tmp_path) as house, looking(house.base, **look) as watched:
        await logged(house)
        page = watched.page
        await page.goto(f"{house.base}/ui/analytics?by=model")
        card = page.get_by_role("region", name="What was spent, and on what?")
        await card.get_by_text("Unknown prices: 1 call to odd, not counted as 0.").wait_for()
        chart = card.get_by_role("application", name="Cost by day and model")
        await chart.focus()
        for _ in range(31):
            await page.keyboard.press("ArrowRight")
        await card.locator(".recharts-tooltip-wrapper", has_text="dear : $0.50").wait_for()
        await watched.fine()
        await card.get_by_text("As a table").click()
        row = card.get_by_role("row", name="odd")
        await row.get_by_text("unknown cost").wait_for()
        assert await page.locator("style").count() == 0
        await watched.fine()
        await page.get_by_role("link", name="Fixed 1").click()
        await page.get_by_role("heading", name="Board").wait_for()
        assert "outcome=fixed" in page.url

"""Finding, going back, and what a browser keeps for itself, in real Chromium."""

from pathlib import Path

import pytest

from tests.browser.watching import DESK, PHONE, looking, needs_chromium
from tests.e2e.rest import serving

pytestmark = needs_chromium

MOMENT = "one => getComputedStyle(one, '::after').content"


async def test_a_task_is_found_by_its_words_and_left_by_escape(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, looking(house.base, **DESK) as watched:
        question = await house.waiting()
        page = watched.page
        await page.goto(f"{house.base}/ui/settings/policy")
        await page.get_by_role("table", name="How far Anton goes").wait_for()
        await page.keyboard.press("Control+k")
        field = page.get_by_role("dialog", name="Find").get_by_role("combobox")
        await page.get_by_role("group", name="Needs you").get_by_role("option").wait_for()
        await watched.fine()
        await field.fill(question["task_id"][:8])
        await page.get_by_role("group", name="Tasks").get_by_role("option").wait_for()
        await field.press("Enter")
        bar = page.get_by_role("region", name="Decision")
        asked = bar.get_by_text("ago")
        await asked.focus()
        assert str(await asked.evaluate("one => new Date(one.dateTime).getFullYear()")) in (
            await asked.evaluate(MOMENT)
        )
        await page.keyboard.press("Escape")
        await page.get_by_role("table", name="How far Anton goes").wait_for()


@pytest.mark.slow
async def test_on_a_phone_colours_are_chosen_and_times_are_tapped(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, looking(house.base, **PHONE) as watched:
        question = await house.waiting()
        page = watched.page
        await page.goto(f"{house.base}/ui/settings/browser")
        await page.get_by_role("button", name="Light").click()
        await watched.fine()
        await page.goto(f"{house.base}/ui/settings/policy")
        await page.get_by_role("table", name="How far Anton goes").wait_for()
        await watched.fine()
        await page.goto(f"{house.base}/ui/tasks/{question['task_id']}")
        await page.get_by_text("Step ").wait_for()
        asked = page.get_by_role("region", name="Decision").get_by_text("ago")
        await asked.tap()
        assert "(" in await asked.evaluate(MOMENT)
        assert await page.evaluate("document.documentElement.dataset.theme") == "light"
        await watched.fine()

"""Text of strangers in every field that a screen shows: only ever text."""

from pathlib import Path

from tests.browser.watching import PHONE, looking, needs_chromium
from tests.e2e.rest import serving

pytestmark = needs_chromium

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
    '"><svg onload=alert(1)> {{7*7}} ${7*7} `${alert(1)}`',
    "safe \u202etxt.exe\u2066 \u200b\ufeff \U000e0041 end",
    "http://evil.example/" + "a" * 300,
    "W" * 400,
    "\u0635\u0627\u062f\u0642 " * 30 + "z\u0363\u0364\u0365" * 40,
    "<style>*{display:none}</style><base href=//evil.example>",
)


async def test_hostile_text_is_shown_as_text_and_breaks_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, looking(house.base, **PHONE) as watched:
        tasks = [await house.begin(task_description=text, queue=True) for text in HOSTILE]
        for task_id in tasks:
            await house.until(task_id, "waiting_for_input")
        page = watched.page
        for path in ("", "board"):
            await page.goto(f"{house.base}/ui/{path}")
            await page.get_by_text("<script>alert(1)</script>").first.wait_for()
            await watched.fine()
        for task_id in tasks:
            await page.goto(f"{house.base}/ui/tasks/{task_id}")
            await page.get_by_role("region", name="Decision").wait_for()
            await watched.fine()

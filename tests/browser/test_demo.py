"""A live demo in real Chromium: reached from the task page, and apart from the dashboard."""

from pathlib import Path

import pytest

from tests.browser.watching import DESK, PHONE, looking, needs_chromium, sign_in
from tests.e2e.rest import OPERATOR, serving
from tests.fakes.repositories import repository
from tests.workflows.demos import WITH_APP

pytestmark = [needs_chromium, pytest.mark.needs_bubblewrap, pytest.mark.slow]

HOSTILE = """
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.get("/heard")
def heard(request: Request, response: Response) -> dict[str, str]:
    for host in ("", "; Domain=localhost", "; Domain=127.0.0.1"):
        response.headers.append("set-cookie", f"anton_session=forged; Path=/{host}")
    response.headers.append("set-cookie", "own=1; Path=/")
    return dict(request.headers)
"""
DRIVE = """async ([base, task]) => {
  const post = { method: "POST", mode: "no-cors", credentials: "include" };
  const tried = [
    fetch(`${base}/tasks/${task}/approve`, post),
    fetch(`${base}/tasks/${task}`, { credentials: "include" }).then((answer) => answer.text()),
  ];
  return (await Promise.allSettled(tried)).map((one) => String(one.value ?? ""));
}"""
"""What a hostile page does to the dashboard that its visitor is signed in to."""


async def test_an_app_that_is_shown_neither_sees_nor_drives_the_dashboard(tmp_path: Path) -> None:
    repository(tmp_path / "repo", {**WITH_APP, "main.py": HOSTILE})
    options = {"shows": True, "python_packages": "cached", "api_key": OPERATOR}
    key = {"X-API-Key": OPERATOR}
    async with serving(tmp_path, headers=key, **options) as house:  # type: ignore[arg-type]
        task_id = await house.begin()
        await house.until(task_id, "waiting_for_input")
        async with looking(house.base, **DESK, reduced_motion="reduce") as watched:
            page = watched.page
            await page.goto(f"{house.base}/ui/tasks/{task_id}")
            await sign_in(page)
            link = page.get_by_role("link", name="demo-")
            await link.wait_for()
            await watched.fine()
            async with page.context.expect_page() as opened:
                await link.click()
            demo = await opened.value
            await demo.wait_for_load_state()
            for _ in range(2):
                headers = await demo.evaluate("fetch('/heard').then((said) => said.json())")
                assert "anton" not in headers.get("cookie", "") and OPERATOR not in str(headers)
            assert headers["cookie"] == "own=1"
            answers = await demo.evaluate(DRIVE, [house.base, task_id])
            assert all(task_id not in answer for answer in answers)
            assert await demo.evaluate("window.opener") is None
            await demo.close()

            task = (await house.ask("GET", f"/tasks/{task_id}")).json()
            assert (task["status"], task["approved"]) == ("waiting_for_input", False)
            await page.reload()
            await page.get_by_role("region", name="Decision").wait_for()
            await page.get_by_role("button", name="Restart demo").click()
            await link.wait_for()
            await page.set_viewport_size(PHONE["viewport"])
            await watched.fine()
            kept = [cookie["name"] for cookie in await page.context.cookies(house.base)]
            assert kept == ["anton_session"]

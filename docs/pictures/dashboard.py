"""Pictures of the dashboard: a real server, a real repair of the demo, real Chromium.

`python -m docs.pictures.dashboard` writes them; with an address as its argument it takes them of
a server that runs already.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from docs.pictures.dashboard_house import ROOT, ask, house

FOLDER = Path(__file__).parent
DESKTOP: ViewportSize = {"width": 1280, "height": 720}
TALL: ViewportSize = {"width": 1280, "height": 1180}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {
        "viewport": PHONE,
        "color_scheme": "dark",
        "device_scale_factor": 1.25,
        "has_touch": True,
        "is_mobile": True,
    },
}
SETTLE_MS, PATIENCE_MS = 300, 120_000
TABS = ("diff", "tests", "diagnosis", "conversation", "timeline", "files", "documents")
SCREENS = (
    ("board", "board", "role=region[name='Needs you'] >> role=link"),
    ("table", "board?view=table", "role=link[name=/Completed to-dos/]"),
    ("identities", "identities", "role=link[name='fix']"),
    ("identity", "identities/fix", "role=region[name='Rules'] >> text=flags"),
    ("agents", "agents", "role=region[name='Waiting for people']"),
    ("analytics", "analytics", "role=application"),
    ("activity", "activity", "role=list[name='events'] >> role=listitem"),
    ("settings-configuration", "settings/configuration", "role=heading[name='The server']"),
    ("settings-integrations", "settings/integrations", "main .integration"),
    ("settings-budgets", "settings/budgets", "role=heading[name='Limits']"),
    ("settings-policy", "settings/policy", "main table"),
    ("settings-browser", "settings/browser", "role=heading[name='Desktop notices']"),
)
"""Name, address, and what shows that a screen is ready."""
BELOW_THE_EDGE = "tabs => scrollBy(0, tabs.getBoundingClientRect().top - 16)"
UNPLACED = """root => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    if (texts.currentNode.data.includes(root))
      texts.currentNode.data = texts.currentNode.data.replaceAll(root, "~/anton");
}"""
"""Leaves out where the pictures were taken."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")


def scenes(page: Page, base: str) -> Iterator[str]:
    """Each screen once; its name, when it is ready to be looked at."""
    page.goto(f"{base}/ui/")
    page.get_by_role("link", name="Completed to-dos").first.wait_for()
    yield "inbox"
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name="Find").get_by_role("option").first.wait_for()
    yield "find"
    page.keyboard.press("Escape")
    if page.viewport_size == PHONE:
        page.get_by_role("button", name="More").click()
        page.get_by_role("dialog").wait_for()
        yield "more"
    yield from of_a_task(page, base)
    for name, address, sign in SCREENS:
        page.goto(f"{base}/ui/{address}")
        page.locator(sign).first.wait_for()
        page.wait_for_timeout(SETTLE_MS)
        yield name
    page.goto(f"{base}/ui/settings/doctor")
    page.get_by_role("main").get_by_role("button").first.click()
    page.locator(".findings").wait_for(timeout=PATIENCE_MS)
    yield "settings-doctor"
    page.goto(f"{base}/ui/incidents?state=all")
    page.get_by_role("list", name="Incidents").wait_for()
    yield "incidents"
    page.get_by_role("link", name="Resolved").first.click()
    page.get_by_role("heading", name="History").wait_for()
    yield "incident"
    page.goto(f"{base}/ui/new")
    page.get_by_label("What is wrong?").fill("Completed to-dos come back to life when …")
    yield "new"


def of_a_task(page: Page, base: str) -> Iterator[str]:
    """The tabs of the task that waits for consent, and the dialog that asks for it."""
    waiting = ask(base, "/tasks?status=waiting_for_input")["tasks"]
    task = next(one["task_id"] for one in waiting if one["ticket"] == "BUG-42")
    desk = page.viewport_size != PHONE
    for tab in TABS:
        if desk:
            page.set_viewport_size(TALL if tab == "diff" else DESKTOP)
        page.goto(f"{base}/ui/tasks/{task}?tab={tab}")
        page.get_by_role("region", name="Decision").wait_for()
        page.get_by_role("tabpanel").locator("section, li, p").filter(visible=True).first.wait_for()
        page.get_by_text("is being started").wait_for(state="hidden")
        if tab != "diff":
            page.get_by_role("tablist").evaluate(BELOW_THE_EDGE)
        yield f"task-{tab}"
    page.keyboard.press("a")
    page.get_by_role("dialog").wait_for()
    yield "approve"


def sign_in(page: Page, base: str) -> None:
    """The page for those who are not signed in, by a server that lets nobody in."""
    page.route("**/session", lambda route: route.fulfill(status=401, json={"detail": ""}))
    page.goto(f"{base}/ui/")
    page.get_by_label("API key").wait_for()
    page.wait_for_load_state("networkidle")


def photograph(browser: Browser, base: str) -> None:
    """Write one picture for each screen and look."""
    for look, options in LOOKS.items():
        context = browser.new_context(**options)
        page = context.new_page()
        for name in scenes(page, base):
            page.evaluate(UNPLACED, str(ROOT))
            page.screenshot(path=FOLDER / f"dashboard-{name}-{look}.png")
        sign_in(page, base)
        page.screenshot(path=FOLDER / f"dashboard-sign-in-{look}.png")
        context.close()


def main() -> None:
    """Take all pictures."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        if len(sys.argv) > 1:
            photograph(browser, sys.argv[1])
        else:
            with house() as base:
                photograph(browser, base)
        browser.close()


if __name__ == "__main__":
    main()

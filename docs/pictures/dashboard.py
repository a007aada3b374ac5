"""Pictures of the dashboard: a real server, a real repair of the demo, real Chromium.

`python -m docs.pictures.dashboard` writes them; with an address as its argument it takes them of
a server that runs already.
"""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from cli.demo import TICKET, Stage

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
PORT = 8139
PATIENCE_S = 120
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {
        "viewport": PHONE,
        "color_scheme": "dark",
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")


def ask(
    base: str, path: str, body: dict[str, Any] | None = None, method: str | None = None
) -> dict[str, Any]:
    """A JSON answer of the server."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - an address of this machine
        base + path, data=data, headers={"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        told: dict[str, Any] = json.load(answer)
    return told


def wait(base: str, path: str, ready: Any) -> dict[str, Any]:
    """The answer, once it is the one that is waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if ready(told := ask(base, path)):
                return told
        except OSError:
            pass
        time.sleep(0.3)
    raise SystemExit(f"{path} did not become ready")


@contextmanager
def house() -> Iterator[str]:
    """A server with one repair of the demo that waits for consent, and one that was decided."""
    stage = Stage.set_up()
    settings = (f"PORT={PORT}", f"DATA_DIR={stage.data}", f"ANTON_HOME={stage.folder}")
    server = subprocess.Popen(
        ["env", *settings, sys.executable, str(ROOT / "main.py"), "serve"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{PORT}"
    try:
        wait(base, "/health", lambda told: told["status"])
        for ticket in ("BUG-41", "BUG-42"):
            report = {"task_description": TICKET.read_text(), "repo": str(stage.repository)}
            ask(base, "/tasks", {**report, "ticket": ticket})
            wait(base, "/tasks/latest", lambda told: told["status"] == "waiting_for_input")
            if ticket == "BUG-41":
                ask(base, "/tasks/latest/approve", {})
                wait(base, "/tasks/latest", lambda told: told["status"] == "completed")
        teach(base)
        yield base
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(stage.folder)


def teach(base: str) -> None:
    """Give a role rules as a person would, in two versions."""
    flags = {"text": "Set flags, never toggle them.", "pinned": True, "correction": True}
    first = {"text": "Prefer changes of one line.", "correction": True}
    second = {"text": "Read the failing test before the code it calls.", "correction": True}
    for version, rules in enumerate(([flags, first], [flags, second])):
        body = {"version": version, "rules": rules}
        ask(base, "/identities/fix/rules", body, method="PUT")


def scenes(page: Page, base: str) -> Iterator[str]:
    """Each screen once; its name, when it is ready to be looked at."""
    task = next(
        one["task_id"]
        for one in ask(base, "/tasks?status=waiting_for_input")["tasks"]
        if one["ticket"] == "BUG-42"
    )
    page.goto(f"{base}/ui/")
    page.get_by_role("link", name="Completed to-dos").first.wait_for()
    yield "inbox"
    for tab in ("diff", "tests", "diagnosis", "timeline", "files", "documents"):
        page.goto(f"{base}/ui/tasks/{task}?tab={tab}")
        page.get_by_role("region", name="Decision").wait_for()
        page.get_by_role("tabpanel").locator("section, li, p").filter(visible=True).first.wait_for()
        if tab != "diff" and page.viewport_size == PHONE:
            page.get_by_role("tablist").evaluate("tabs => tabs.scrollIntoView()")
        yield f"task-{tab}"
    page.keyboard.press("a")
    page.get_by_role("dialog").wait_for()
    yield "approve"
    page.keyboard.press("Escape")
    page.goto(f"{base}/ui/board")
    page.get_by_role("region", name="Needs you").get_by_role("link").first.wait_for()
    yield "board"
    page.goto(f"{base}/ui/incidents?state=all")
    page.get_by_role("list", name="Incidents").wait_for()
    yield "incidents"
    page.get_by_role("link", name="Resolved").first.click()
    page.get_by_role("heading", name="History").wait_for()
    yield "incident"
    page.goto(f"{base}/ui/identities")
    page.get_by_role("link", name="fix", exact=True).wait_for()
    yield "identities"
    page.goto(f"{base}/ui/identities/fix")
    page.get_by_role("list", name="v2 against v1").wait_for()
    yield "identity"
    page.goto(f"{base}/ui/agents")
    page.get_by_role("region", name="Waiting for people").wait_for()
    yield "agents"
    page.goto(f"{base}/ui/analytics")
    page.get_by_role("application").first.wait_for()
    yield "analytics"
    page.goto(f"{base}/ui/activity")
    page.get_by_role("list", name="events").get_by_role("listitem").first.wait_for()
    yield "activity"
    page.goto(f"{base}/ui/new")
    page.get_by_label("What is wrong?").fill("Completed to-dos come back to life when …")
    yield "new"


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

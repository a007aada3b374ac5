"""Texts of strangers in every field that a screen shows: they are text, and nothing else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.findings import Citation, Diagnosis, Narrative, Reading, Reproduction, Triage
from core.identities import Identity
from core.interactions import Interaction, MemoryDiff
from core.models import Message
from core.patches import Suspect
from evals.scripted import TEST, Script
from memory.identities.sqlite import SqliteIdentityStore
from memory.stores.sqlite import SqliteStores
from observability.clock import SystemClock
from observability.redaction import Redactor
from tests.browser.hostile import ALL, HOSTILE
from tests.browser.watching import DESK, NARROW, PHONE, WIDER, Watched, looking, needs_chromium
from tests.e2e.rest import Served, serving

pytestmark = needs_chromium

WATCH = """() => {
  window.ran = [];
  for (const name of ["alert", "confirm", "prompt", "open"])
    window[name] = () => window.ran.push(name);
}"""
SCREENS = (
    *("", "/board", "/incidents", "/incidents/{incident}", "/tasks/{task}", "/agents"),
    *("/identities", "/identities/fix", "/activity", "/analytics?by=model", "/analytics?by=repo"),
    *("/settings/configuration", "/new"),
)
UNSEEN = """() => {
  const hidden = /[\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\u001b]|[\\u{e0041}]/u;
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const told = [];
  while (texts.nextNode()) {
    const at = texts.currentNode.parentElement;
    if (hidden.test(texts.currentNode.data) && !at.closest(".hidden-char, textarea"))
      told.push(at.outerHTML.slice(0, 200));
  }
  return told;
}"""
"""Places where a character that hides or reorders text stands as it is, and not by its name."""
UNFOLD = "for (const one of document.querySelectorAll('[role=tabpanel] details')) one.open = true"
STRANGERS = "main :is(script, iframe, object, embed, base, form[action], meta, img, video, audio)"
"""What no screen has of its own in its middle."""
SCRIPT = Script(
    triage=Triage(reasoning=ALL, component=HOSTILE[0], context_summary=ALL),
    diagnosis=Diagnosis(
        root_cause=ALL,
        intended_behaviour=ALL,
        approach=ALL,
        method=ALL,
        evidence=tuple(Citation(path=text, line=1, quote=text) for text in HOSTILE),
        suspects=(Suspect(path="app.py", line=2, function=HOSTILE[0], score=1.0),),
    ),
    reproduction=Reproduction(
        reading=Reading.REPRODUCED, origin=HOSTILE[1], tests=(TEST,), note=ALL
    ),
    narrative=Narrative(text=ALL, author=HOSTILE[2]),
)


def test_there_are_fifty_of_them() -> None:
    assert len(set(HOSTILE)) == 50


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, script=SCRIPT) as served:
        yield served


async def told_everywhere(house: Served) -> str:
    """Fifty reports, and one task whose every field tells all; the id of that one."""
    for text in HOSTILE:
        body = {"task_description": text, "repo": str(house.repo), "queue": True, "join": False}
        assert (await house.ask("POST", "/tasks", json=body)).status_code == 201
    task = await house.begin(task_description=ALL, ticket="BUG-1", queue=True, join=False)
    await house.until(task, "waiting_for_input")
    records = house.anton.observatory.records
    now = datetime.now(UTC)
    said = (Message(author="system", text=ALL), Message(author="user", text=ALL))
    records.interactions.record(
        Interaction(
            interaction_id="hostile",
            ended_at=now,
            task_id=task,
            role="fix",
            node="fix",
            model=HOSTILE[0],
            messages=said,
            tools=(HOSTILE[3],),
            response=ALL,
            success=False,
            error=ALL,
        )
    )
    records.interactions.record(
        MemoryDiff(role="fix", version=1, changed_at=now, added=HOSTILE, reason=ALL)
    )
    await records.interactions.flush()
    short = tuple(text[:400] for text in HOSTILE)
    identity = Identity(
        role="fix", learned_rules=short, expertise=short, past_mistakes=short, code_style=ALL
    )
    await saved(house, identity)
    return task


async def saved(house: Served, identity: Identity) -> None:
    """Write an identity as reflection does, past the gate that keeps such rules out."""
    clock = SystemClock()
    stores = await SqliteStores.open(
        house.repo.parent / "data", clock=clock, redactor=Redactor(()), exclusive=False
    )
    try:
        await SqliteIdentityStore(stores.database, clock).save(
            identity, by="reflection", reason=ALL
        )
    finally:
        await stores.close()


async def harmless(watched: Watched, path: str) -> None:
    """A screen shows the texts in each of its tabs, and none of them did anything."""
    page = watched.page
    await page.goto(f"{watched.base}/ui{path}")
    await page.locator("h1").first.wait_for()
    await page.wait_for_load_state("networkidle")
    tabs = await page.get_by_role("tab").all()
    for tab in tabs or [None]:
        if tab:
            await tab.click()
        await page.evaluate(UNFOLD)
        await watched.fine()
        assert await page.evaluate("window.ran") == [], page.url
        assert await page.evaluate(UNSEEN) == [], page.url
        assert await page.locator(STRANGERS).count() == 0, page.url


async def test_a_page_that_shows_them_as_they_are_is_found_out() -> None:
    bare = f"<html><body><main><p>{HOSTILE[31]}</p><pre>{'W' * 400}</pre></main></body></html>"
    async with looking("about:blank", **PHONE) as watched:
        await watched.page.set_content(bare)
        assert await watched.page.evaluate(UNSEEN)
        assert await watched.page.evaluate(WIDER)


@pytest.mark.parametrize(
    "look",
    [
        PHONE,
        pytest.param(DESK, marks=pytest.mark.slow),
        pytest.param(NARROW, marks=pytest.mark.slow),
    ],
    ids=["phone", "desk", "narrow"],
)
async def test_hostile_text_is_shown_as_text_on_every_screen(
    house: Served, look: dict[str, Any]
) -> None:
    task = await told_everywhere(house)
    incident = (await house.ask("GET", "/incidents")).json()["incidents"][0]["incident_id"]
    async with looking(house.base, **look) as watched:
        await watched.page.add_init_script(f"({WATCH})()")
        for path in SCREENS:
            await harmless(watched, path.format(task=task, incident=incident))
        await watched.page.keyboard.press("Control+k")
        await watched.page.get_by_role("combobox", name="Screen, task").fill("bug-1")
        await watched.page.get_by_role("group", name="Tasks").get_by_role("option").wait_for()
        await watched.fine()
        assert await watched.page.evaluate("window.ran") == []
        assert await watched.page.evaluate(UNSEEN) == []

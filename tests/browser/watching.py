"""A real Chromium that notes everything a page should not have done."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from tests.e2e.rest import OPERATOR, PATIENCE_S

AXE = Path(__file__).parent.parent.parent / "dashboard/node_modules/axe-core/axe.min.js"
CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}
NARROW = {"viewport": {"width": 320, "height": 640}, "color_scheme": "light", "has_touch": True}
"""What is left of a desk at 400 % zoom, too."""
DESK = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}

WIDER = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolls = (one) =>
    one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
  const told = [`${root.scrollWidth} px`];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const range = document.createRange();
    range.selectNodeContents(text);
    if (range.getBoundingClientRect().right > root.clientWidth && !scrolls(text.parentElement))
      told.push(`${text.parentElement.outerHTML}`.slice(0, 200));
  }
  return told.slice(0, 6);
}"""
"""What makes the page wider than the screen."""

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium, or CHROMIUM_PATH"
)


class Watched:
    """A page, and everything that it should not have done."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base = page, base
        self.trouble: list[str] = []
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.trouble.append(f"dialog: {dialog.message}"))
        page.on("request", self._leaves)
        page.on("console", self._said)

    def _leaves(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:")):
            self.trouble.append(f"left for {request.url}")

    def _said(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "Content-Security" in message.text:
            self.trouble.append(message.text)

    async def fine(self) -> None:
        """Nothing went wrong, nothing is wider than the screen, and axe finds nothing."""
        await self.page.locator("h1").first.wait_for()
        wide = await self.page.evaluate(WIDER)
        assert wide == [], f"{self.page.url} is wider than the screen by {wide}"
        if AXE.exists():
            await self.page.evaluate(AXE.read_text())
            found = await self.page.evaluate("axe.run().then((told) => told.violations)")
            told = [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
            assert told == [], f"{self.page.url}: {told}"
        assert self.trouble == [], self.trouble


@asynccontextmanager
async def looking(base: str, **options: Any) -> AsyncIterator[Watched]:
    """A page of a fresh browser."""
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(**options)
        context.set_default_timeout(PATIENCE_S * 1000)
        yield Watched(await context.new_page(), base)
        await browser.close()


async def sign_in(page: Any) -> None:
    """Enter the operator's key."""
    await page.get_by_label("API key").fill(OPERATOR)
    await page.get_by_role("button", name="Sign in").click()

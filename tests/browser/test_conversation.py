"""What a model says is read while it says it; the model is a double that follows a script."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.browser.watching import DESK, looking, needs_chromium
from tests.e2e.rest import PATIENCE_S
from tests.fakes.model_server import Act
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.repositories import repository

ROOT = Path(__file__).parent.parent.parent
WORDS = " ".join(f"word{number}" for number in range(120))

pytestmark = needs_chromium


@asynccontextmanager
async def thinking(folder: Path, model: str) -> AsyncIterator[str]:
    """A server of its own process with a model at this address; its own address."""
    settings = {
        "DATA_DIR": str(folder / "data"),
        "ANTON_HOME": str(folder),
        "PORT": "0",
        "MODEL": "openai/double",
        "OPENAI_API_BASE": f"{model}/v1",
        "OPENAI_API_KEY": "sk-double-0123456789abcdef",
        "MODEL_PRICES": '{"openai/double": {"in": 1, "out": 2}}',
    }
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "main.py"), "serve"),
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert server.stdout
    try:
        base = ""
        async with asyncio.timeout(PATIENCE_S):
            while not base:
                line = (await server.stdout.readline()).decode()
                base = line.partition("serving ")[2].partition(",")[0]
        reading = asyncio.create_task(server.stdout.read())
        yield base
    finally:
        server.terminate()
        await server.wait()
    await reading


async def test_a_conversation_is_read_while_it_grows_and_played_again_when_it_is_over(
    tmp_path: Path,
) -> None:
    repo = repository(
        tmp_path / "repo", {"app.py": "def total(items):\n    return sum(items) + 1\n"}
    )
    with OpenAIServer() as model:
        model.otherwise = lambda _: Act(text=WORDS, pieces=40, gap_s=0.1, wait_s=1.0)
        async with thinking(tmp_path, model.url) as base, looking(base, **DESK) as watched:
            page = watched.page
            await page.goto(f"{base}/ui/new")
            await page.get_by_label("What is wrong?").fill("total() is off by one")
            await page.get_by_label("Repository").fill(str(repo))
            await page.keyboard.press("Control+Enter")
            await page.get_by_role("tab", name="Conversation").click()
            talk = page.get_by_role("log", name="Conversation")
            await talk.get_by_text("Thinking", exact=True).first.wait_for()
            live = talk.locator(".call-live .bubble-response")
            await live.get_by_text("word3").wait_for()
            early = await live.inner_text()
            await live.get_by_text("word60").wait_for()
            assert early in await live.inner_text()
            assert "word119" not in early
            await talk.locator(".call-foot").first.wait_for()
            await talk.get_by_text(" out").first.wait_for()
            await watched.fine()
            task = page.url.partition("/tasks/")[2][:36]
            await page.get_by_role("button", name="Cancel").first.click()
            await page.get_by_role("dialog").get_by_role("button", name="Cancel").last.click()
            await page.get_by_text("Cancelled").first.wait_for()
            await page.goto(f"{base}/ui/tasks/{task}?tab=conversation")
            await page.get_by_role("button", name="Play").click()
            await talk.get_by_text("word9").first.wait_for()
            await watched.fine()

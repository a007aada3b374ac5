"""Anton behind a real server on loopback: everything real but what thinks and what tests."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import bootstrap
from api.app import Application
from api.auth import Scope, new_key
from api.server import Server, listen
from config import load_settings
from control.anton import Anton
from core.ports import Channel, Clock
from evals.scripted import REPOSITORY, Script, ScriptedThinking
from integrations.http import trusted
from tests.fakes.repositories import repository

OPERATOR = "kJ8f-2Lq9_xZp0Wm4TsV"
PATIENCE_S = 30.0
JSON = {"Content-Type": "application/json"}


@dataclass
class Served:
    """A running server, and a client of it."""

    anton: Anton
    app: Application
    server: Server
    base: str
    client: httpx.AsyncClient
    repo: Path
    thinking: ScriptedThinking

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""
        return await self.client.request(method, path, **more)

    async def begin(self, **more: Any) -> str:
        """Begin the scripted repair; its id."""
        body = {"task_description": "total() is off by one", "repo": str(self.repo), **more}
        answer = await self.ask("POST", "/tasks", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["task_id"])

    async def until(self, task_id: str, *statuses: str) -> dict[str, Any]:
        """The task once it has one of these statuses."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                task: dict[str, Any] = (await self.ask("GET", f"/tasks/{task_id}")).json()
                if task["status"] in statuses:
                    return task
                await asyncio.sleep(0.05)

    async def waiting(self) -> dict[str, Any]:
        """The release question of a fresh repair."""
        task_id = await self.begin()
        await self.until(task_id, "waiting_for_input")
        found = (await self.ask("GET", "/approvals", params={"task": task_id})).json()
        question: dict[str, Any] = found["approvals"][0]
        return question


@asynccontextmanager
async def serving(
    folder: Path,
    *,
    script: Script | None = None,
    headers: dict[str, str] | None = None,
    channels: Sequence[Channel] = (),
    port: int = 0,
    shows: bool = False,
    clock: Clock | None = None,
    **more: Any,
) -> AsyncIterator[Served]:
    """A house in a folder, served until the block ends, on a free port or a given one.

    More options are those of Settings by name.
    """
    repo = folder / "repo"
    if not repo.exists():
        repository(repo, REPOSITORY)
    settings, _ = load_settings(anton_home=folder, **more)
    thinking = ScriptedThinking(script or Script())
    anton = await bootstrap.build(
        settings, thinking=thinking, channels=channels, shows=shows, clock=clock
    )
    await anton.start()
    app = bootstrap.rest(settings, anton)
    sock = listen("127.0.0.1", port)
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    up = asyncio.Event()
    server = Server(app, settings.trusted_proxies, up.set)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    await up.wait()
    try:
        async with httpx.AsyncClient(
            base_url=base, headers=headers, timeout=PATIENCE_S, verify=trusted()
        ) as client:
            yield Served(anton, app, server, base, client, repo, thinking)
    finally:
        server.should_exit = True
        await running
        await anton.stop(drain_s=1)


def key_file(folder: Path) -> tuple[Path, dict[str, str]]:
    """A file with one key for each scope, and the keys by name of the scope."""
    made = {str(scope): new_key(str(scope), [scope]) for scope in Scope}
    file = folder / "keys"
    file.write_text("\n".join(line for _, line in made.values()))
    return file, {name: key for name, (key, _) in made.items()}


def digest(text: str) -> str:
    """A patch hash of nothing in particular."""
    return hashlib.sha256(text.encode()).hexdigest()

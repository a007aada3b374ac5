"""A server process that can be killed: all of it real, but for the thinking, which has a script."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import api.app  # noqa: F401 - loaded before the fork, as is the host: a life then starts at once
import bootstrap
import integrations.github.code_host
import integrations.slack.channel  # noqa: F401
from api.server import listen, serve
from config import load_settings
from control.anton import Anton
from core.errors import AntonError
from core.events import Event
from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.trees import File
from evals.scripted import FAULTY, MENDED, TEST, Script, ScriptedThinking

REPOSITORY = "acme/todo"
BAD = FAULTY.replace("+ 1", "+ 2")
NEW_TEST = FileChange.of("tests/test_total.py", File(b"def test_total():\n    assert True\n"))


@dataclass(frozen=True)
class Plan:
    """Where a server works, and at what it dies."""

    folder: Path
    github: str
    token: str
    die_at: int = 0
    """Number of the event that is its last; 0 for none."""
    die_when: Mapping[str, str] = field(default_factory=dict)
    """It dies at each event whose data agree with these."""
    delays_s: Mapping[str, float] = field(default_factory=dict)
    drain_s: float = 30.0
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of Settings by name, over those that are set here."""
    fixes: tuple[str, ...] = (BAD, MENDED)
    """What is tried, one after the other."""

    @property
    def data(self) -> Path:
        """Its databases."""
        return self.folder / "data"


def run(plan: Plan, ready: Connection) -> None:
    """Serve until SIGTERM, or death; `ready` hears the port once requests are answered."""
    logging.basicConfig(filename=plan.folder / "server.log", level=logging.INFO, force=True)
    try:
        asyncio.run(_run(plan, ready))
    except AntonError as error:
        logging.getLogger(__name__).error("%s", error)
        sys.exit(1)


async def _run(plan: Plan, ready: Connection) -> None:
    chosen: dict[str, Any] = {
        "data_dir": plan.data,
        "github_repo": REPOSITORY,
        "github_token": plan.token,
        "github_api_url": plan.github,
        "github_write_interval_s": 0.0,
        "max_concurrent_tasks": 20,
    }
    settings, _ = load_settings(**{**chosen, **plan.options})
    anton = await bootstrap.build(settings, thinking=ScriptedThinking(_script(plan)))
    sock = listen("127.0.0.1", 0)
    watch = asyncio.create_task(_die(anton, plan))
    await asyncio.sleep(0)
    try:
        await anton.start()
        app = bootstrap.rest(settings, anton)
        await serve(app, sock, started=lambda: ready.send(sock.getsockname()[1]))
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await anton.stop(drain_s=plan.drain_s)


def _script(plan: Plan) -> Script:
    """The first fix does not hold, the second does; the change has two commits."""
    shown = Reproduction(
        reading=Reading.REPRODUCED, origin="example", tests=(TEST,), files=(NEW_TEST,)
    )
    return Script(reproduction=shown, fixes=plan.fixes, delays_s=plan.delays_s)


async def _die(anton: Anton, plan: Plan) -> None:
    async with anton.events.listen() as events:
        async for event in events:
            if event and _is_last(event, plan):
                os.kill(os.getpid(), signal.SIGKILL)


def _is_last(event: Event, plan: Plan) -> bool:
    if plan.die_when:
        return plan.die_when.items() <= event.data.items()
    return event.seq == plan.die_at

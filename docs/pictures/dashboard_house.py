"""A server for pictures of its dashboard: real repairs of the demo service, a scripted model."""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.demo import TICKET, Stage
from docs.pictures import dashboard_mind as mind
from tests.fakes.openai_server import OpenAIServer

ROOT = Path(__file__).parent.parent.parent
PORT = 8139
PATIENCE_S = 180
PRICES = {mind.NAME: {"in": 0.5, "out": 2.0}}


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


def wait(base: str, path: str, ready: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The answer, once it is the one that is waited for."""
    deadline = time.monotonic() + PATIENCE_S
    told: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            if ready(told := ask(base, path)):
                return told
        except OSError:
            pass
        time.sleep(0.3)
    raise SystemExit(f"{path} did not become ready: {told}")


@contextmanager
def house() -> Iterator[str]:
    """A fault that is repaired, one that waits for consent, one at work, and an alarm for noise."""
    stage = Stage.set_up()
    base = f"http://127.0.0.1:{PORT}"
    with OpenAIServer() as model:
        model.otherwise = mind.answer
        server = _serve(stage, model)
        try:
            wait(base, "/health", lambda told: told["status"])
            _fill(base, stage)
            yield base
        finally:
            server.terminate()
            model.released.set()
            server.wait()
            shutil.rmtree(stage.folder)


def _serve(stage: Stage, model: OpenAIServer) -> subprocess.Popen[bytes]:
    settings = {
        "PORT": PORT,
        "DATA_DIR": stage.data,
        "ANTON_HOME": stage.folder,
        "MODEL": mind.NAME,
        "MODEL_PRICES": json.dumps(PRICES),
        "OPENAI_API_BASE": f"{model.url}/v1",
        "OPENAI_API_KEY": "sk-of-the-double-0123456789",
        "FIX_ENGINE": "tools",
        "REFLECTION_INTERVAL": 1,
    }
    given = (f"{name}={value}" for name, value in settings.items())
    return subprocess.Popen(
        ["env", *given, sys.executable, str(ROOT / "main.py"), "serve"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _fill(base: str, stage: Stage) -> None:
    def report(ticket: str, text: str, until: str) -> str:
        given = {"task_description": text, "repo": str(stage.repository), "ticket": ticket}
        task: str = ask(base, "/tasks", given)["task_id"]
        wait(base, f"/tasks/{task}", lambda told: told["status"] == until)
        return task

    report("OPS-7", mind.REPORT_OF_NOTHING, "completed")
    first = report("BUG-40", mind.REPORT_OF_EMPTY_TITLES, "waiting_for_input")
    ask(base, f"/tasks/{first}/approve", {})
    wait(base, f"/tasks/{first}", lambda told: told["status"] == "completed")
    report("BUG-42", TICKET.read_text(), "waiting_for_input")
    report("BUG-43", mind.REPORT_OF_ORDER, "running")
    wait(base, "/identities/fix", lambda told: told["version"] > 0)
    _teach(base)


def _teach(base: str) -> None:
    """Give a role rules as a person would, beside what it has learned."""
    held = ask(base, "/identities/fix")
    texts = ("Set flags, never toggle them.", "Read the failing test before the code it calls.")
    rules = [{"text": rule["text"]} for rule in held["rules"]]
    rules += [{"text": text, "pinned": True, "correction": True} for text in texts]
    given = {"version": held["version"], "rules": rules}
    ask(base, "/identities/fix/rules", given, method="PUT")

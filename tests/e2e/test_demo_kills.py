"""A server that is killed while it shows something leaves nothing of it, and says so later."""

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_rest_process import serving
from tests.fakes.repositories import repository
from tests.workflows.demos import WITH_APP, fetched

pytestmark = [pytest.mark.needs_bubblewrap, pytest.mark.slow]

PATIENCE_S = 100.0


def processes(marker: str) -> list[str]:
    """Those whose command line holds a word."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        found += [line] if marker in line else []
    return found


def until(ready: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := ready()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.3)
    return found


def demo_of(client: httpx.Client, task_id: str, state: str) -> dict[str, Any] | None:
    """The demo of a task, once it has this state."""
    demo: dict[str, Any] | None = client.get(f"/tasks/{task_id}").json()["demo"]
    return demo if demo and demo["state"] == state else None


def client_of(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)


def test_a_kill_leaves_nothing_and_the_next_server_shows_it_again(tmp_path: Path) -> None:
    name = f"shown_{secrets.token_hex(6)}"
    files = {**WITH_APP, f"{name}.py": WITH_APP["main.py"]}
    del files["main.py"]
    repo = repository(tmp_path / "repo", files)
    options = {"REPO_CWD": str(repo), "FIX_ENGINE": "offline", "PYTHON_PACKAGES": "cached"}
    options["LOG_LEVEL"] = "WARNING"  # nobody reads what it says, and a full pipe would stop it
    with serving(tmp_path, **options) as (process, port), client_of(port) as client:
        report = {"task_description": "total() is one too many, see test_app.py::test_total"}
        begun = client.post("/tasks", json={**report, "repo": str(repo)})
        task_id = begun.json()["task_id"]
        demo = until(lambda: demo_of(client, task_id, "live"))
        assert asyncio.run(fetched(demo["url"], "/total")) == "1"
        assert processes(name)
        process.kill()
        process.wait()
    until(lambda: not processes(name))
    with pytest.raises(ConnectionError):
        asyncio.run(fetched(demo["url"], "/total"))

    with serving(tmp_path, **options) as (_, port), client_of(port) as client:
        ended = until(lambda: demo_of(client, task_id, "ended"))
        assert (ended["reason"], ended["can_start"]) == ("the server was restarted", True)
        assert client.post(f"/tasks/{task_id}/demo").status_code == 202
        again = until(lambda: demo_of(client, task_id, "live"))
        assert again["patch_hash"] == demo["patch_hash"] and again["url"] != demo["url"]
        assert asyncio.run(fetched(again["url"], "/total")) == "1"
    until(lambda: not processes(name))

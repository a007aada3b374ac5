"""With LOCAL_ONLY no packet leaves; and nothing is loaded before a model is called."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.models.locality import is_local
from config import SettingsInvalid, load_settings, refuse_unsafe
from tests.fakes.model_server import Act
from tests.fakes.ollama_server import OllamaServer
from tests.fakes.openai_server import OpenAIServer

ROOT = Path(__file__).parents[4]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
PROGRAM = """
import asyncio, ipaddress, json, os, socket, sys
left = []

def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if args[0].family in (socket.AF_INET, socket.AF_INET6) and args[1]:
            host = args[1][0]
            if not ipaddress.ip_address(host).is_loopback:
                left.append(host)
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] is not None:
        host = args[0] if isinstance(args[0], str) else args[0].decode()
        if host not in ("localhost", "127.0.0.1", "::1"):
            left.append(host)

sys.addaudithook(watch)
from pathlib import Path
import bootstrap
from config import load_settings
from core.errors import ModelError
from tests.unit.agents.models.house import house

async def main(folder):
    said = []
    options = bootstrap.model_options(load_settings()[0])
    async with house(folder, options) as home:
        early = "litellm" in sys.modules
        for role in ("fix", "triage", "fix", "triage"):
            try:
                said.append((await home.ask(role)).text)
            except ModelError as error:
                said.append(type(error).__name__)
    return {"left": left.copy(), "said": said, "early": early}

found, own = [], dict(os.environ)
for number, variables in enumerate(json.loads(sys.argv[2])):
    left.clear()
    os.environ.clear()
    os.environ.update(own, **variables)
    found.append(asyncio.run(main(Path(sys.argv[1]) / str(number))))
print(json.dumps(found))
"""


@pytest.fixture
def servers() -> Iterator[tuple[OpenAIServer, OllamaServer]]:
    with OpenAIServer() as openai, OllamaServer() as ollama:
        yield openai, ollama


def run(folder: Path, *houses: dict[str, str]) -> list[dict[str, Any]]:
    """What becomes of a house after the other, each with variables of its own, in one process."""
    names = {"PATH", "HOME", "LANG"}
    environment = {name: value for name, value in os.environ.items() if name in names}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder), json.dumps(houses)],
        cwd=ROOT,
        env={**environment, "ANTON_HOME": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_no_packet_leaves_and_litellm_loads_with_the_first_call(
    servers: tuple[OpenAIServer, OllamaServer], tmp_path: Path
) -> None:
    """And the watch sees a packet that would leave without LOCAL_ONLY, to a name nobody has."""
    openai, ollama = servers
    away = {"Location": "http://models.example/v1/chat/completions"}
    openai.script(Act(text="from openai"), Act(status=307, headers=away))
    ollama.script(Act(text="from ollama"), Act(status=307, headers=away))
    local = {
        "LOCAL_ONLY": "true",
        "LLM_MAX_RETRIES": "0",
        "MODEL": "ollama_chat/qwen3:8b",
        "MODEL_FIX": "openai/mine",
        "OLLAMA_BASE_URL": ollama.url,
        "OPENAI_API_BASE": f"{openai.url}/v1",
        **dict.fromkeys(PROXIES, "http://proxy.example:3128"),
    }
    leaving = {
        "MODEL": "openai/mine",
        "OPENAI_API_BASE": "http://models.invalid/v1",
        "LLM_MAX_RETRIES": "0",
    }
    held, seen = run(tmp_path, local, leaving)
    assert held == {
        "left": [],
        "said": ["from openai", "from ollama", "ModelUnavailable", "ModelUnavailable"],
        "early": False,
    }
    assert set(seen["left"]) == {"models.invalid"}


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:11434", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8080", True),
        ("http://gpu.lan:11434", True),
        ("http://10.0.0.7:8080/v1", True),
        ("http://10.0.0.7:9090/v1", False),
        ("http://10.0.0.8:8080", False),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://127.0.0.1@models.example/", False),
        ("https://api.openai.com/v1", False),
        ("", False),
    ],
)
def test_what_counts_as_here(address: str, local: bool) -> None:
    assert is_local(address, ("gpu.lan", "10.0.0.7:8080")) is local


def test_hosts_of_code_elsewhere_are_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTON_HOME", str(tmp_path))
    token = "ghp_kJ8f2Lq9xZp0Wm4TsVaB"
    settings, _ = load_settings(local_only=True, github_token=token)
    with pytest.raises(SettingsInvalid, match="GITHUB_TOKEN: LOCAL_ONLY forbids"):
        refuse_unsafe(settings, serving=False)
    settings, _ = load_settings(
        local_only=True,
        github_token=token,
        github_api_url="https://github.lan/api/v3",
        local_hosts="github.lan",
    )
    refuse_unsafe(settings, serving=False)

"""With LOCAL_ONLY a whole repair with a model of one's own opens no connection elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.ollama_server import OllamaServer
from tests.fakes.repositories import repository

pytestmark = pytest.mark.needs_bubblewrap

ROOT = Path(__file__).parents[2]
PROGRAM = """
import ipaddress, json, socket, sys
here, left = set(), []

def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if args[0].family in (socket.AF_INET, socket.AF_INET6) and args[1]:
            host = args[1][0]
            (here.add if ipaddress.ip_address(host).is_loopback else left.append)(host)
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] is not None:
        host = args[0] if isinstance(args[0], str) else args[0].decode()
        if host not in ("localhost", "127.0.0.1", "::1"):
            left.append(host)

sys.addaudithook(watch)
import main
code = main.main(["fix", sys.argv[1], sys.argv[2], "--test", sys.argv[3], "--yes"])
print()
print(json.dumps({"code": code, "left": left, "here": sorted(here)}))
"""
REPORT, TEST = "total() is one too many", "test_shop.py::test_total"
FILES = {
    "shop.py": "def total(prices):\n    return sum(prices) + 1\n",
    "test_shop.py": "from shop import total\n\n\ndef test_total():\n"
    "    assert total([1, 2]) == 3\n",
}


def test_a_whole_fix_with_ollama_connects_to_this_machine_alone(tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop", FILES)
    names = {"PATH", "HOME", "LANG"}
    environment = {name: value for name, value in os.environ.items() if name in names}
    with OllamaServer() as ollama:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, str(shop), REPORT, TEST],
            cwd=ROOT,
            env={
                **environment,
                "ANTON_HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "LOCAL_ONLY": "true",
                "MAX_ITERATIONS": "1",
                "MODEL": "ollama_chat/qwen3:8b",
                "OLLAMA_BASE_URL": ollama.url,
                "HTTPS_PROXY": "http://proxy.example:3128",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        assert (found["left"], found["here"]) == ([], ["127.0.0.1"])
        assert found["code"] == 3, "a reviewer without a usable verdict leaves it to a person"
        assert len(ollama.asked) > 2
        assert done.stderr.count("✓ fix") == 1, "MAX_ITERATIONS holds on the command line, too"

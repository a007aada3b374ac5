"""`serve` as its user runs it: it starts safely or not at all, and leaves when it is told to."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.e2e.terminal import run

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def environment(home: Path, **options: str) -> dict[str, str]:
    """Of a process that knows these options only."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "ANTON_HOME": str(home), **options}


def start(home: Path, *arguments: str, **options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), "serve", *arguments],
        cwd=home,
        env=environment(home, **options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def serving(home: Path, **options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that answers, and its port."""
    process = start(home, "--port", "0", **options)
    try:
        assert process.stdout is not None
        said = ""
        while not (address := re.search(r"http://127\.0\.0\.1:(\d+)", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, int(address[1])
    finally:
        process.kill()
        process.communicate()


def refused(home: Path, *arguments: str, **options: str) -> str:
    """What a server says that must not start."""
    done = run(home / "data", "serve", *arguments, **options)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "Traceback" not in said
    return said


def ended(process: subprocess.Popen[str], within_s: float) -> int:
    begun = time.monotonic()
    code = process.wait(timeout=PATIENCE_S)
    assert time.monotonic() - begun < within_s
    return code


def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(tmp_path, "--port", str(port))
    assert str(port) in said
    assert "PORT" in said


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"HOST": "0.0.0.0"}, ["API_KEY"]),
        ({"ENVIRONMENT": "production"}, ["API_KEY"]),
        ({"API_KEY": "s3cret"}, ["API_KEY"]),
        ({"SANDBOX": "subprocess"}, ["SANDBOX_ALLOW_HOST"]),
        ({"PORT": "x", "SANDBOX": "moon", "MAX_ITERATIONS": "0"}, ["PORT", "SANDBOX", "MAX_IT"]),
        ({"API_KEYS_FILE": "nowhere"}, ["API_KEYS_FILE"]),
    ],
)
def test_what_is_unsafe_or_wrong_does_not_start(
    tmp_path: Path, options: dict[str, str], named: list[str]
) -> None:
    said = refused(tmp_path, **{"PORT": "0", **options})
    assert [name for name in named if name not in said] == []
    assert "s3cret" not in said


@pytest.mark.needs_bubblewrap
def test_a_term_says_goodbye_to_streams_and_ends_with_zero(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as (process, port),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection,
    ):
        connection.request("GET", "/stream")
        with connection.getresponse() as stream:
            assert stream.readline() == b"event: hello\n"
            process.send_signal(signal.SIGTERM)
            rest = stream.read().decode()
        assert "event: bye" in rest
        assert json.loads(rest.rpartition("data: ")[2])["reason"] == "restart"
        assert ended(process, within_s=10) == 0


@pytest.mark.needs_bubblewrap
def test_a_second_term_ends_it_at_once(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as (process, port),
        socket.create_connection(("127.0.0.1", port)) as half,
    ):
        half.sendall(b"POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert ended(process, within_s=1.5) == -signal.SIGTERM


@pytest.mark.needs_bubblewrap
def test_a_server_keeps_its_files_to_itself(tmp_path: Path) -> None:
    with serving(tmp_path):
        files = [file for file in (tmp_path / "data").rglob("*.db")]
        assert files
        assert {file.stat().st_mode & 0o077 for file in files} == {0}

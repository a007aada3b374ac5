"""A Docker engine for tests alone: a daemon, data and socket of its own, on no network."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

READY_S = 60.0
END_S = 30.0
DRIVERS = ("overlay2", "vfs")


@contextmanager
def started() -> Iterator[str]:
    """The address of an engine that lives for the block."""
    dockerd = shutil.which("dockerd")
    if dockerd is None or os.geteuid() != 0:
        pytest.skip("no Docker engine: it takes root and Debian's docker.io with iptables")
    folder = Path(tempfile.mkdtemp(prefix="anton-dockerd-"))
    try:
        for driver in DRIVERS:
            daemon = _start(dockerd, folder, driver)
            try:
                if _is_ready(daemon, folder):
                    yield f"unix://{folder}/s"
                    return
            finally:
                _end(daemon)
        pytest.skip(f"no Docker engine starts here: {(folder / 'log').read_text()[-500:]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(dockerd: str, folder: Path, driver: str) -> subprocess.Popen[bytes]:
    places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [
                *(dockerd, "--bridge=none", "--iptables=false", f"--storage-driver={driver}"),
                *(f"--{option}={folder / name}" for option, name in places.items()),
                *("--host", f"unix://{folder}/s"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _is_ready(daemon: subprocess.Popen[bytes], folder: Path) -> bool:
    deadline = time.monotonic() + READY_S
    while daemon.poll() is None and time.monotonic() < deadline:
        if "API listen on" in (folder / "log").read_text():
            return True
        time.sleep(0.05)
    return False


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(END_S)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()

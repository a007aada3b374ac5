"""Google's own Firestore emulator, where this machine has it."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = "anton-test"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
JARS = (
    os.environ.get("FIRESTORE_EMULATOR_JAR", ""),
    "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
)
START_S = 90.0


def jar() -> Path | None:
    """Its program; None where it, or Java, is missing."""
    found = next((Path(name) for name in JARS if name and Path(name).is_file()), None)
    return found if shutil.which("java") else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def emulator(program: Path, log: Path) -> Iterator[str]:
    """Run it; its address as `host:port`."""
    port = free_port()
    argv = ["java", "-Xmx512m", "-cp", str(program), MAIN, "start"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*argv, "--host=127.0.0.1", f"--port={port}"], stdout=output, stderr=output
        )
        try:
            _wait(port, process, log)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def clear(address: str) -> None:
    """Forget every document."""
    url = f"http://{address}/emulator/v1/projects/{PROJECT}/databases/(default)/documents"
    request = urllib.request.Request(url, method="DELETE")
    urllib.request.urlopen(request, timeout=30).close()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the emulator did not start: {log.read_text()[-2000:]}")

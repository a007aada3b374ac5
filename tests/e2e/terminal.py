"""The program as a user runs it: a real process, with or without a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from tests.e2e.programs import started

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0

FILES = {
    "shop/__init__.py": "",
    "shop/orders.py": (
        '"""Orders."""\n\n\n'
        "def total(prices, discount=0):\n"
        '    """The sum, less a discount; never below zero."""\n'
        "    return min(0, sum(prices) - discount)\n"
    ),
    "tests/test_orders.py": (
        "from shop.orders import total\n\n\n"
        "def test_nothing_costs_nothing():\n    assert total([]) == 0\n\n\n"
        "def test_the_sum_is_paid():\n    assert total([2, 3]) == 5\n\n\n"
        "def test_a_discount_is_taken_off():\n    assert total([2, 3], 1) == 4\n"
    ),
}
TEST = "tests/test_orders.py::test_the_sum_is_paid"
REPORT = "The total of an order is always zero"


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder."""
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.invalid")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def repository(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """A git repository with one commit of these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


def argv(*arguments: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, str(ROOT / "main.py"), *arguments]


def run(
    data: Path, *arguments: str, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with an environment that holds nothing else."""
    environment = {"DATA_DIR": str(data), "ANTON_HOME": str(data.parent), **variables}
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("in", "out", "err")]
        files[0].write_text(stdin)
        process = started(arguments, environment, [str(file) for file in files], Path.cwd())
        process.join(PATIENCE_S)
        code = process.exitcode
        if code is None:
            process.kill()
            raise AssertionError(f"{arguments} does not end: {files[2].read_text()}")
        return subprocess.CompletedProcess(
            arguments, code, files[1].read_text(), files[2].read_text()
        )


class Terminal:
    """A command on a terminal of its own, with somebody at the keys."""

    def __init__(self, data: Path, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self.seen = ""
        self.process = started(
            arguments,
            {"DATA_DIR": str(data), "ANTON_HOME": str(data.parent), "TERM": "xterm"},
            [os.ttyname(theirs)] * 3,
            Path.cwd(),
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.join()
        os.close(self._ours)

    def wait_for(self, pattern: str) -> str:
        """Read until the pattern was seen; all that was seen."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.seen):
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"{pattern!r} never came:\n{self.seen}")
        return self.seen

    def type(self, line: str) -> None:
        """Type a line, after forgetting what was seen."""
        self.seen = ""
        os.write(self._ours, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.seen = ""
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        self.process.join(PATIENCE_S)
        assert self.process.exitcode is not None
        return self.process.exitcode

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 1.0)
        if not ready:
            return self.process.exitcode is None
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)

"""Programs of the host that take a while, such as an installer: none outlasts the house."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from core.errors import EnvironmentUnprepared

LOOK_S = 0.1


class Programs:
    """Runs programs in threads that nobody can cancel, and ends them when it is asked to."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._guard = Lock()
        self._ended = False

    def run(
        self, argv: Sequence[str], variables: Mapping[str, str], *, cwd: Path, timeout_s: float
    ) -> tuple[int, str]:
        """Run it with these variables and no others.

        Exit code and what it complained of; raises OSError and subprocess.TimeoutExpired.

        Raises EnvironmentUnprepared when all are ended.
        """
        with self._guard:
            self._check()
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        try:
            _, words = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.communicate()
            raise
        finally:
            with self._guard:
                self._running.discard(process)
        self._check()
        return process.returncode, words

    def wait_for(self, taken: Callable[[], bool]) -> None:
        """Look until it is taken; raises EnvironmentUnprepared when all are ended."""
        while not taken():
            self._check()
            time.sleep(LOOK_S)

    def end(self) -> None:
        """End all that run, and start none any more."""
        with self._guard:
            self._ended = True
            for process in self._running:
                _kill(process)

    def _check(self) -> None:
        if self._ended:
            raise EnvironmentUnprepared("Anton is closing; nothing is prepared any more.")


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

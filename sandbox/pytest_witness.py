"""Run pytest inside a sandbox and keep a record of its own, which the tests cannot rewrite.

Copied into the prepared environment and started there as a script, it knows nothing of the house.
Its orders come on standard input, once, and with them a key that is forgotten as it is
used: each line of the record carries a keyed digest, and every digest moves the key on. Code that
is tested runs in the same process, so this keeps out what forges reports, not what rewrites the
interpreter; the host compares the record with the exit code and with pytest's own report.
"""

import contextlib
import gc
import hashlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

CANNOT_START = 78
"""Exit code when pytest itself cannot be loaded."""
MESSAGE_CHARACTERS = 2_000


class Record:
    """An append-only file of lines, each under a key that the next line no longer has."""

    def __init__(self, path: str, key: bytes) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._process = os.getpid()
        self._sign = _signer(key)
        self.numbers: dict[str, int] = {}
        """The places of collected tests in their list, which stand for their ids."""

    def short(self, test_id: str) -> str | int:
        """A test's number, or its id where it has none."""
        return self.numbers.get(test_id, test_id)

    def write(self, kind: str, **facts: Any) -> None:
        """Append one line; a forked child is not heard."""
        if os.getpid() != self._process:
            return
        line = json.dumps([kind, facts], separators=(",", ":")).encode()
        os.write(self._file, self._sign(line) + b" " + line + b"\n")


def _signer(key: bytes) -> Callable[[bytes], bytes]:
    state = [key]
    digest = hashlib.blake2b

    def sign(line: bytes) -> bytes:
        mark = digest(line, key=state[0], digest_size=16).hexdigest().encode()
        state[0] = digest(b"next", key=state[0], digest_size=32).digest()
        return mark

    return sign


class Places:
    """Where in the repository an exception went wrong: in its own code rather than in a test."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip(os.sep) + os.sep
        self.test_files: set[str] = set()

    def relative(self, path: str) -> str:
        """The path within the repository; empty for what lies elsewhere."""
        whole = path if path.startswith(os.sep) else self._root + path
        if not whole.startswith(self._root) or "site-packages" in whole:
            return ""
        return os.path.normpath(whole[len(self._root) :])

    def is_test(self, path: str) -> bool:
        """Whether a path of the repository holds tests or what serves them."""
        name = path.rpartition("/")[2]
        return (
            path in self.test_files
            or name in ("conftest.py", "tests.py")
            or name.startswith("test_")
            or name.endswith("_test.py")
            or bool({"test", "tests"} & set(path.split("/")[:-1]))
        )

    def of(self, error: BaseException) -> tuple[str, int]:
        """Deepest line in code that is not a test, else in a test, along the chain of causes."""
        in_test = ("", 0)
        seen: set[int] = set()
        cause: BaseException | None = error
        while cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            for path, line in reversed(list(self._frames(cause))):
                if not self.is_test(path):
                    return path, line
                if not in_test[0]:
                    in_test = (path, line)
            cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        return in_test

    def _frames(self, error: BaseException) -> Iterator[tuple[str, int]]:
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            if path := self.relative(trace.tb_frame.f_code.co_filename):
                yield path, trace.tb_lineno
            trace = trace.tb_next
        path = self.relative(error.filename or "") if isinstance(error, SyntaxError) else ""
        if path and isinstance(error, SyntaxError):
            yield path, error.lineno or 0


class Alarm:
    """A time limit for one test: past it, an exception is raised in the main thread."""

    def __init__(self, seconds: float, overdue: type[BaseException]) -> None:
        self._seconds = seconds
        self._overdue = overdue

    def set(self) -> None:
        """Start counting; what swallows the exception gets it again every second."""
        if self._seconds > 0:
            signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self._seconds, 1.0)

    def stop(self) -> None:
        """Count no more."""
        if self._seconds > 0:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        raise self._overdue(f"ran longer than {self._seconds:g} s")


class Lines:
    """Which lines of the repository each test runs, while `trace` is the trace function."""

    def __init__(self, root: str, places: Places) -> None:
        import coverage

        self._places = places
        self._cover = coverage.Coverage(
            data_file=None,
            config_file=False,
            include=[f"{root}/*"],
            omit=["*/site-packages/*"],
            messages=False,
        )
        self._cover.set_option("run:core", "ctrace")
        self._cover.set_option("run:disable_warnings", ["no-data-collected", "module-not-measured"])
        self._cover.start()
        self.trace = sys.gettrace()

    def switch(self, test_id: str) -> None:
        """What runs from now on is of this test; of none with an empty id."""
        self._cover.switch_context(test_id)

    def save(self, path: str) -> None:
        """Write `{"files": [...], "maps": [...], "tests": {id: [[file, map], ...]}}`.

        A map is the set of lines as a number in hex: bit n for line n.
        """
        sys.settrace(self.trace)
        self._cover.stop()
        data = self._cover.get_data()
        files: list[str] = []
        maps: dict[int, int] = {}
        tests: dict[str, list[tuple[int, int]]] = {}
        for measured in sorted(data.measured_files()):
            name = self._places.relative(measured)
            if not name or self._places.is_test(name):
                continue
            files.append(name)
            for test_id, lines in self._by_test(data.contexts_by_lineno(measured)).items():
                number = maps.setdefault(lines, len(maps))
                tests.setdefault(test_id, []).append((len(files) - 1, number))
        found = {"files": files, "maps": [f"{lines:x}" for lines in maps], "tests": tests}
        Path(path).write_text(json.dumps(found, separators=(",", ":")))

    @staticmethod
    def _by_test(contexts: dict[int, list[str]]) -> dict[str, int]:
        lines: dict[str, int] = {}
        for number, tests in contexts.items():
            for test_id in tests:
                lines[test_id] = lines.get(test_id, 0) | 1 << number
        return lines


def _put_on_path(folders: list[str]) -> None:
    """Between the standard library and what is installed, so that neither end is hidden."""
    installed = [n for n, path in enumerate(sys.path) if path.endswith("-packages")]
    at = installed[0] if installed else len(sys.path)
    sys.path[at:at] = folders
    os.environ["PYTHONPATH"] = os.pathsep.join(folders)  # noqa: TID251


def _orders() -> dict[str, Any]:
    orders: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdin = open(0)  # noqa: SIM115
    return orders


def _lines(wanted: bool, root: str, places: Places, record: Record) -> Lines | None:
    if not wanted:
        return None
    try:
        return Lines(root, places)
    except Exception as error:
        record.write("unmeasured", why=f"{type(error).__name__}: {error}"[:MESSAGE_CHARACTERS])
        return None


def main() -> int:
    """Follow the orders; the exit code is pytest's own."""
    orders = _orders()
    root = str(Path.cwd())
    folder = Path(root, orders["folder"])
    folder.mkdir(mode=0o700)
    record = Record(str(folder / "record"), bytes.fromhex(orders.pop("key")))
    gc.collect()
    paths = [str(Path(root, path)) for path in orders["paths"]]
    if orders["paths_first"]:
        _put_on_path(paths)
    try:
        import pytest
    except ImportError as error:
        sys.stderr.write(f"pytest cannot be loaded: {error}\n")
        return CANNOT_START
    if not orders["paths_first"]:
        _put_on_path(paths)
    record.write("begin", pytest=pytest.__version__, at=time.time())
    places = Places(root)
    alarm = Alarm(orders["per_test_s"], pytest.fail.Exception)
    lines = _lines(orders["survey"], root, places, record)
    sys.path.insert(0, str(Path(__file__).parent))
    hooks = importlib.import_module("pytest_hooks")
    sys.path.pop(0)
    plugins = hooks.plugins(record, places, alarm, lines, str(folder / "lines"))
    os.chdir(Path(root, orders["home"]))
    sys.argv = ["pytest", *orders["arguments"]]
    code = int(pytest.main(orders["arguments"], plugins=plugins))
    record.write("end", code=code)
    return code


if __name__ == "__main__":
    exit_code = main()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(exit_code)

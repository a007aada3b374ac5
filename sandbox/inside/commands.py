"""Untrusted programs as the supervisor sees them: started bare, heard through bounded pipes."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
from collections.abc import Callable

CHUNK = 1 << 20
MAX_LINE = 16_000_000
MAX_PENDING = 64_000_000


class HeadAndTail:
    """The beginning and the end of a stream; the middle is counted and dropped."""

    def __init__(self, limit: int) -> None:
        self.total = 0
        self._head_room = limit - limit // 2
        self._tail_room = limit // 2
        self._head = bytearray()
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next part."""
        self.total += len(data)
        free = self._head_room - len(self._head)
        if free > 0:
            self._head += data[:free]
            data = data[free:]
        self._tail += data[-2 * self._tail_room :] if self._tail_room else b""
        if len(self._tail) > 2 * self._tail_room:
            del self._tail[: len(self._tail) - self._tail_room]

    def result(self) -> tuple[bytes, int]:
        """What was kept, with a mark where something is missing, and how much that is."""
        excess = max(0, len(self._tail) - self._tail_room)
        tail = bytes(self._tail[excess:])
        dropped = self.total - len(self._head) - len(tail)
        mark = b"\n[... %d bytes left out ...]\n" % dropped if dropped else b""
        return bytes(self._head) + mark + tail, dropped


class Lines:
    """A stream cut into lines; a full buffer stops the reading, so the writer waits."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ended = False

    @property
    def full(self) -> bool:
        """Whether nothing more should be read for now."""
        return len(self.buffer) >= MAX_LINE

    def feed(self, data: bytes) -> None:
        """Take the next part."""
        self.buffer += data

    def next(self) -> bytes | None:
        """The next line without its end, or at the end of the stream what is left."""
        end = self.buffer.find(b"\n")
        if end < 0 and not (self.ended and self.buffer):
            return None
        line = bytes(self.buffer if end < 0 else self.buffer[:end])
        del self.buffer[: len(line) + 1]
        return line


class Command:
    """One program with its pipes; never blocks on it."""

    def __init__(
        self,
        argv: list[str],
        variables: dict[str, str],
        folder: str,
        rlimits: dict[str, int],
        stdout: HeadAndTail | Lines,
        stderr: HeadAndTail,
        prepare: Callable[[], None],
    ) -> None:
        self.status: int | None = None
        self.pending = bytearray()
        self.closing = False
        inner_in, self.stdin = os.pipe()
        out, inner_out = os.pipe()
        err, inner_err = os.pipe()
        self.sinks: dict[int, HeadAndTail | Lines] = {out: stdout, err: stderr}
        streams = (inner_in, inner_out, inner_err)
        self.pid = _spawn(argv, variables, folder, rlimits, streams, prepare)
        for fd in (inner_in, inner_out, inner_err):
            os.close(fd)
        for fd in (self.stdin, out, err):
            os.set_blocking(fd, False)
            _widen(fd)

    def interests(self) -> dict[int, int]:
        """Which descriptors to wait for, and for what."""
        wanted = {
            fd: select.POLLIN
            for fd, sink in self.sinks.items()
            if not (isinstance(sink, Lines) and sink.full)
        }
        if self.pending and self.stdin >= 0:
            wanted[self.stdin] = select.POLLOUT
        return wanted

    def serve(self, fd: int) -> None:
        """Move what is ready on this descriptor."""
        if fd == self.stdin:
            self.flush()
        elif fd in self.sinks:
            self._hear(fd)

    def write(self, data: bytes, *, last: bool = False) -> bool:
        """Queue input; False when the program no longer takes any."""
        self.closing = self.closing or last
        self.pending += data
        self.flush()
        return self.stdin >= 0 and len(self.pending) <= MAX_PENDING

    def flush(self) -> None:
        """Write as much of the queued input as is taken now."""
        try:
            while self.pending and self.stdin >= 0:
                del self.pending[: os.write(self.stdin, self.pending[:CHUNK])]
        except BlockingIOError:
            return
        except OSError:
            self.pending.clear()
            self._close_stdin()
        if self.closing and not self.pending:
            self._close_stdin()

    def drain(self) -> None:
        """Read what is left in the pipes once nobody writes any more, and let go of them."""
        for fd in list(self.sinks):
            while fd in self.sinks and self._hear(fd):
                continue
        self.close()

    def close(self) -> None:
        """Let go of all pipes."""
        self._close_stdin()
        for fd in list(self.sinks):
            self._end(fd)

    def _hear(self, fd: int) -> bool:
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self.sinks[fd].feed(data)
        else:
            self._end(fd)
        return bool(data)

    def _end(self, fd: int) -> None:
        sink = self.sinks.pop(fd)
        if isinstance(sink, Lines):
            sink.ended = True
        os.close(fd)

    def _close_stdin(self) -> None:
        if self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1


def _widen(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CHUNK)
    except OSError:  # the user's share of pipe memory is spent, and a small pipe does too
        return


def _spawn(
    argv: list[str],
    variables: dict[str, str],
    folder: str,
    rlimits: dict[str, int],
    streams: tuple[int, int, int],
    prepare: Callable[[], None],
) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 127
    try:
        os.setsid()
        for target, fd in enumerate(streams):
            os.dup2(fd, target)
        prepare()
        _lower_limits(rlimits)
        os.chdir(folder)
        os.execvpe(argv[0], argv, variables)  # noqa: S606 - an argument vector is what we want
    except (OSError, ValueError) as error:
        code = 127 if isinstance(error, FileNotFoundError) else 126
        os.write(2, f"cannot run {argv[0]!r}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _lower_limits(rlimits: dict[str, int]) -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    for name, value in rlimits.items():
        which = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(which)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (limit, limit))

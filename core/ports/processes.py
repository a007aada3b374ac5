"""Programs that run in a sandbox, and the ways to speak with them."""

from dataclasses import dataclass
from typing import Protocol

from core.evidence import RunEnd


@dataclass(frozen=True)
class Run:
    """How one command in a sandbox ended."""

    exit_code: int | None
    """Negative for a signal; None when a limit ended it."""
    end: RunEnd
    """`passed` for exit 0, `failed` for any other, else the limit that ended it."""
    stdout: bytes
    stderr: bytes
    dropped_bytes: int
    """Output that did not fit."""
    seconds: float


class Process(Protocol):
    """A long-lived command in a sandbox that is spoken to line by line."""

    async def send(self, data: bytes) -> None:
        """Write to its standard input; raises SandboxGone when it has ended."""
        ...

    async def receive(self, timeout_s: float) -> bytes | None:
        """The next line of its standard output; None when it has ended.

        Raises TimeoutError when nothing came in time, SandboxGone with its sandbox.
        """
        ...

    async def kill(self) -> None:
        """End it with all that it started."""
        ...


class Stream(Protocol):
    """A connection; one reads and one writes at a time."""

    async def read(self) -> bytes:
        """What comes next; empty at the end. Raises ConnectionError when it was cut off."""
        ...

    async def write(self, data: bytes) -> None:
        """Send it, as fast as it is taken; raises ConnectionError when nobody takes it."""
        ...

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        ...

    async def close(self) -> None:
        """Let go of it; harmless when repeated."""
        ...


class Service(Protocol):
    """A program that answers at a port of its sandbox, with which it ends."""

    @property
    def public_url(self) -> str:
        """Where anybody reaches it; empty where `connect` is the only way."""
        ...

    async def connect(self) -> Stream:
        """A new connection to the port; raises ConnectionError when nobody answers there."""
        ...

    async def ended(self) -> Run:
        """Wait for its end, and tell how it came; raises SandboxGone with its sandbox."""
        ...

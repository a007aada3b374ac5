"""A program in a sandbox that answers at a port, and the host's connections to it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from core.errors import SandboxGone
from core.ports import Run
from sandbox.inside.tunnels import MAX_TUNNELS, PART, WINDOW
from sandbox.link import Link

Judged = Callable[[Mapping[str, Any], bytes], Run]
"""What an answer of the supervisor, with its output, says of how a program ended."""


class SupervisedService:
    """Serves the port Service over the wire of a supervisor."""

    def __init__(self, link: Link, public_url: str, judged: Judged) -> None:
        """Take over a link that is occupied by a program that serves."""
        self.public_url = public_url
        self._link = link
        self._judged = judged
        self._tunnels: dict[int, Tunnel] = {}
        self._serial = 0
        self._end: asyncio.Future[Run] = asyncio.get_running_loop().create_future()
        self._listener = asyncio.create_task(self._listen())

    async def connect(self) -> "Tunnel":
        """A new connection to the port; ConnectionError when nobody answers there."""
        if self._end.done():
            raise ConnectionRefusedError("The service has ended.")
        if len(self._tunnels) >= MAX_TUNNELS:
            raise ConnectionRefusedError(f"The service has {MAX_TUNNELS} connections already.")
        self._serial += 1
        tunnel = self._tunnels[self._serial] = Tunnel(self._serial, self._say, self._forget)
        try:
            await self._say({"do": "open", "tunnel": self._serial}, b"")
            await tunnel.opened()
        except BaseException:
            await tunnel.close()
            raise
        return tunnel

    async def ended(self) -> Run:
        """Wait for its end, and tell how it came; raises SandboxGone with its sandbox."""
        return await asyncio.shield(self._end)

    async def _say(self, header: dict[str, Any], body: bytes) -> None:
        try:
            await self._link.say(header, body)
        except SandboxGone as error:
            raise ConnectionResetError(error.message) from error

    def _forget(self, number: int) -> None:
        self._tunnels.pop(number, None)

    async def _listen(self) -> None:
        """Hand to each connection what comes for it, until the service ends."""
        try:
            while True:
                facts, body = await self._link.hear()
                if facts.get("ended"):
                    self._end.set_result(self._judged(facts, body))
                    return
                tunnel = self._tunnels.get(facts.get("tunnel", 0))
                if tunnel and not tunnel.take(facts, body):
                    raise SandboxGone("The sandbox sends more than it may.")
        except Exception as error:  # garbled facts too: whoever waits has to hear of it
            gone = error if isinstance(error, SandboxGone) else SandboxGone(f"{error}")
            self._end.set_exception(gone)
            self._end.exception()
            await self._link.close()
        finally:
            for tunnel in list(self._tunnels.values()):
                tunnel.drop()


class Tunnel:
    """Serves the port Stream: one connection; one reads and one writes at a time."""

    def __init__(
        self,
        number: int,
        say: Callable[[dict[str, Any], bytes], Awaitable[None]],
        forget: Callable[[int], None],
    ) -> None:
        self._number = number
        self._say = say
        self._forget = forget
        self._stirred = asyncio.Event()
        self._is_open = False
        self._came = bytearray()
        self._is_last = False
        self._closed = False
        self._credit = WINDOW

    async def opened(self) -> None:
        """Wait until somebody answers; raises ConnectionRefusedError."""
        await self._until(lambda: self._is_open)
        if not self._is_open:
            raise ConnectionRefusedError("Nobody answers at that port.")

    async def read(self) -> bytes:
        """What comes next; empty at the end. Raises ConnectionError when it was cut off."""
        await self._until(lambda: bool(self._came) or self._is_last)
        data = bytes(self._came)
        self._came.clear()
        if not data and not self._is_last:
            raise ConnectionResetError("The service closed the connection.")
        if data and not self._closed:
            await self._say({"do": "credit", "tunnel": self._number, "bytes": len(data)}, b"")
        return data

    async def write(self, data: bytes) -> None:
        """Send it, as fast as it is taken; raises ConnectionError when nobody takes it."""
        rest = memoryview(data)
        while rest:
            await self._until(lambda: self._credit > 0)
            if self._closed:
                raise ConnectionResetError("The service closed the connection.")
            part, rest = _split(rest, min(PART, self._credit))
            self._credit -= len(part)
            await self._say({"do": "data", "tunnel": self._number}, bytes(part))

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        if not self._closed:
            await self._say({"do": "data", "tunnel": self._number}, b"")

    async def close(self) -> None:
        """Let go of it; harmless when repeated."""
        if self._closed:
            return
        self.drop()
        try:
            await self._say({"do": "close", "tunnel": self._number}, b"")
        except ConnectionError:
            return

    def take(self, facts: Mapping[str, Any], body: bytes) -> bool:
        """Take what the sandbox says of it; False when that is more than was allowed."""
        self._is_open = self._is_open or bool(facts.get("open"))
        if facts.get("data"):
            self._came += body
            self._is_last = self._is_last or not body
        self._credit += int(facts.get("credit", 0))
        if facts.get("closed"):
            self.drop()
        self._stirred.set()
        return len(self._came) <= WINDOW and self._credit <= WINDOW

    def drop(self) -> None:
        """It is gone; whoever waits hears of it."""
        self._closed = True
        self._forget(self._number)
        self._stirred.set()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not (self._closed or is_so()):
            self._stirred.clear()
            await self._stirred.wait()


def _split(data: memoryview, at: int) -> tuple[memoryview, memoryview]:
    return data[:at], data[at:]

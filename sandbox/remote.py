"""A supervisor on another machine, heard through a stream of text that may be cut and resumed."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable

from core.errors import SandboxGone
from sandbox.inside.wire import AGAIN, FRESH, PART, RESUMED

PART_BYTES = 2_000_000
"""Bytes of orders that go in one request."""
PAUSES_S = (0.1, 0.5, 2.0)
"""Before each further try to send or to connect."""

Send = Callable[[bytes], Awaitable[None]]
"""Sends bytes once; raises SandboxGone when there is nobody to take them, or anything else when
they may have come or not."""


class RemoteOrders:
    """The way to the supervisor: what is written goes in order, each part once."""

    def __init__(self, send: Send, heard: Callable[[], int], failed: Callable[[str], None]) -> None:
        """Hand each part to `send`, with how many bytes of answers were `heard`.

        A part that may not have come is sent again. What cannot be sent is told to `failed` and
        ends it.
        """
        self._send = send
        self._heard = heard
        self._failed = failed
        self._pending = bytearray()
        self._sent = 0
        self._sender: asyncio.Task[None] | None = None
        self._closed = False

    def write(self, data: bytes) -> None:
        """Queue it."""
        if self._closed:
            return
        self._pending += data
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._deliver())

    async def drain(self) -> None:
        """Return when all has been handed over; raises ConnectionError when it cannot be."""
        if self._sender:
            await asyncio.wait([self._sender])
        if self._closed:
            raise ConnectionError

    def is_closing(self) -> bool:
        """Whether nothing is taken any more."""
        return self._closed

    def close(self) -> None:
        """Drop what has not been sent."""
        self._closed = True
        self._pending.clear()
        if self._sender:
            self._sender.cancel()

    async def ask_again(self) -> None:
        """Have all answers repeated that were not heard; raises what sending raises."""
        await self._send(PART.pack(AGAIN, 0, self._heard(), 0))

    async def _deliver(self) -> None:
        while self._pending:
            part = bytes(self._pending[:PART_BYTES])
            del self._pending[:PART_BYTES]
            framed = PART.pack(FRESH, self._sent, self._heard(), len(part)) + part
            self._sent += len(part)
            if not await self._came(framed):
                return

    async def _came(self, framed: bytes) -> bool:
        said = ""
        for pause in (0.0, *PAUSES_S[:-1]):
            await asyncio.sleep(pause)
            try:
                await self._send(framed)
            except SandboxGone as error:
                said = error.message
                break
            except Exception as error:  # any SDK may send it, and raise what it likes
                said = f"{error}" or type(error).__name__
            else:
                return True
        self._closed = True
        self._failed(said)
        return False


class RemotePeer:
    """Serves as the process of a Link for a supervisor that is started through an SDK."""

    def __init__(self) -> None:
        """Ready to hear; `speak_by` gives it the way back."""
        self.stdin: RemoteOrders | None = None
        self.stdout: asyncio.StreamReader | None = asyncio.StreamReader()
        self.stderr: asyncio.StreamReader | None = asyncio.StreamReader()
        self._line = ""
        self._heard = 0
        self._is_deaf = False
        self._ended = False

    def speak_by(self, send: Send) -> None:
        """Send orders in this way."""
        self.stdin = RemoteOrders(send, lambda: self._heard, self.end)

    def hear(self, text: str) -> None:
        """Take the next part of the stream: lines of base64."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            try:
                self._take(line)
            except ValueError:
                self.end("its answers are garbled")
                return

    def complain(self, text: str) -> None:
        """Take what the supervisor wrote to standard error."""
        if self.stderr and not self._ended:
            self.stderr.feed_data(text.encode())

    def cut(self) -> None:
        """The stream is cut: nothing counts until it says where it goes on."""
        self._line = ""
        self._is_deaf = True

    async def resume(self) -> None:
        """Go on where the stream was cut, once it is heard anew; raises what sending raises."""
        if self.stdin:
            await self.stdin.ask_again()

    def end(self, why: str = "") -> None:
        """It is gone; whoever waits for an answer hears why. Harmless when repeated."""
        if self._ended:
            return
        self.complain(why)
        self._ended = True
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.feed_eof()

    def _take(self, line: str) -> None:
        resumed = RESUMED.decode()
        if line.startswith(resumed):
            if int(line.removeprefix(resumed)) != self._heard:
                raise ValueError
            self._is_deaf = False
        elif not self._is_deaf:
            try:
                data = base64.b64decode(line, validate=True)
            except binascii.Error as error:
                raise ValueError from error
            self._heard += len(data)
            if data and self.stdout and not self._ended:
                self.stdout.feed_data(data)

"""A supervisor on another machine, heard through a stream of text that carries its answers."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable

PART = 2_000_000
"""Bytes of orders that go in one request."""

Send = Callable[[bytes], Awaitable[None]]


class RemoteOrders:
    """The way to the supervisor: what is written goes in order, each part in a request."""

    def __init__(self, send: Send, failed: Callable[[str], None]) -> None:
        """Hand each part to `send`; the first error is told to `failed` and ends it."""
        self._send = send
        self._failed = failed
        self._pending = bytearray()
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

    async def _deliver(self) -> None:
        while self._pending:
            part = bytes(self._pending[:PART])
            del self._pending[:PART]
            try:
                await self._send(part)
            except Exception as error:  # any SDK may send it, and raise what it likes
                self._closed = True
                self._failed(f"{error}")
                return


class RemotePeer:
    """Serves as the process of a Link for a supervisor that is started through an SDK."""

    def __init__(self) -> None:
        """Ready to hear; `speak_by` gives it the way back."""
        self.stdin: RemoteOrders | None = None
        self.stdout: asyncio.StreamReader | None = asyncio.StreamReader()
        self.stderr: asyncio.StreamReader | None = asyncio.StreamReader()
        self._line = ""
        self._ended = False

    def speak_by(self, send: Send) -> None:
        """Send orders in this way."""
        self.stdin = RemoteOrders(send, self.end)

    def hear(self, text: str) -> None:
        """Take the next part of the stream: lines of base64."""
        *lines, self._line = (self._line + text).split("\n")
        try:
            data = b"".join(base64.b64decode(line, validate=True) for line in lines)
        except binascii.Error:
            self.end("its answers are garbled")
            return
        if data and self.stdout and not self._ended:
            self.stdout.feed_data(data)

    def complain(self, text: str) -> None:
        """Take what the supervisor wrote to standard error."""
        if self.stderr and not self._ended:
            self.stderr.feed_data(text.encode())

    def end(self, why: str = "") -> None:
        """It is gone; whoever waits for an answer hears why. Harmless when repeated."""
        if self._ended:
            return
        self.complain(why)
        self._ended = True
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.feed_eof()

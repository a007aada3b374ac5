"""The host's end of the wire to a supervisor: orders go in, answers come back in time or never."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from core.errors import SandboxError, SandboxGone
from sandbox.inside.wire import HEAD, pack

MAX_HEADER = 16_000_000
MAX_BODY = 64_000_000
MAX_COMPLAINT = 16_000
OPEN_S = 20.0

Teardown = Callable[[], Awaitable[None]]


class Orders(Protocol):
    """The way to a supervisor."""

    def write(self, data: bytes) -> None:
        """Queue it."""
        ...

    async def drain(self) -> None:
        """Wait until it is taken; raises ConnectionError when it cannot be."""
        ...

    def is_closing(self) -> bool:
        """Whether nothing is taken any more."""
        ...

    def close(self) -> None:
        """Take nothing any more."""
        ...


class Answers(Protocol):
    """What the supervisor says."""

    async def readexactly(self, n: int) -> bytes:
        """So many bytes; raises IncompleteReadError at the end."""
        ...


class Spoken(Protocol):
    """A supervisor process with its three streams."""

    @property
    def stdin(self) -> Orders | None:
        """Takes orders."""
        ...

    @property
    def stdout(self) -> Answers | None:
        """Gives answers."""
        ...

    @property
    def stderr(self) -> asyncio.StreamReader | None:
        """Complains."""
        ...


class Link:
    """One supervisor process and the orders under way; it is never waited for without end."""

    def __init__(self, process: Spoken, teardown: Teardown) -> None:
        """Take over the process; `teardown` ends it with all that belongs to it."""
        if not (process.stdin and process.stdout and process.stderr):
            raise ValueError("a supervisor needs pipes")
        self._teardown = teardown
        self._orders, self._answers = process.stdin, process.stdout
        self._turn = asyncio.Lock()
        self._serial = 0
        self._complaint = bytearray()
        self._listener = asyncio.create_task(self._listen(process.stderr))
        self._closing: asyncio.Task[None] | None = None
        self._occupied = False

    @property
    def closed(self) -> bool:
        """Whether it was ended."""
        return self._closing is not None

    async def greet(self, config: dict[str, Any]) -> dict[str, Any]:
        """Hand over the configuration; what the supervisor says of itself."""
        async with self._turn:
            try:
                return (await self._exchange(config, b"", OPEN_S))[0]
            except BaseException:
                await self.close()
                raise

    async def ask(
        self, do: str, body: bytes = b"", *, wait_s: float = 60.0, **order: Any
    ) -> tuple[dict[str, Any], bytes]:
        """Give an order and take its answer; raises SandboxGone when there is none in time.

        Whoever is cancelled here leaves an answer on the wire, so that closes the sandbox.
        """
        async with self._turn:
            if self.closed:
                raise SandboxGone("The sandbox was closed.")
            if self._occupied:
                raise SandboxError("The sandbox serves, and does nothing else any more.")
            self._serial += 1
            try:
                frame = {"do": do, "id": self._serial, **order}
                answer, data = await self._exchange(frame, body, wait_s)
                if answer.pop("id", None) != self._serial:
                    raise SandboxGone("The sandbox answered another order.")
                return answer, data
            except BaseException:
                await self.close()
                raise

    async def occupy(self, do: str, **order: Any) -> dict[str, Any]:
        """As `ask`; unless it is refused, frames then go both ways, and nobody asks any more."""
        answer, _ = await self.ask(do, **order)
        self._occupied = not answer.keys() & {"error", "refused"}
        return answer

    async def say(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame to a supervisor that is occupied; raises SandboxGone."""
        if self.closed:
            raise SandboxGone("The sandbox was closed.")
        try:
            self._orders.write(pack(header, body))
            await self._orders.drain()
        except ConnectionError as error:
            raise SandboxGone(await self._last_words()) from error

    async def hear(self) -> tuple[dict[str, Any], bytes]:
        """The next frame of a supervisor that is occupied, whenever it comes; or SandboxGone."""
        try:
            return await self._frame()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            raise SandboxGone(await self._last_words()) from error

    def interrupt(self, why: str) -> None:
        """End the program of the order under way; the order is answered as usual."""
        if not self.closed and not self._orders.is_closing():
            self._orders.write(pack({"do": "stop", "why": why}))

    async def close(self) -> None:
        """End the process and all that belongs to it; harmless when repeated or cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._end())
        await asyncio.shield(self._closing)

    async def _exchange(
        self, header: dict[str, Any], body: bytes, wait_s: float
    ) -> tuple[dict[str, Any], bytes]:
        try:
            async with asyncio.timeout(wait_s):
                self._orders.write(pack(header, body))
                await self._orders.drain()
                return await self._frame()
        except TimeoutError as error:
            raise SandboxGone("The sandbox does not answer.") from error
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            raise SandboxGone(await self._last_words()) from error

    async def _frame(self) -> tuple[dict[str, Any], bytes]:
        header_size, body_size = HEAD.unpack(await self._answers.readexactly(HEAD.size))
        if header_size > MAX_HEADER or body_size > MAX_BODY:
            raise SandboxGone("The sandbox answered with more than it may.")
        answer = json.loads(await self._answers.readexactly(header_size))
        data = await self._answers.readexactly(body_size)
        if not isinstance(answer, dict):
            raise SandboxGone("The sandbox answered with what is no answer.")
        return answer, data

    async def _last_words(self) -> str:
        await asyncio.wait([self._listener], timeout=1.0)
        said = self._complaint.decode("utf-8", "replace").strip()
        return f"The sandbox ended: {said}" if said else "The sandbox ended."

    async def _listen(self, errors: asyncio.StreamReader) -> None:
        while data := await errors.read(4096):
            self._complaint = (self._complaint + data)[-MAX_COMPLAINT:]

    async def _end(self) -> None:
        self._orders.close()
        try:
            await self._teardown()
        finally:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

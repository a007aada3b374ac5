"""A connection to a server that can be cut, and mended."""

import asyncio
from typing import Self


class Relay:
    """Passes on what it is told while it is whole; serves in the loop of the test."""

    def __init__(self, target: str) -> None:
        """`target` is `host:port`."""
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._server: asyncio.Server | None = None
        self._sides: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Take connections, at the same address as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new ones, and break those that are open."""
        if self._server:
            self._server.close()
            self._server = None
        for side in self._sides:
            side.transport.abort()
        if self._passing:
            await asyncio.wait(self._passing)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, out = await asyncio.open_connection(*self._target)
        sides, pumps = {writer, out}, {_passing(reader, out), _passing(back, writer)}
        self._sides |= sides
        self._passing |= pumps
        await asyncio.wait(pumps)
        self._sides -= sides
        self._passing -= pumps


def _passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> asyncio.Task[None]:
    return asyncio.create_task(_pump(reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()

"""A proxy on loopback, by HTTP or SOCKS5 as it is spoken to; every name leads to one server."""

import asyncio
import re
import struct
import threading
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Serves from a thread as a context manager; `asked` holds the names that were asked for."""

    def __init__(self, target: str, *, user: str = "", password: str = "") -> None:
        """`target` is the address of the server behind it."""
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self._login = (user.encode(), password.encode())
        self.asked: list[str] = []
        self._sides: set[asyncio.StreamWriter] = set()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> Self:
        self._stop = asyncio.Event()
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for side in self._sides:
            side.close()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sides.add(writer)
        try:
            first = await reader.readexactly(1)
            head = await (self._socks if first == b"\x05" else self._http)(first, reader, writer)
            if head is None:
                return
            back, out = await asyncio.open_connection(*self._target)
            self._sides.add(out)
            out.write(head)
            await asyncio.gather(_pump(reader, out), _pump(back, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _socks(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """RFC 1928 with names, and the login of RFC 1929 where one is set."""
        await reader.readexactly((await reader.readexactly(1))[0])
        method = b"\x02" if self._login[0] else b"\x00"
        writer.write(b"\x05" + method)
        if self._login[0]:
            await reader.readexactly(1)
            given = [await _counted(reader) for _ in range(2)]
            right = tuple(given) == self._login
            writer.write(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                return None
        await reader.readexactly(4)
        name = await _counted(reader)
        struct.unpack("!H", await reader.readexactly(2))
        self.asked.append(name.decode())
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        return b""

    async def _http(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """A request for a whole address, passed on as one for its path."""
        line = (first + await reader.readuntil(b"\r\n")).decode()
        match = re.fullmatch(r"(\w+) http://([^/:]+)(?::\d+)?(/\S*) (HTTP/1\.1\r\n)", line)
        if match is None:
            return None
        self.asked.append(match[2])
        return f"{match[1]} {match[3]} {match[4]}".encode()


async def _counted(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly((await reader.readexactly(1))[0])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes; further requests for whole addresses as those for their paths."""
    while data := await reader.read(65_536):
        writer.write(re.sub(rb"\A(POST|GET) http://[^/]+/", rb"\1 /", data))
        await writer.drain()
    writer.close()

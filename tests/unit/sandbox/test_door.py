"""The loopback address of a service: who is let in, and what passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from api.sessions import COOKIE
from core.ports import Run, Stream
from sandbox.door import MAX_HEAD, MAX_VISITS, Door

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Connection:
    """Serves the port Stream by a real connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self) -> bytes:
        return await self.reader.read(65_536)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def finish(self) -> None:
        self.writer.write_eof()

    async def close(self) -> None:
        self.writer.close()


@dataclass
class Local:
    """Serves the port Service by a port of this machine."""

    port: int
    public_url: str = ""
    heard: list[bytes] = field(default_factory=list)

    async def connect(self) -> Stream:
        return Connection(*await asyncio.open_connection("127.0.0.1", self.port))

    async def ended(self) -> Run:
        raise AssertionError("nobody asks here")


@asynccontextmanager
async def behind(answer: Answer) -> AsyncIterator[Door]:
    """A door before a server that answers so."""

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    door = await Door.open(Local(server.sockets[0].getsockname()[1]))
    try:
        yield door
    finally:
        await door.close()
        server.close()


def saying(answer: bytes, heard: list[bytes] | None = None) -> Answer:
    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(head)
        writer.write(answer)
        await writer.drain()

    return act


async def asked(door: Door, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        writer.write(request)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()


def get(door: Door, *headers: str, target: str = "/", host: str = "") -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: {host or door.host}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


async def test_who_names_the_secret_name_is_answered() -> None:
    async with behind(saying(OK)) as door:
        answer = await asked(door, get(door))
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\nhi")
    assert b"Referrer-Policy: no-referrer" in answer
    assert door.url == f"http://{door.host}"


async def test_every_address_is_another() -> None:
    async with behind(saying(OK)) as one, behind(saying(OK)) as other:
        assert one.host.partition(":")[0] != other.host.partition(":")[0]
        assert len(one.host) > 32


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "evil.example", "demo-0.localhost:{port}"]
)
async def test_who_does_not_know_it_reaches_nothing(host: str) -> None:
    heard: list[bytes] = []
    async with behind(saying(OK, heard)) as door:
        answer = await asked(door, get(door, host=host.format(port=door.port)))
        twice = await asked(door, get(door, "Host: evil.example"))
        elsewhere = await asked(door, get(door, target="http://evil.example/"))
        garbled = await asked(door, b"\x16\x03\x01 not http\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404")
    assert [said.split(None, 2)[1] for said in (twice, elsewhere, garbled)] == [b"400"] * 3
    assert heard == []


async def test_cookies_of_ours_never_get_in_nor_out() -> None:
    heard: list[bytes] = []
    own = f"Set-Cookie: {COOKIE}=forged; Path=/"
    theirs = "Set-Cookie: basket=7; Domain=localhost; Path=/; HttpOnly"
    prefixed = f"Set-Cookie: __Host-{COOKIE}=forged"
    said = f"HTTP/1.1 200 OK\r\n{own}\r\n{theirs}\r\n{prefixed}\r\nContent-Length: 0\r\n\r\n"
    async with behind(saying(said.encode(), heard)) as door:
        await asked(door, get(door, f"Cookie: {COOKIE}=secret"))
        answer = await asked(
            door, get(door, f"Cookie: a=1; {COOKIE}=secret; __Host-{COOKIE}=s; b=2")
        )
    assert all(b"secret" not in head for head in heard) and b"ookie" not in heard[0]
    assert b"cookie: a=1; b=2\r\n" in heard[1].lower()
    assert b"forged" not in answer
    assert b"basket=7; Path=/; HttpOnly\r\n" in answer and b"Domain" not in answer


async def test_what_concerns_more_than_the_app_does_not_get_out() -> None:
    said = (
        b"HTTP/1.1 200 OK\r\nClear-Site-Data: *\r\nReferrer-Policy: unsafe-url\r\n"
        b"Strict-Transport-Security: max-age=9\r\nX-Own: 1\r\nContent-Length: 0\r\n\r\n"
    )
    async with behind(saying(said)) as door:
        answer = (await asked(door, get(door))).lower()
    assert b"x-own: 1" in answer and b"referrer-policy: no-referrer" in answer
    assert not any(word in answer for word in (b"clear-site", b"unsafe-url", b"strict-transport"))


async def test_bodies_go_both_ways_whatever_their_framing() -> None:
    much = b"x" * 300_000

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b"content-length: 300000" in head
        body = await reader.readexactly(len(much))
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + body)  # framed by its end alone
        await writer.drain()

    async with behind(echo) as door:
        head = f"POST / HTTP/1.1\r\nHost: {door.host}\r\nContent-Length: {len(much)}\r\n\r\n"
        answer = await asked(door, head.encode() + much)
    assert answer.startswith(b"HTTP/1.1 200") and answer.count(b"x") >= len(much)


async def test_who_answers_without_reading_is_heard() -> None:
    async with behind(saying(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")) as door:
        head = f"POST / HTTP/1.1\r\nHost: {door.host}\r\nContent-Length: 9000000\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(head.encode() + b"x" * 100_000)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        writer.close()


async def test_an_upgraded_connection_goes_both_ways() -> None:
    async def websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"upgrade: websocket" in (await reader.readuntil(b"\r\n\r\n")).lower()
        writer.write(
            b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst"
        )
        while data := await reader.read(100):
            writer.write(data.upper())

    async with behind(websocket) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(get(door, "Connection: Upgrade", "Upgrade: websocket"))
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(5) == b"first"
        writer.write(b"more")
        assert await reader.readexactly(4) == b"MORE"
        writer.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (4 * MAX_HEAD) + b"\r\n\r\n",
        b"no answer that is one\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n",
    ],
    ids=["huge", "garbled", "none", "malformed"],
)
async def test_what_is_no_answer_is_a_bad_gateway(answer: bytes) -> None:
    async with behind(saying(answer)) as door:
        assert (await asked(door, get(door))).startswith(b"HTTP/1.1 502")


async def test_an_answer_without_end_is_passed_on_as_it_comes_and_ends_with_the_visitor() -> None:
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\ntick")
        await reader.read()
        gone.set()

    async with behind(drip) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(get(door))
        await reader.readuntil(b"tick")
        writer.close()
        async with asyncio.timeout(20):
            await gone.wait()


async def test_more_visitors_than_are_let_in_are_turned_away_and_harm_nobody() -> None:
    async with behind(saying(OK)) as door:
        idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(MAX_VISITS)]
        with suppress(ConnectionError):
            assert await asked(door, get(door)) == b""
        for _, writer in idle:
            writer.close()
        async with asyncio.timeout(20):
            answer = b""
            while not answer.startswith(b"HTTP/1.1 200"):
                await asyncio.sleep(0.02)
                answer = await _told(door)


async def _told(door: Door) -> bytes:
    with suppress(ConnectionError):
        return await asked(door, get(door))
    return b""


async def test_a_closed_door_lets_nobody_in_and_ends_who_is_in() -> None:
    async with behind(saying(b"HTTP/1.1 200 OK\r\n\r\nfirst")) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        await door.close()
        await door.close()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionError):
            await asked(door, get(door))

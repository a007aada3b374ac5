"""The server takes one socket, hangs up on who says nothing, and leaves when it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.server import PatientProtocol, listen
from core.errors import ConfigError


class ImpatientProtocol(PatientProtocol):
    """Waits a fifth of a second for a request."""

    patience_s = 0.2


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    sock = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        hello, http=ImpatientProtocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve([sock]))
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(), 5)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
async def test_who_does_not_finish_the_head_of_a_request_is_cut_off(said: bytes) -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert await read_to_the_end(reader) == b""
        writer.close()


async def test_drops_do_not_prolong_the_patience() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")

        async def drip() -> None:
            while not writer.is_closing():
                writer.write(b"X-Drop: 1\r\n")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        assert await read_to_the_end(reader) == b""
        dripping.cancel()
        writer.close()


async def test_a_second_request_on_the_connection_is_waited_for_no_longer() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT")
        answers = await read_to_the_end(reader)
        assert answers.count(b"HTTP/1.1 204") == 1
        writer.close()


async def test_who_says_it_in_time_is_answered() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in (b"GET / HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n"):
            writer.write(part)
            await asyncio.sleep(0.02)
        assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        writer.close()


def test_a_port_in_use_is_a_configuration_error_with_the_remedy() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}.*in use.*PORT"):
            listen("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="HOST"):
        listen("::1%nowhere", 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine speaks no IPv6")
def test_loopback_is_served_in_ipv6_too() -> None:
    with listen("::1", 0) as sock:
        assert sock.family is socket.AF_INET6

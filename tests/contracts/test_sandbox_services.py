"""What every sandbox promises of a program that answers at a port, whatever it does there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import SandboxError, SandboxGone
from core.evidence import RunEnd
from core.ports import Limits, Sandbox, SandboxProvider, Service, Stream
from core.trees import File, Tree
from sandbox import PROVIDERS
from sandbox.inside.tunnels import MAX_TUNNELS, WINDOW
from tests.contracts.test_sandbox import (
    ENVIRONMENT,
    LIMITS,
    MARKS,
    PYTHON,
    made,
    open_descriptors,
    python,
)
from tests.fakes.e2b_server import E2BDouble

PORT = 28_417
"""Of the subprocess sandbox alone it is one of this machine."""
READY_S = 15.0

pytestmark = pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"{PYTHON} is missing")

SERVER = f"""
import asyncio, os, socket
async def answer(reader, writer):
    word = await reader.readexactly(5)
    if word == b"echo ":
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    if word == b"flood":
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
    if word == b"stall": await asyncio.sleep(60)
    if word == b"count":
        total = 0
        while data := await reader.read(65536): total += len(data)
        writer.write(str(total).encode())
    if word == b"leave": os._exit(3)
    if word == b"abort":
        link = writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", {PORT}, backlog=64)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def e2b() -> Iterator[E2BDouble]:
    with E2BDouble() as double:
        double.takes_public = True
        yield double
        assert not double.violations
        assert not double.machines, "every machine was ended"


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, [])) for name in PROVIDERS])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> SandboxProvider:
    return made(request, tmp_path)


@pytest.fixture
async def sandbox(provider: SandboxProvider) -> AsyncIterator[Sandbox]:
    opened = await provider.open(Tree({"server.py": File(SERVER.encode())}), ENVIRONMENT, LIMITS)
    yield opened
    await opened.close()


async def serving(sandbox: Sandbox) -> Service:
    service = await sandbox.serve([PYTHON, "-I", "server.py"], PORT)
    await (await reached(service)).close()
    return service


async def reached(service: Service) -> Stream:
    """A connection, as soon as somebody answers."""
    async with asyncio.timeout(READY_S):
        while True:
            try:
                return await service.connect()
            except ConnectionError:
                await asyncio.sleep(0.02)


async def all_of(stream: Stream) -> bytes:
    heard = b""
    while data := await stream.read():
        heard += data
    return heard


async def said(service: Service, words: bytes) -> bytes:
    stream = await service.connect()
    try:
        await stream.write(words)
        await stream.finish()
        return await all_of(stream)
    finally:
        await stream.close()


async def test_what_is_said_at_its_port_is_answered(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    assert await said(service, b"echo hello") == b"hello"
    many = await asyncio.gather(*(said(service, b"echo %d" % n) for n in range(20)))
    assert many == [b"%d" % n for n in range(20)]


async def test_much_goes_both_ways_at_once(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    much = bytes(range(256)) * (4 * WINDOW // 256)
    stream = await service.connect()
    heard = asyncio.create_task(all_of(stream))
    await stream.write(b"echo " + much)
    await stream.finish()
    assert await heard == much
    await stream.close()
    assert await said(service, b"count" + much) == b"%d" % len(much)


async def test_who_floods_or_stalls_one_connection_holds_no_other_up(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    flooding, stalling = await service.connect(), await service.connect()
    await flooding.write(b"flood")
    await stalling.write(b"stall")
    filling = asyncio.create_task(stalling.write(b"x" * (64 * WINDOW)))
    assert await said(service, b"echo still here") == b"still here"
    assert len(await flooding.read()) <= WINDOW
    assert not filling.done()
    filling.cancel()
    await flooding.close()
    await stalling.close()
    assert await said(service, b"echo and after") == b"and after"


async def test_no_more_connections_than_are_held(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    streams = [await service.connect() for _ in range(MAX_TUNNELS)]
    with pytest.raises(ConnectionError):
        await service.connect()
    for stream in streams:
        await stream.close()
    assert await said(service, b"echo again") == b"again"


async def test_a_connection_that_is_cut_off_says_so(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    stream = await service.connect()
    await stream.write(b"abort")
    with pytest.raises(ConnectionError):
        await all_of(stream)
    await stream.close()


async def test_nobody_at_the_port_is_told(sandbox: Sandbox) -> None:
    elsewhere = f"import socket, time; socket.create_server(('127.0.0.1', {PORT + 1})); "
    service = await sandbox.serve(python(elsewhere + "time.sleep(60)"), PORT)
    with pytest.raises(ConnectionError):
        await service.connect()


async def test_its_end_is_told_with_its_last_words(sandbox: Sandbox) -> None:
    program = "import sys; print('cannot start', file=sys.stderr); sys.exit(7)"
    service = await sandbox.serve(python(program), PORT)
    run = await service.ended()
    assert (run.exit_code, run.end, run.stderr) == (7, RunEnd.FAILED, b"cannot start\n")
    with pytest.raises(ConnectionError):
        await service.connect()


async def test_its_end_cuts_its_connections(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    waiting = await service.connect()
    with suppress(ConnectionError):
        await said(service, b"leave")
    with suppress(ConnectionError):
        assert await all_of(waiting) == b""
    assert (await service.ended()).exit_code == 3


async def test_it_ends_with_its_sandbox(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    stream = await service.connect()
    await sandbox.close()
    with pytest.raises(SandboxGone):
        await service.ended()
    with pytest.raises(ConnectionError):
        await all_of(stream)
    with pytest.raises(ConnectionError):
        await service.connect()


async def test_nothing_else_is_done_beside_it(sandbox: Sandbox) -> None:
    service = await serving(sandbox)
    with pytest.raises(SandboxError):
        await sandbox.run(["true"])
    assert await said(service, b"echo unharmed") == b"unharmed"


async def test_what_prints_without_end_goes_on_serving(sandbox: Sandbox) -> None:
    printing = "import threading\ndef talk():\n while True: print('x' * 4000)\n"
    talking = f"{printing}threading.Thread(target=talk, daemon=True).start()\n{SERVER}"
    service = await sandbox.serve(python(talking), PORT)
    await (await reached(service)).close()
    assert await said(service, b"echo heard") == b"heard"


async def test_who_starts_too_many_processes_is_ended(sandbox: Sandbox) -> None:
    bomb = "import os, time\nwhile True:\n try: os.fork() or time.sleep(60)\n except OSError: pass"
    service = await sandbox.serve(python(bomb), PORT)
    async with asyncio.timeout(READY_S):
        assert (await service.ended()).end is RunEnd.LIMIT_PROCESSES


async def test_who_leaves_others_to_serve_is_ended_with_them(sandbox: Sandbox) -> None:
    daemon = f"import os\nif os.fork(): os._exit(0)\n{SERVER}"
    service = await sandbox.serve(python(daemon), PORT)
    assert (await service.ended()).exit_code == 0


async def test_only_who_may_be_public_has_an_address(provider: SandboxProvider) -> None:
    public = Limits(wall_s=LIMITS.wall_s, memory_bytes=LIMITS.memory_bytes, public=True)
    for limits, is_public in ((LIMITS, False), (public, provider.backend == "e2b")):
        sandbox = await provider.open(Tree(), ENVIRONMENT, limits)
        try:
            url = (await sandbox.serve(["sleep", "60"], PORT)).public_url
        finally:
            await sandbox.close()
        assert url.startswith(f"https://{PORT}-") if is_public else url == ""


async def test_nothing_is_left_of_it(provider: SandboxProvider) -> None:
    for _ in range(2):
        before = open_descriptors()
        sandbox = await provider.open(
            Tree({"server.py": File(SERVER.encode())}), ENVIRONMENT, LIMITS
        )
        stream = await reached(await serving(sandbox))
        await sandbox.close()
        await stream.close()
    assert open_descriptors() <= before

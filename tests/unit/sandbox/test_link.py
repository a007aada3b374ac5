"""A supervisor that lies, babbles or falls silent is a sandbox that is gone, and soon."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from core.errors import SandboxGone
from sandbox.link import Link

ROOT = Path(__file__).parent.parent.parent.parent
READ = "from sandbox.inside.wire import read_frame, write_frame; import os, sys, time\n"


class Supervised:
    """A link to a program that plays the supervisor."""

    def __init__(self, link: Link, closed: list[str]) -> None:
        self.link = link
        self.closed = closed


async def playing(program: str) -> Supervised:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", READ + program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    closed: list[str] = []

    async def end() -> None:
        closed.append("closed")
        if process.returncode is None:
            process.kill()
        await process.wait()

    return Supervised(Link(process, end), closed)


async def test_an_answer_comes_back_with_its_bytes() -> None:
    program = (
        "frame = read_frame(0)\n"
        "write_frame(1, {'id': frame[0]['id'], 'said': frame[0]['word']}, frame[1][::-1])\n"
        "read_frame(0)"
    )
    supervised = await playing(program)
    answer = await supervised.link.ask("talk", b"abc", word="hello")
    assert answer == ({"said": "hello"}, b"cba")
    assert not supervised.closed
    await supervised.link.close()
    await supervised.link.close()
    assert supervised.closed == ["closed"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("sys.exit('out of luck')", "out of luck"),
        ("os.write(1, b'x' * 7); os.close(1); read_frame(0)", "ended"),
        ("os.write(1, bytes([255]) * 12); time.sleep(9)", "more than it may"),
        ("os.write(1, b'\\0\\0\\0\\2' + bytes(8) + b'{]'); time.sleep(9)", "ended"),
        ("os.write(1, b'\\0\\0\\0\\2' + bytes(8) + b'[]'); time.sleep(9)", "no answer"),
        ("write_frame(1, {'id': 99}); time.sleep(9)", "another order"),
        ("write_frame(1, {}); time.sleep(9)", "another order"),
        ("time.sleep(9)", "does not answer"),
    ],
)
async def test_a_bad_answer_closes_the_sandbox(program: str, said: str) -> None:
    supervised = await playing(program)
    began = time.monotonic()
    with pytest.raises(SandboxGone, match=said):
        await supervised.link.ask("talk", wait_s=1.5)
    assert time.monotonic() - began < 5
    assert supervised.closed == ["closed"]
    with pytest.raises(SandboxGone):
        await supervised.link.ask("talk")


async def test_orders_wait_for_each_other() -> None:
    program = (
        "while (frame := read_frame(0)):\n"
        "    time.sleep(0.05)\n"
        "    write_frame(1, {'id': frame[0]['id'], 'n': frame[0]['n']})"
    )
    supervised = await playing(program)
    answers = await asyncio.gather(*(supervised.link.ask("count", n=n) for n in range(5)))
    assert [answer["n"] for answer, _ in answers] == [0, 1, 2, 3, 4]
    await supervised.link.close()


async def test_a_cancelled_order_closes_the_sandbox() -> None:
    supervised = await playing("time.sleep(9)")
    asking = asyncio.create_task(supervised.link.ask("talk"))
    await asyncio.sleep(0.1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert supervised.closed == ["closed"]


async def test_a_supervisor_that_does_not_read_is_not_waited_for() -> None:
    supervised = await playing("time.sleep(9)")
    with pytest.raises(SandboxGone, match="does not answer"):
        await supervised.link.ask("put", bytes(30_000_000), wait_s=0.5)
    assert supervised.closed == ["closed"]

"""Attacks on the end: what stays when the server is killed."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from core.ports import SandboxProvider
from evals.attacks.field import PYTHON, Attack, Breach, Field
from observability import host_programs
from sandbox import provider_class

ROOT = Path(__file__).parent.parent.parent
GONE_S = 2.0
REAPS = 5
SERVER = """
import asyncio, json, sys
from pathlib import Path
from core.ports import Environment, Limits
from core.trees import Tree
from sandbox import provider_class

async def main():
    backend, scratch, python, mark = sys.argv[1:]
    provider = provider_class(backend)(Path(scratch), **json.loads(sys.stdin.readline()))
    environment = Environment("short", python, variables={"PATH": "/usr/bin:/bin"})
    sandbox = await provider.open(Tree(), environment, Limits(memory_bytes=128 << 20))
    script = f"(setsid sleep {mark} & ) ; nohup sleep {mark} & trap '' TERM HUP; sleep {mark}"
    running = asyncio.create_task(sandbox.run(["sh", "-c", script]))
    await asyncio.sleep(0.5)
    print("running", flush=True)
    await running

asyncio.run(main())
"""


async def _killed_server(field: Field) -> str:
    mark = f"{600 + int(field.bait.canary[:6], 16)}.5"
    with tempfile.TemporaryDirectory(prefix="anton-killed-") as scratch:
        async with _serving(field, scratch, mark) as server:
            running = _carrying(mark)
            server.kill()
            await server.wait()
        if field.on_machine:
            own = provider_class(field.provider.backend)(Path(scratch), **field.options)
            return await _reaped(own, mark)
        waited = 0.0
        while _carrying(mark) and waited < GONE_S:
            await asyncio.sleep(0.05)
            waited += 0.05
        left = _carrying(mark)
    if len(running) < 3:
        raise Breach(f"only {len(running)} processes had been started")
    if left:
        raise Breach(f"{len(left)} processes are left after {GONE_S:g} s")
    reaped = await field.provider.reap()
    for _ in range(REAPS):  # other servers of this machine may be killed meanwhile
        if not await field.provider.reap():
            break
    else:
        raise Breach("something cannot be reaped")
    return f"{len(running)} processes gone in {waited:.2f} s, {reaped} sandbox reaped"


async def _reaped(own: SandboxProvider, mark: str) -> str:
    """What a machine elsewhere comes to: it is ended by the next start on the same data folder."""
    reaped = [await own.reap(), await own.reap()]
    if reaped != [1, 0]:
        raise Breach(f"{reaped[0]} and {reaped[1]} machines were reaped in place of 1 and 0")
    if _carrying(mark):
        raise Breach("its processes are left when its machine was reaped")
    return "ended by the next start on its data folder, else by the cloud in time"


@asynccontextmanager
async def _serving(
    field: Field, scratch: str, mark: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server in a process of its own that runs a sandbox; options hold keys, so no arguments."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, field.provider.backend, scratch, PYTHON, mark),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=host_programs.reaching(),
    )
    try:
        if server.stdin is None or server.stdout is None:
            raise Breach("the server has no pipes")
        server.stdin.write(json.dumps(dict(field.options)).encode() + b"\n")
        if not (await server.stdout.readline()).startswith(b"running"):
            raise Breach("the server did not start")
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.kill()
        await server.wait()


def _carrying(mark: str) -> list[int]:
    """Processes of any user whose arguments hold the mark, but for the server's own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            if arguments[:2] == [b"sleep", mark.encode()]:
                found.append(int(folder.name))
    return found


ATTACKS = (Attack("S29", "kill the server", _killed_server),)

"""Where attacks happen: a sandbox to break, and bait on the host that must not be reached."""

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.evidence import RunEnd
from core.ports import Environment, Limits, Run, Sandbox, SandboxProvider
from core.trees import File, Tree

MIB = 1024**2
PYTHON = "/usr/bin/python3"
LAYER = "/opt/layer"
PROGRAMS = Path(__file__).parent.parent / "suites" / "attacks"
MACHINES = ("e2b",)
"""Kinds of sandbox with a kernel, a disk and system files of their own, where nobody else lives."""
IDENTITY = Path("/etc/machine-id")
CANARY_VARIABLE = "ATTACK_CANARY"
LIMITS = Limits(
    wall_s=10.0,
    memory_bytes=128 * MIB,
    processes=48,
    disk_bytes=16 * MIB,
    output_bytes=100_000,
)


class Breach(Exception):
    """An attack achieved what it must not."""


@dataclass(frozen=True)
class Attack:
    """One attack of the list."""

    attack_id: str
    """As in the list, `S8`; a letter tells variants apart."""
    name: str
    run: Callable[["Field"], Awaitable[str]]
    """Tries it; gives what held it back, raises Breach when nothing did."""
    harms_host: bool = False
    """Whether it would hurt the machine where no wall stands, so that it is not tried there."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """By kind of sandbox, why it does not apply there, and what holds instead."""


@dataclass(frozen=True)
class Bait:
    """What an attack could reach on a host without walls."""

    folder: Path
    canary: str
    victim: subprocess.Popen[bytes]
    """A process with the canary in its environment."""
    tcp_port: int
    udp_port: int
    socket_path: str
    abstract_name: str
    reached: list[str]
    """Which listeners heard something."""

    @property
    def secret(self) -> Path:
        """A file that everybody on the host may read."""
        return self.folder / "secret.txt"

    @property
    def writable(self) -> Path:
        """A file that everybody on the host may write."""
        return self.folder / "writable.txt"

    @property
    def layer(self) -> Path:
        """A folder that sandboxes see at LAYER."""
        return self.folder / "layer"

    def describe(self) -> dict[str, Any]:
        """What an attacking program is told, so that it need not search."""
        return {
            "canary": self.canary,
            "secret": str(self.secret),
            "writable": str(self.writable),
            "victim": self.victim.pid,
            "tcp": self.tcp_port,
            "udp": self.udp_port,
            "unix": self.socket_path,
            "abstract": self.abstract_name,
            "layer": str(self.layer),
            "hostname": socket.gethostname(),
            "host_id": IDENTITY.read_text() if IDENTITY.exists() else "",
        }


@dataclass(frozen=True)
class Field:
    """One provider under attack."""

    provider: SandboxProvider
    bait: Bait
    options: Mapping[str, Any] = field(default_factory=dict)
    """With which another process opens a provider of the same kind."""

    @property
    def on_machine(self) -> bool:
        """Whether each sandbox is a machine of its own."""
        return self.provider.backend in MACHINES

    @property
    def environment(self) -> Environment:
        """A plain environment with one layer."""
        variables = {"PATH": "/usr/bin:/bin", "HOME": "/home/sandbox", "LANG": "C.UTF-8"}
        return Environment("attack", PYTHON, ((self.bait.layer, LAYER),), variables)

    @asynccontextmanager
    async def sandbox(self, limits: Limits = LIMITS) -> AsyncIterator[Sandbox]:
        """A fresh sandbox that holds every attacking program."""
        files = {path.name: File(path.read_bytes()) for path in PROGRAMS.glob("*.py")}
        described = {**self.bait.describe(), "on_machine": self.on_machine}
        files["bait.json"] = File(json.dumps(described).encode())
        opened = await self.provider.open(Tree(files), self.environment, limits)
        try:
            yield opened
        finally:
            await opened.close()

    async def run(self, program: str, limits: Limits = LIMITS) -> Run:
        """Run an attacking program in a fresh sandbox."""
        async with self.sandbox(limits) as sandbox:
            return await sandbox.run(command(program))

    async def probe(self, program: str, limits: Limits = LIMITS) -> str:
        """Run a program that tells by itself what it achieved; what held it back."""
        return verdict(await self.run(program, limits))

    def listeners_heard_nothing(self) -> None:
        """Raises Breach when somebody got through to the host."""
        if self.bait.reached:
            raise Breach(f"the host was reached by {', '.join(self.bait.reached)}")


def command(program: str) -> list[str]:
    """The argument vector of an attacking program."""
    return [PYTHON, "-B", f"{program}.py"]


def verdict(run: Run) -> str:
    """What held a telling program back; raises Breach with what it achieved."""
    if run.end is not RunEnd.PASSED:
        raise Breach(f"the attack itself ended as {run.end}: {run.stderr[-300:]!r}")
    answer = json.loads(run.stdout.splitlines()[-1])
    if "breach" in answer:
        raise Breach(str(answer["breach"]))
    return str(answer["held"])


@asynccontextmanager
async def baited() -> AsyncIterator[Bait]:
    """Lay bait on this machine, and take it away."""
    async with AsyncExitStack() as stack:
        canary = secrets.token_hex(16)
        folder = _laid_out(canary)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        victim = _victim(canary)
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        yield await _listening(stack, folder, canary, victim)


def _laid_out(canary: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="anton-bait-"))
    folder.chmod(0o755)
    for name, mode in (("secret.txt", 0o644), ("writable.txt", 0o666)):
        (folder / name).write_text(canary)
        (folder / name).chmod(mode)
    (folder / "layer").mkdir(mode=0o755)
    (folder / "layer" / "cached.py").write_text("VALUE = 1\n")
    return folder


def _victim(canary: str) -> subprocess.Popen[bytes]:
    variables = {"PATH": "/usr/bin:/bin", CANARY_VARIABLE: canary}
    return subprocess.Popen(["sleep", "600"], env=variables)


async def _listening(
    stack: AsyncExitStack, folder: Path, canary: str, victim: subprocess.Popen[bytes]
) -> Bait:
    reached: list[str] = []

    def listener(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.append(name)
            writer.close()

        return hear

    tcp = await asyncio.start_server(listener("tcp"), "127.0.0.1", 0)
    path = str(folder / "host.sock")
    unix = await asyncio.start_unix_server(listener("unix"), path)
    os.chmod(path, 0o777)  # noqa: PTH101, S103 - everybody shall be able to connect
    abstract_name = f"\0anton-bait-{os.getpid()}-{canary[:8]}"
    abstract = await asyncio.start_unix_server(listener("abstract"), abstract_name)
    for server in (tcp, unix, abstract):
        stack.callback(server.close)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(reached), local_addr=("127.0.0.1", 0)
    )
    stack.callback(transport.close)
    return Bait(
        folder=folder,
        canary=canary,
        victim=victim,
        tcp_port=tcp.sockets[0].getsockname()[1],
        udp_port=transport.get_extra_info("sockname")[1],
        socket_path=path,
        abstract_name=abstract_name,
        reached=reached,
    )


class _Datagrams(asyncio.DatagramProtocol):
    """Notes that a datagram came."""

    def __init__(self, reached: list[str]) -> None:
        self._reached = reached

    def datagram_received(self, data: bytes, address: object) -> None:
        self._reached.append("udp")

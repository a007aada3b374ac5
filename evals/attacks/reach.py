"""Attacks that reach for what lies outside: secrets, network, files, processes, the kernel."""

import hashlib
from collections.abc import Awaitable, Callable

from core.errors import SandboxGone
from evals.attacks.field import Attack, Breach, Field, command, verdict


def _probe(program: str) -> Callable[[Field], Awaitable[str]]:
    async def run(field: Field) -> str:
        held = await field.probe(program)
        field.listeners_heard_nothing()
        return held

    return run


async def _another_sandbox(field: Field) -> str:
    async with field.sandbox() as sandbox:
        process = await sandbox.start(command("serve"))
        if await process.receive(10) != b"listening":
            raise Breach("loopback is of no use inside")
        return await field.probe("visit")


async def _writes(field: Field) -> str:
    before = _digest(field)
    held = await field.probe("writes")
    if _digest(field) != before:
        raise Breach("a file of the host changed")
    return held


async def _kill_all(field: Field) -> str:
    async with field.sandbox() as sandbox:
        try:
            held = verdict(await sandbox.run(command("kill_all")))
            after = await sandbox.run(["true"])
        except SandboxGone:
            if not field.on_machine or field.bait.victim.poll() is not None:
                raise
            return "it ended its own machine, which is no result"
    if after.exit_code != 0:
        raise Breach(f"the sandbox is of no use afterwards: {after.end}")
    if field.bait.victim.poll() is not None:
        raise Breach("a process of the host is dead")
    return held


def _digest(field: Field) -> str:
    found = hashlib.sha256()
    for path in sorted(path for path in field.bait.folder.rglob("*") if path.is_file()):
        found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()


ATTACKS = (
    Attack("S6", "read the memory of others", _probe("others_memory")),
    Attack("S7", "read credentials of the host", _probe("credentials")),
    Attack("S8a", "network: host, world, metadata, names", _probe("network")),
    Attack("S8b", "network: another sandbox", _another_sandbox),
    Attack("S9", "sockets of the host, vsock, netlink, packet", _probe("sockets")),
    Attack("S14", "write outside of the workspace", _writes),
    Attack("S15a", "signal, trace and read other processes", _probe("processes")),
    Attack("S15b", "kill everybody", _kill_all, harms_host=True),
    Attack("S16a", "capabilities, namespaces, mounts, chroot", _probe("privileges")),
    Attack("S16b", "setuid programs", _probe("setuid")),
    Attack("S17", "kernel settings and devices", _probe("kernel_files")),
    Attack("S18", "io_uring, bpf, keyctl, perf, userfaultfd", _probe("kernel_calls")),
    Attack("S19", "type into a terminal", _probe("terminal")),
    Attack("S28", "inherited variables and descriptors", _probe("inheritance")),
    Attack("S31", "facts about the host", _probe("host_facts")),
)

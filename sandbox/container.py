"""The one container that is asked of a Docker engine: what it may, and what it sees."""

from typing import Any

from core.ports import Environment, Limits
from sandbox.cgroups import SUPERVISOR
from sandbox.slots import Slot
from sandbox.walls import HIDDEN, writable

LABEL = "anton.sandboxes"
BOOT = (
    "import os, sys; whole = b''\n"
    "while len(whole) < int(sys.argv[1]):\n"
    "    part = os.read(0, int(sys.argv[1]) - len(whole))\n"
    "    whole += part or sys.exit(1)\n"
    "file = os.memfd_create('supervisor'); os.write(file, whole)\n"
    "sys.path.insert(0, f'/proc/self/fd/{file}')\n"
    "from sandbox.inside.supervisor import main; main()"
)
"""Takes the supervisor from the wire, so that nothing of the host need be mounted for it."""
MASKED = (
    *("/sys", "/proc/acpi", "/proc/asound", "/proc/scsi", "/proc/timer_stats"),
    *(f"/proc/{name}" for name in HIDDEN),
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
SYSCTLS = {
    "net.ipv4.ping_group_range": "1 0",
    "net.ipv4.tcp_rmem": "4096 65536 65536",
    "net.ipv4.tcp_wmem": "4096 65536 65536",
}
"""Nobody may ping, and buffers of sockets are small: version 1 of control groups counts none."""
NO_NAMES = "127.0.0.1"
"""Where nobody answers, in place of the host's name servers."""


def container(
    image: str,
    slot: Slot,
    environment: Environment,
    limits: Limits,
    *,
    supervisor_bytes: int,
) -> dict[str, Any]:
    """The body of the engine's `POST /containers/create`.

    The container ends with its standard input, and the engine removes it then. The supervisor
    is its first process and adopts orphans, so no other init is wanted.
    """
    return {
        "Image": image,
        "Entrypoint": [environment.python, "-I", "-S", "-X", "utf8", "-c", BOOT],
        "Cmd": [str(supervisor_bytes)],
        "User": f"{slot.uid}:{slot.uid}",
        "WorkingDir": "/",
        "Hostname": "sandbox",
        "Labels": {LABEL: slot.name.rpartition("-")[0]},
        "Healthcheck": {"Test": ["NONE"]},
        **dict.fromkeys(("OpenStdin", "StdinOnce"), True),
        **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr"), True),
        "HostConfig": {**_walls(environment), **_sizes(slot, limits)},
    }


def _walls(environment: Environment) -> dict[str, Any]:
    return {
        "AutoRemove": True,
        "NetworkMode": "none",
        "Dns": [NO_NAMES],
        "DnsSearch": ["."],
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "Sysctls": SYSCTLS,
        "LogConfig": {"Type": "none"},
        "MaskedPaths": list(MASKED),
        "ReadonlyPaths": list(READ_ONLY),
        "Mounts": [
            {"Type": "bind", "Source": str(host), "Target": inside, "ReadOnly": True}
            for host, inside in environment.layers
        ],
    }


def _sizes(slot: Slot, limits: Limits) -> dict[str, Any]:
    places = {
        path: f"rw,exec,nosuid,nodev,size={size},mode={mode},uid={slot.uid},gid={slot.uid}"
        for path, size, mode in writable(limits)
    }
    shared = next(size for path, size, _ in writable(limits) if path == "/dev/shm")
    del places["/dev/shm"]
    return {
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "PidsLimit": limits.processes + SUPERVISOR,
        "ShmSize": shared,
        "Tmpfs": places,
    }

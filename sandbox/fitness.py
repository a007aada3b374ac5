"""Whether bubblewrap holds here what a sandbox promises, and what to do when it does not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import SandboxUnavailable
from core.evidence import RunEnd
from core.ports import Environment, Limits, Sandbox
from sandbox.cgroups import ControlGroups
from sandbox.limits import MIB

PROGRAM = "bwrap"
PROBE_LIMITS = Limits(
    wall_s=20.0, memory_bytes=96 * MIB, processes=16, disk_bytes=16 * MIB, output_bytes=10_000
)
PROBE_BOMB = "x = bytearray(192 * 1024 * 1024); x[::4096] = bytes(len(x) // 4096)"
INSTALL = (
    "Install it (Debian: apt-get install bubblewrap); SANDBOX=auto also takes a Docker engine that "
    "answers, or E2B with E2B_API_KEY."
)
ORDINARY = "Run Anton as an ordinary user, with bubblewrap 0.8 or later."
USER_NAMESPACES = (
    "Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0; a container needs seccomp=unconfined and "
    "systempaths=unconfined."
)
REMEDIES = {
    "namespace": USER_NAMESPACES,
    "uid map": USER_NAMESPACES,
    "mount proc": USER_NAMESPACES,
    "Unknown option": "Install bubblewrap 0.6 or later.",
    "find source path": "Let every user read that path and enter the folders above it.",
    "execvp": "Prepare the environment anew: its interpreter does not start in the sandbox.",
}


def program() -> str:
    """Where bubblewrap is; raises SandboxUnavailable when that is nowhere, or in this folder."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise SandboxUnavailable("bubblewrap (bwrap) is not on the PATH.", remedy=INSTALL)
    if not Path(found).is_absolute():
        raise SandboxUnavailable(
            f"bubblewrap was found at {found}, which depends on the current folder.",
            remedy="Let PATH name absolute folders only.",
        )
    return found


@lru_cache
def told(path: str, question: str) -> str:
    """What bubblewrap says of itself when asked so."""
    try:
        return subprocess.run(
            [path, question], capture_output=True, text=True, timeout=10, check=True, env={}
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxUnavailable(f"{path} does not run: {error}.", remedy=INSTALL) from error


def system_python() -> Environment:
    """An environment of nothing but Python, for trying a sandbox out."""
    for path in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(path).exists():
            return Environment("probe", path)
    base = Path(sys.base_prefix)
    return Environment("probe", str(Path(sys.executable).resolve()), ((base, str(base)),))


def insist(standing: Mapping[str, Any], remedy: str = ORDINARY) -> None:
    """Refuse a sandbox whose first process is not held as it should be."""
    flaws = {
        "it is not the first process of its own namespace": standing.get("pid") != 1,
        "it may gain privileges": not standing.get("no_new_privileges"),
        "its system calls are not filtered": not standing.get("seccomp"),
        "it has capabilities": standing.get("capabilities") != 0,
        "it could change the host's kernel settings": standing.get("kernel_writable") is not False,
    }
    found = [flaw for flaw, is_so in flaws.items() if is_so]
    if found:
        raise SandboxUnavailable(
            f"The sandbox does not hold what it promises: {', '.join(found)}.",
            remedy=remedy,
        )


def unavailable(said: str) -> SandboxUnavailable:
    """The error for what bubblewrap said as it failed, with a remedy where one is known."""
    remedy = next((cure for sign, cure in REMEDIES.items() if sign in said), None)
    return SandboxUnavailable(f"No sandbox can be opened: {said}", remedy=remedy)


async def holds_memory(sandbox: Sandbox, python: str) -> bool:
    """Whether a program in this sandbox is denied more memory than PROBE_LIMITS allow.

    Raises SandboxUnavailable when not even `true` runs there.
    """
    hello = await sandbox.run(["true"])
    if hello.end is not RunEnd.PASSED:
        raise SandboxUnavailable(f"A sandbox opens, but `true` ends there as {hello.end}.")
    bomb = await sandbox.run([python, "-I", "-S", "-c", PROBE_BOMB])
    return bomb.end is not RunEnd.PASSED


def guarantees(version: str, groups: ControlGroups, *, memory_held: bool) -> dict[str, str]:
    """What is enforced by what, for people."""
    group = f"cgroup v{groups.version}"
    own = "the supervisor and rlimit"
    memory = group if groups.enforces("memory") else own
    is_root = os.geteuid() == 0
    return {
        "walls": f"bubblewrap {version}: user, process, network, IPC, name, file namespaces",
        "user": "one for each sandbox, unprivileged" if is_root else "this one, unprivileged",
        "network": "namespace with loopback alone",
        "files": "read-only system; memory file systems of limited size",
        "system calls": "seccomp",
        "processes": f"{group} and rlimit" if groups.enforces("pids") else own,
        "memory": memory if memory_held else "not limited, as was allowed",
        "processor": f"{group}, one share" if groups.enforces("cpu") else "not limited",
        "disk": "memory file systems of limited size",
        "time": "the supervisor",
        "output": "the supervisor",
    }

"""Which kind of sandbox serves where none is named, and never the bare machine."""

import os
import subprocess
from functools import lru_cache
from typing import Any

from core.errors import SandboxUnavailable
from sandbox.docker_engine import listens
from sandbox.fitness import program

NOBODY = 65_534
TRIAL = ("--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "--", "true")
TRIAL_S = 10.0


def automatic(*, has_e2b_key: bool, docker_host: str) -> str:
    """E2B for whoever has its key, else bubblewrap, else Docker.

    Where none of them can serve this is bubblewrap too, which then refuses and says why.
    """
    if has_e2b_key:
        return "e2b"
    if not can_bubblewrap() and listens(docker_host):
        return "docker"
    return "bubblewrap"


def can_bubblewrap() -> bool:
    """Whether bubblewrap is here and may make namespaces, which it may not in most containers."""
    try:
        return _makes_namespaces(program())
    except SandboxUnavailable:
        return False


@lru_cache
def _makes_namespaces(path: str) -> bool:
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    try:
        trial = subprocess.run(
            [path, *TRIAL],
            check=False,
            capture_output=True,
            timeout=TRIAL_S,
            env={},
            cwd="/",
            **identity,
        )
    except subprocess.TimeoutExpired:  # a busy machine is no reason for another sandbox
        return True
    except OSError:
        return False
    return trial.returncode == 0

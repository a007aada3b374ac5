"""Makes a supervisor's answers plain text, where the stream to the host carries nothing else.

Orders go to the supervisor untouched; its answers leave as lines of base64.
"""

from __future__ import annotations

import base64
import ctypes
import os

from sandbox.inside import supervisor
from sandbox.inside.supervisor import ANSWERS, ORDERS

PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
CHUNK = 1 << 20


def main() -> None:
    """Serve as the supervisor in a child, and pass its answers on until it ends."""
    _close_the_doors()
    answers, inner = os.pipe()
    if os.fork() == 0:
        os.dup2(inner, ANSWERS)
        os.close(inner)
        os.close(answers)
        supervisor.main()
        return
    os.close(inner)
    os.close(ORDERS)
    while data := os.read(answers, CHUNK):
        rest = memoryview(base64.b64encode(data) + b"\n")
        while rest:
            rest = rest[os.write(ANSWERS, rest) :]


def _close_the_doors() -> None:
    """No program gains rights by sudo, and none looks into this process or writes for it."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the supervisor cannot be protected")

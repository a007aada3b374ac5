"""A filter of system calls that the supervisor lays upon itself and all that it starts."""

from __future__ import annotations

import ctypes

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
INSTRUCTION = 8
"""Bytes of one instruction of classic BPF."""


class _Program(ctypes.Structure):
    """struct sock_fprog of the kernel."""

    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def lay(program: bytes) -> None:
    """Filter from now on, besides whatever filters already; needs no_new_privs, raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    held = _Program(len(program) // INSTRUCTION, program)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(held), 0, 0):
        raise OSError(ctypes.get_errno(), "system calls cannot be filtered")

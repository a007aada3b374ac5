"""Signal, trace and read processes that are not one's own."""

import ctypes
import os
import resource
import signal

from attack import BAIT, all_refused, c_call

PTRACE_ATTACH, PTRACE_SEIZE, PIDFD_GETFD, KCMP = 16, 0x4206, 438, 312

buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)


def end_the_victim():
    with open(f"/proc/{BAIT['victim']}/comm") as file:
        if file.read().strip() != "sleep":
            raise ProcessLookupError("another process has that number here")
    os.kill(BAIT["victim"], signal.SIGTERM)


all_refused(
    {
        "end a process of the host": end_the_victim,
        "trace the first process": c_call("ptrace", PTRACE_ATTACH, 1, 0, 0),
        "seize the first process": c_call("ptrace", PTRACE_SEIZE, 1, 0, 0),
        "read its memory": c_call("process_vm_readv", 1, vector, 1, vector, 1, 0),
        "write its memory": c_call("process_vm_writev", 1, vector, 1, vector, 1, 0),
        "limit it": lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0)),
        "list its descriptors": lambda: os.listdir("/proc/1/fd"),
        "take a descriptor": lambda: c_call("syscall", PIDFD_GETFD, os.pidfd_open(1), 0, 0)(),
        "see its maps": lambda: open("/proc/1/maps").close(),
        "go to its folder": lambda: os.chdir("/proc/1/cwd"),
    }
)

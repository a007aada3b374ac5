"""Make the system calls through which kernels were broken."""

import ctypes
import os

from attack import X86, breached, held

EPERM, ENOSYS = 1, 38
X32 = 0x40000000
NUMBERS = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "bpf": 321 if X86 else 280,
    "keyctl": 250 if X86 else 219,
    "add_key": 248 if X86 else 217,
    "request_key": 249 if X86 else 218,
    "perf_event_open": 298 if X86 else 241,
    "userfaultfd": 323 if X86 else 282,
    "memfd_secret": 447,
    "kexec_load": 246 if X86 else 104,
    "open_by_handle_at": 304 if X86 else 265,
    "setns": 308 if X86 else 268,
    "swapon": 167 if X86 else 224,
    "init_module": 175 if X86 else 105,
}
libc = ctypes.CDLL(None, use_errno=True)


def is_refused(number):
    """In a child, for a filter may also answer with a signal."""
    pid = os.fork()
    if pid == 0:
        result = libc.syscall(number, 0, 0, 0, 0, 0)
        os._exit(0 if result < 0 and ctypes.get_errno() in (EPERM, ENOSYS) else 77)
    status = os.waitpid(pid, 0)[1]
    return os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0


for name, number in NUMBERS.items():
    for form in (number, number | X32) if X86 else (number,):
        if not is_refused(form):
            breached(f"{name} ({form:#x}) reaches the kernel")
held(f"{len(NUMBERS)} calls refused")

"""The system calls that no program in a sandbox may make, as a filter for the kernel."""

import errno
import os
import socket
from functools import lru_cache
from types import ModuleType

from core.errors import SandboxUnavailable

NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
TERMINAL_INJECTIONS = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX."""
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
"""Those which cannot leave a network namespace of one's own."""
INT = 0xFFFFFFFF

REFUSED = {
    "other processes": "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise",
    "wide kernel interfaces": "bpf perf_event_open userfaultfd keyctl add_key request_key",
    "mounts": "mount umount2 pivot_root chroot move_mount open_tree mount_setattr quotactl",
    "file systems": "fsopen fsconfig fsmount fspick open_by_handle_at name_to_handle_at acct",
    "namespaces": "unshare setns sethostname setdomainname",
    "kernel": "kexec_load kexec_file_load init_module finit_module delete_module swapon reboot",
    "clock": "settimeofday clock_settime clock_adjtime adjtimex",
    "machine": "swapoff syslog vhangup iopl ioperm lookup_dcookie nfsservctl uselib _sysctl",
    "watching": "fanotify_init quotactl_fd",
    "memory of others": "mbind move_pages migrate_pages set_mempolicy set_mempolicy_home_node",
}
ABSENT = ("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_secret")
"""Answered as a kernel that lacks them would, so that programs fall back to what is filtered."""
UNACCOUNTED = ("memfd_create", "shmget")
"""Memory that belongs to no process and to no file system of limited size."""
NUMBERS = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
    "set_mempolicy_home_node": 450,
}
"""The same on every architecture, for a libseccomp older than the call."""


@lru_cache
def program(*, accounted: bool) -> bytes:
    """The filter in the kernel's own form (classic BPF) for this machine's architecture.

    Where no control group accounts for memory, also what escapes every other limit is refused.
    A 32-bit argument is compared as such, for the upper half of its register is the caller's.
    Raises SandboxUnavailable without libseccomp.
    """
    lib = _library()
    rules = lib.SyscallFilter(lib.ALLOW)
    for name in " ".join(REFUSED.values()).split():
        _deny(lib, rules, errno.EPERM, name)
    for name in ABSENT + (() if accounted else UNACCOUNTED):
        _deny(lib, rules, errno.ENOSYS, name)
    for flag in NAMESPACES:
        _deny(lib, rules, errno.EPERM, "clone", lib.Arg(0, lib.MASKED_EQ, flag, flag))
    for command in TERMINAL_INJECTIONS:
        _deny(lib, rules, errno.EPERM, "ioctl", lib.Arg(1, lib.MASKED_EQ, INT, command))
    for call in ("socket", "socketpair"):
        for family in set(range(max(FAMILIES))) - set(FAMILIES):
            _deny(lib, rules, errno.EAFNOSUPPORT, call, lib.Arg(0, lib.MASKED_EQ, INT, family))
        _deny(lib, rules, errno.EAFNOSUPPORT, call, lib.Arg(0, lib.GT, max(FAMILIES)))
    _deny(lib, rules, errno.EPERM, "prlimit64", lib.Arg(0, lib.NE, 0))
    with os.fdopen(os.memfd_create("seccomp"), "r+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _deny(lib: ModuleType, rules: object, error: int, name: str, *arguments: object) -> None:
    number = lib.resolve_syscall(lib.system_arch(), name)
    if number == -1:
        number = NUMBERS.get(name, -1)
    if number >= 0:
        rules.add_rule(lib.ERRNO(error), number, *arguments)  # type: ignore[attr-defined]


def _library() -> ModuleType:
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError) as error:
        raise SandboxUnavailable(
            f"System calls cannot be filtered: {error}.",
            remedy="Install libseccomp (Debian: apt-get install libseccomp2) and run make install.",
        ) from error
    module: ModuleType = pyseccomp
    return module

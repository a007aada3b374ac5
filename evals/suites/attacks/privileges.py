"""Gain capabilities, namespaces, mounts or another user."""

import os

from attack import X86, all_refused, breached, c_call

NEWUSER, NEWNS, SIGCHLD = 0x10000000, 0x00020000, 17
CLONE, PIVOT_ROOT = (56, 155) if X86 else (220, 41)
CLONE3, FSOPEN, OPEN_TREE = 435, 430, 428

with open("/proc/self/status") as file:
    status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
    if int(status[name], 16):
        breached(f"capabilities, {name} {status[name]}")
if status["NoNewPrivs"] != "1":
    breached("setuid programs have their effect")

all_refused(
    {
        "a user namespace": c_call("unshare", NEWUSER),
        "a mount namespace": c_call("unshare", NEWNS),
        "a user namespace by clone": c_call("syscall", CLONE, NEWUSER | SIGCHLD, 0, 0, 0, 0),
        "clone3": c_call("syscall", CLONE3, 0, 0),
        "mount": c_call("mount", b"none", os.getcwd().encode(), b"tmpfs", 0, None),
        "a file system by descriptor": c_call("syscall", FSOPEN, b"tmpfs", 0),
        "a detached tree": c_call("syscall", OPEN_TREE, -100, b"/", 1),
        "chroot": lambda: os.chroot("."),
        "pivot_root": c_call("syscall", PIVOT_ROOT, b"/", b"/"),
        "become root": lambda: os.setuid(0),
        "other groups": lambda: os.setgroups([0]),
        "a new host name": c_call("sethostname", b"owned", 5),
        "a device": lambda: os.mknod("disk", 0o60666, os.makedev(8, 0)),
    }
)

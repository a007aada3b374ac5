"""Look for kernel settings and devices that could be written; none is."""

import os

from attack import BAIT, breached, held

PATHS = (
    *("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/modprobe"),
    *("/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger"),
    *("/proc/sys/user/max_user_namespaces", "/proc/irq", "/proc/bus", "/sys/kernel", "/sys/fs/cgroup"),
    *("/sys/fs/cgroup/cgroup.procs", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/loop0"),
    *(() if BAIT["on_machine"] else ("/dev/fuse", "/dev/net/tun")),
    "/dev/kvm",
)
"""On a machine of one's own everybody may open two of them, and nobody without rights use them."""

for path in PATHS:
    if os.access(path, os.W_OK):
        breached(f"{path} can be written")
held(f"none of {len(PATHS)} can be written")

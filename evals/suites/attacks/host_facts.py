"""Learn about the host more than the version of its kernel."""

import os

from attack import BAIT, breached, held, refusal

if os.uname().nodename == BAIT["hostname"] != "sandbox":
    breached("the host's name")
for path in ("/etc/passwd", "/etc/group", "/etc/hosts"):
    with open(path) as file:
        if "root" in file.read():
            breached(f"{path} is the host's")
HIDDEN = (
    *("/etc/machine-id", "/etc/hostname", "/etc/resolv.conf", "/etc/localtime", "/proc/keys"),
    *("/proc/cmdline", "/proc/kallsyms", "/proc/modules", "/var/log", "/sys/class/net"),
)
for path in HIDDEN:
    if not refusal(lambda: os.listdir(path) if os.path.isdir(path) else open(path).close()):
        breached(f"{path} can be read")
held("a name, users and hosts of its own")

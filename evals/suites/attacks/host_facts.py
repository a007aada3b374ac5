"""Learn about the host more than the version of its kernel."""

import os

from attack import BAIT, breached, held, refusal


def text(path):
    with open(path, errors="replace") as file:
        return file.read()


if BAIT["on_machine"]:
    if os.uname().nodename == BAIT["hostname"]:
        breached("the host's name")
    if os.path.exists("/etc/machine-id") and text("/etc/machine-id") == BAIT["host_id"] != "":
        breached("the host's identity")
    held("a machine of its own, with another name and identity")
if os.uname().nodename == BAIT["hostname"] != "sandbox":
    breached("the host's name")
for path in ("/etc/passwd", "/etc/group", "/etc/hosts"):
    with open(path) as file:
        if "root" in file.read():
            breached(f"{path} is the host's")
AGREED = ("", "sandbox", "nameserver 127.0.0.1")
"""What may be read where a file of that name cannot be kept away."""


def words(path):
    with open(path, errors="replace") as file:
        return [line.strip() for line in file if not line.startswith(("#", "search .", "options"))]


HIDDEN = (
    *("/etc/machine-id", "/etc/hostname", "/etc/resolv.conf", "/etc/localtime", "/proc/keys"),
    *("/proc/cmdline", "/proc/kallsyms", "/proc/modules", "/var/log", "/sys/class/net"),
)
for path in HIDDEN:
    said = []
    refused = refusal(lambda: said.extend((os.listdir if os.path.isdir(path) else words)(path)))
    if not refused and not set(said) <= set(AGREED):
        breached(f"{path} can be read")
held("a name, users and hosts of its own")

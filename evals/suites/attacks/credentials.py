"""Read files that hold secrets on a host."""

import os

from attack import BAIT, all_refused

ITS_OWN = ("/etc/gitconfig", "/etc/pip.conf", "/etc/npmrc", "/etc/machine-id")
"""What a machine of its own may have."""
FILES = (
    *(BAIT["secret"], "/etc/shadow", *(() if BAIT["on_machine"] else ITS_OWN)),
    *("/proc/1/environ", "/proc/1/root/etc/shadow", "/run/docker.sock"),
)
FOLDERS = ("/root", "/root/.ssh", "/run/secrets", "/var/lib/cloud", "/proc/1/cwd/root", "/proc/1/fd")

all_refused(
    {
        **{path: lambda path=path: open(path).close() for path in FILES},
        **{path: lambda path=path: os.listdir(path) for path in FOLDERS},
    }
)

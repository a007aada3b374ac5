"""Read files that hold secrets on a host."""

import os

from attack import BAIT, all_refused

FILES = (
    BAIT["secret"],
    *("/etc/shadow", "/etc/gitconfig", "/etc/pip.conf", "/etc/npmrc", "/etc/machine-id"),
    *("/proc/1/environ", "/proc/1/root/etc/shadow", "/run/docker.sock"),
)
FOLDERS = ("/root", "/root/.ssh", "/run/secrets", "/var/lib/cloud", "/proc/1/cwd/root", "/proc/1/fd")

all_refused(
    {
        **{path: lambda path=path: open(path).close() for path in FILES},
        **{path: lambda path=path: os.listdir(path) for path in FOLDERS},
    }
)

"""Write outside of the workspace."""

from attack import BAIT, all_refused

PATHS = (
    *(BAIT["writable"], BAIT["layer"] + "/cached.py", BAIT["layer"] + "/fresh.py"),
    *("/opt/layer/cached.py", "/opt/layer/fresh.py", "/usr/attacked", "/usr/bin/attacked"),
    *("/etc/attacked", "/etc/passwd", "/attacked", "/dev/attacked", "/home/attacked"),
    *("/root/attacked", "/run/attacked", "/run/supervisor.zip", "/var/attacked", "/proc/attacked"),
    *("/proc/1/mem", "/proc/1/comm", "/proc/1/oom_score_adj", "/proc/self/uid_map"),
)


def write(path):
    def attempt():
        with open(path, "r+" if path.endswith((".zip", "passwd", "cached.py")) else "a") as file:
            file.write("# attacked\n")

    return attempt


all_refused({path: write(path) for path in PATHS})

"""Look for variables and descriptors that came along from the server."""

import os
from pathlib import Path

from attack import breached, held

GIVEN = {"PATH", "HOME", "LANG"}
BY_PYTHON = {"LC_CTYPE"}

extra = set(os.environ) - GIVEN - BY_PYTHON
if extra:
    breached(f"the variables {sorted(extra)}")
open_files = {}
for name in os.listdir("/proc/self/fd"):
    try:
        open_files[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        continue
own = str(Path("/proc") / str(os.getpid()) / "fd")
extra = {fd: to for fd, to in open_files.items() if fd > 2 and to != own}
if extra:
    breached(f"the descriptors {extra}")
held(f"{len(os.environ)} variables, {len(open_files) - 1} descriptors")

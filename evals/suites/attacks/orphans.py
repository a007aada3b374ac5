"""Leave thousands of children and grandchildren to whoever reaps them."""

import os
from pathlib import Path

from attack import breached, held

COUNT = 1_000
TOLERATED = 30

for _ in range(COUNT):
    if os.fork() == 0:
        os.setsid()
        os.fork()
        os._exit(0)
    os.wait()
zombies = 0
for status in Path("/proc").glob("[0-9]*/stat"):
    try:
        zombies += status.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        continue
if zombies > TOLERATED:
    breached(f"{zombies} zombies")
held(f"{COUNT} orphans, {zombies} zombies")

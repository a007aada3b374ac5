"""Look for a place to write that has no small limit, and for a file larger than any."""

import os

from attack import breached, held, refusal

MOST = 64 << 20

sizes = {}
for line in open("/proc/self/mounts"):
    _, point, kind = line.split()[:3]
    if not os.path.isdir(point):
        continue
    room = os.statvfs(point)
    if os.access(point, os.W_OK) and not room.f_flag & os.ST_RDONLY and room.f_blocks:
        sizes[point] = room.f_blocks * room.f_frsize
if sum(sizes.values()) > MOST:
    breached(f"{sum(sizes.values()) >> 20} MiB can be written at {', '.join(sorted(sizes))}")
with open("sparse", "wb") as file:
    if not refusal(lambda: file.truncate(1 << 40)):
        breached("a sparse file of 1 TiB")
held(f"{sum(sizes.values()) >> 20} MiB in all")

"""Fill files that lie in memory and belong to no file system."""

import os

while True:
    fd = os.memfd_create("hoard")
    for _ in range(8):
        os.write(fd, bytes(1 << 20))

"""Print 1 GiB that is no text and has no line ends."""

import os

chunk = b"\xff\x00" * (1 << 19)
for _ in range(1 << 10):
    os.write(1, chunk)

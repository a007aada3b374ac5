"""Read what other processes were started with, and their memory."""

from pathlib import Path

from attack import BAIT, breached, held

seen = bytearray()
for kind in ("environ", "cmdline", "maps"):
    for path in Path("/proc").glob(f"[0-9]*/{kind}"):
        try:
            seen += path.read_bytes()
        except OSError:
            continue
if BAIT["canary"].encode() in seen:
    breached("the environment of a process of the host")
if Path("/proc/1/mem").exists():
    try:
        open("/proc/1/mem", "rb").close()
        breached("the memory of the first process")
    except OSError:
        pass
held(f"{len(list(Path('/proc').glob('[0-9]*')))} processes, all of them its own")

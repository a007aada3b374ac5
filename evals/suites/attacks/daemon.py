"""Leave a process behind that goes on writing, in every way there is to leave one."""

import os
import signal
import time

for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
for depth in range(4):
    if os.fork() == 0:
        for _ in range(depth):
            os.setsid()
            if os.fork():
                os._exit(0)
        for fd in range(3) if depth % 2 else ():
            os.close(fd)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with open(f"late-{depth}", "a") as file:
                file.write("x")
            time.sleep(0.005)
        os._exit(0)
time.sleep(0.2)
print("verdict", flush=True)
os._exit(0)

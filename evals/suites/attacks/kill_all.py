"""Signal the first process and everybody else, again and again."""

import os
import signal
import time

from attack import BAIT, breached, held, refusal

NUMBERS = ("KILL", "STOP", "TERM", "INT", "HUP", "QUIT", "SEGV", "USR1", "CHLD", "ALRM", "PIPE")

if refusal(lambda: os.kill(BAIT["victim"], 0)) == "":
    with open(f"/proc/{BAIT['victim']}/comm") as file:
        if file.read().strip() == "sleep":
            breached("everybody on the machine can be signalled")
for name in NUMBERS:
    number = getattr(signal, "SIG" + name)
    for target in (1, os.getppid(), BAIT["victim"]):
        for _ in range(200):
            try:
                os.kill(target, number)
            except OSError:
                break
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in (signal.SIGTERM, signal.SIGKILL):
    try:
        os.kill(-1, number)
    except OSError:
        continue
time.sleep(0.1)
held("the supervisor takes no signal")

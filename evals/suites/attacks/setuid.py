"""Run programs with the setuid bit, of the system and of one's own."""

import os
import shutil
import subprocess
from pathlib import Path

from attack import BAIT, breached, held

own = str(os.getuid())
shutil.copy("/usr/bin/id", "id")
os.chmod("id", 0o6755)
answers = {subprocess.run(["./id", "-u"], capture_output=True, text=True).stdout.strip()}
if answers != {own}:
    breached(f"a copied program ran as {answers}")
if os.getuid() == 0:
    breached("this is root already")
with open("/proc/self/status") as file:
    gains_none = BAIT["on_machine"] and "NoNewPrivs:\t1" in file.read()
count = 0
for program in Path("/usr/bin").iterdir():
    if program.is_file() and program.stat().st_mode & 0o4000:
        count += 1
        if not gains_none and not os.statvfs(program).f_flag & os.ST_NOSUID:
            breached(f"{program} keeps its bit")
held(f"{count} setuid programs without effect")

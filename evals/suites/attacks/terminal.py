"""Type into somebody's terminal."""

import ctypes
import os
import pty

from attack import all_refused, breached, c_call, refusal

TIOCSTI, HIGH_BITS = 0x5412, 1 << 32

if not refusal(lambda: os.open("/dev/tty", os.O_RDWR)):
    breached("a controlling terminal")
_, terminal = pty.openpty()
if os.fork():
    os.wait()
    os._exit(0)
os.setsid()
typed = ctypes.byref(ctypes.c_char(b"x"))
all_refused(
    {
        "TIOCSTI": c_call("ioctl", terminal, ctypes.c_ulong(TIOCSTI), typed),
        "TIOCSTI behind high bits": c_call(
            "ioctl", terminal, ctypes.c_ulong(TIOCSTI | HIGH_BITS), typed
        ),
    }
)

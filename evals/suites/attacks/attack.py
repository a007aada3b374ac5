"""What every attacking program needs: the bait it may go for, and a way to tell what it got."""

import ctypes
import json
import os
from collections.abc import Callable, Mapping

BAIT = json.loads(open("bait.json").read())
X86 = os.uname().machine == "x86_64"
_libc = ctypes.CDLL(None, use_errno=True)


def breached(what: str) -> None:
    """Tell what was achieved, and end."""
    _tell({"breach": what})


def held(by: str) -> None:
    """Tell what held it back, and end."""
    _tell({"held": by})


def all_refused(attempts: Mapping[str, Callable[[], object]]) -> None:
    """Make the attempts one by one, up to the first that works, so that no more harm is done."""
    reasons = set()
    for name, attempt in attempts.items():
        reason = refusal(attempt)
        if not reason:
            breached(name)
        reasons.add(reason)
    held(", ".join(sorted(reasons)))


def refusal(attempt: Callable[[], object]) -> str:
    """Why the attempt fails; empty when it does not."""
    try:
        attempt()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def c_call(name: str, *arguments: object) -> Callable[[], int]:
    """An attempt to call a function of the C library, which answers with less than 0 in vain."""

    def attempt() -> int:
        result = getattr(_libc, name)(*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    return attempt


def _tell(answer: dict[str, str]) -> None:
    os.write(1, (json.dumps(answer) + "\n").encode())
    os._exit(0)

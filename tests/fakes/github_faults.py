"""Faults of the GitHub double, by script: bad answers, silence, and the death of whoever asked."""

import asyncio
import os
import re
import signal
from dataclasses import dataclass, field
from typing import Any, Literal

When = Literal["receipt", "effect", "answer"]


@dataclass
class Fault:
    """What goes wrong with a call, and when: on receipt, after its effect, or after its answer."""

    method: str = ".*"
    path: str = ".*"
    """Both are regular expressions for the whole text; the path is the one below `/repos/o/n`."""
    when: When = "receipt"
    skip: int = 0
    """Calls that are let through first."""
    times: int = 1
    """Calls that it hits; -1 for all."""
    status: int = 0
    message: str = "Something went wrong"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drop: bool = False
    """End the connection within the answer."""
    kill: int = 0
    """Process to kill with SIGKILL; implies `drop`, but for `answer`."""

    def matches(self, method: str, path: str) -> bool:
        """Whether it hits this call; counts it."""
        if not (re.fullmatch(self.method, method) and re.fullmatch(self.path, path)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times == 0:
            return False
        self.times -= 1
        return True

    async def strike(self) -> None:
        """Wait and kill, as told."""
        await asyncio.sleep(self.delay_s)
        if self.kill:
            os.kill(self.kill, signal.SIGKILL)


@dataclass
class Faults:
    """The script."""

    planned: list[Fault] = field(default_factory=list)
    struck: list[dict[str, Any]] = field(default_factory=list)

    def plan(self, **facts: Any) -> None:
        self.planned.append(Fault(**facts))

    def next(self, method: str, path: str) -> Fault | None:
        for fault in self.planned:
            if fault.matches(method, path):
                self.struck.append({"method": method, "path": path, "when": fault.when})
                return fault
        return None

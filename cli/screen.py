"""The terminal: what is said, what is asked, and whether anybody is there to answer."""

import asyncio
import json
import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from core.approvals import Person
from core.errors import AntonError
from core.visible import visible

PLAIN_WIDTH = 100


@dataclass(frozen=True)
class Screen:
    """Where a command speaks: `out` for what it is about, `err` for how it goes."""

    out: Console
    err: Console
    stdin: IO[str]
    json_only: bool = False

    @classmethod
    def here(cls, *, json_only: bool = False) -> "Screen":
        """The screen of this process; with `json_only` all but one object goes to stderr."""
        err = _console(sys.stderr)
        return cls(err if json_only else _console(sys.stdout), err, sys.stdin, json_only)

    @property
    def interactive(self) -> bool:
        """Whether somebody can read a question here and answer it."""
        return self.stdin.isatty() and self.out.is_terminal

    def say(self, text: str = "", style: str = "") -> None:
        """One paragraph, harmless whatever is in it; long lines are folded, never cut."""
        show(self.out, text, style)

    def note(self, text: str, style: str = "dim") -> None:
        """The same beside the matter, on stderr."""
        show(self.err, text, style)

    def complain(self, error: AntonError) -> None:
        """What went wrong, and what to do about it."""
        show(self.err, f"anton: {error.message}", "bold red")
        if error.remedy:
            show(self.err, f"  remedy: {error.remedy}")

    def refuse(self, error: AntonError) -> None:
        """The same as the end of a command."""
        self.complain(error)
        if self.json_only:
            self.give(
                {"task_id": "", "outcome": None, "error": error.message, "remedy": error.remedy}
            )

    def give(self, value: Mapping[str, Any]) -> None:
        """One JSON object on stdout."""
        sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")
        sys.stdout.flush()

    async def ask(self, prompt: str) -> str | None:
        """One line from the terminal; None at its end (Ctrl-D)."""
        self.out.print(Text(prompt, style="bold"), end=" ")
        self.out.file.flush()
        line = await _line(self.stdin)
        return line.strip() if line else None


def show(console: Console, text: str, style: str = "") -> None:
    """Print text as it is: neither markup nor control characters of it act."""
    put(console, Text(visible(text), style=style))


def put(console: Console, text: Text) -> None:
    """Print harmless text whole: folded at a terminal's edge, untouched elsewhere."""
    if console.is_terminal:
        console.print(text, overflow="fold")
    else:
        console.print(text, no_wrap=True, overflow="ignore", crop=False)


def person(how: str = "") -> Person:
    """Whoever started this program, by the account's name; `how` notes that nobody was asked."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return Person(channel="terminal", person_id=f"{name} ({how})" if how else name)


def _console(stream: IO[str]) -> Console:
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


async def _line(stdin: IO[str]) -> str:
    """Wait for a line without a thread, so that Ctrl-C is heard at once."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(stdin.fileno())
    return stdin.readline()

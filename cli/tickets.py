"""From what was typed to a report: words, a file, or standard input."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import PayloadInvalid
from core.tasks import ticket_key

MAX_BYTES = 2_000_000
_KEY = re.compile(r"^[#\s]*([A-Z][A-Z0-9]{1,9}-\d{1,9})\b[\s:.\])-]*(.*)$")
_FILE_LIKE = re.compile(r"\S+\.(md|txt|rst|log)")


@dataclass(frozen=True)
class Ticket:
    """A report with its title, and its key where it names one."""

    text: str
    title: str
    key: str = ""


def ticket_from(argument: str, stdin: IO[bytes]) -> Ticket:
    """The report that an argument means; raises PayloadInvalid when there is none in it."""
    if argument == "-":
        return parsed(_decoded(stdin.read(MAX_BYTES + 1)))
    if re.match(r"https?://\S+$", argument):
        raise PayloadInvalid(
            "A ticket's address alone cannot be read yet.",
            remedy="Save the ticket's text to a file and give that file.",
        )
    if _is_file(argument):
        with Path(argument).expanduser().open("rb") as file:
            return parsed(_decoded(file.read(MAX_BYTES + 1)))
    if _FILE_LIKE.fullmatch(argument):
        raise PayloadInvalid(
            f"There is no file {argument}.", remedy="Check the path, or put the report in quotes."
        )
    return parsed(argument)


def parsed(text: str) -> Ticket:
    """Text as a ticket: the first line is its title, and may begin with its key."""
    if not text.strip():
        raise PayloadInvalid(
            "The ticket is empty.",
            remedy="Say what goes wrong, best with a failing test, a command or a code snippet.",
        )
    first = text.strip().splitlines()[0].strip()
    if (match := _KEY.match(first)) and ticket_key(match[1]):
        key, title = match[1], match[2].strip()
        if not title and text.strip() == first:
            raise PayloadInvalid(
                f"{key} alone cannot be looked up yet.",
                remedy="Give the ticket's text: in quotes, in a file, or on standard input with -.",
            )
        return Ticket(text, title or key, key)
    return Ticket(text, first.lstrip("# ").strip() or first)


def _is_file(argument: str) -> bool:
    if len(argument) > 4096 or "\n" in argument or "\0" in argument:
        return False
    try:
        return Path(argument).expanduser().is_file()
    except (OSError, RuntimeError):
        return False


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise PayloadInvalid(
            f"The ticket is longer than {MAX_BYTES:,} bytes.",
            remedy="Keep what shows the fault, and leave out the rest of the log.",
        )
    return data.decode("utf-8-sig", "replace")

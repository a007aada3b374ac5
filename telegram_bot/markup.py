"""Telegram's markup: text in which nothing foreign acts, counted and cut as Telegram counts."""

import html
import re
from dataclasses import dataclass
from typing import Literal

from core.visible import visible

TEXT_MAX = 4096
"""UTF-16 code units of a message, after its markup was taken out."""
SAFE_COMMANDS = ("help", "status", "tasks", "incidents")
"""Commands that change nothing: these stay something to tap."""
LISTED_COMMANDS = (*SAFE_COMMANDS, "fix", "task", "approve", "reject", "budget", "cancel", "build")
"""Commands that stay so where Anton lists what he does."""
BREAK = "\u200b"
"""A space of no width; it ends what a client would make clickable."""

_FOREIGN = r"(?<![\w/@<>:.])/(?=[A-Za-z0-9_])(?!(?:{})\b(?![\w/@]))"
_COMMAND = re.compile(_FOREIGN.format("|".join(SAFE_COMMANDS)))
_LISTED = re.compile(rf"/(?:{'|'.join(LISTED_COMMANDS)})(?= \[?[A-Z]+\]?: |: )")
_CUT_COMMAND = re.compile(r"/\w*$")
_DEEP = re.compile(r"(?i)\b(?:(tg|ton):(?=//)|(t|telegram)\.(?=me/))")

Style = Literal["plain", "bold", "italic", "code", "diff", "quote", "link"]
_TAGS: dict[Style, tuple[str, str]] = {
    "plain": ("", ""),
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "code": ("<code>", "</code>"),
    "diff": ('<pre><code class="language-diff">', "</code></pre>"),
    "quote": ("<blockquote expandable>", "</blockquote>"),
}


@dataclass(frozen=True)
class Span:
    """A piece of text in one style."""

    text: str
    style: Style = "plain"

    @property
    def html(self) -> str:
        """As it is sent; the text is escaped, whatever it is."""
        escaped = html.escape(self.text, quote=False)
        if self.style == "link":
            return f'<a href="{html.escape(self.text)}">{escaped}</a>'
        before, after = _TAGS[self.style]
        return f"{before}{escaped}{after}"


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text) + sum(char > "\uffff" for char in text)


def cut(text: str, limit: int) -> str:
    """The text in at most so many units, an ellipsis at its end if it was longer."""
    if units(text) <= limit:
        return text
    room, kept = limit - 1, []
    for char in text:
        room -= units(char)
        if room < 0:
            break
        kept.append(char)
    return _CUT_COMMAND.sub("", "".join(kept)).rstrip() + "…"


def inactive(text: str) -> str:
    """Foreign text with all that hides written out, and no mention, command or deep link in it."""
    shown = visible(text).replace("@", f"@{BREAK}")
    shown = _COMMAND.sub(f"/{BREAK}", shown)
    return _DEEP.sub(lambda found: f"{found[0]}{BREAK}", shown)


def spoken(text: str) -> str:
    """Anton's own words, in which a line may begin as his list of commands does."""
    return "\n".join(map(_spoken, text.split("\n")))


def _spoken(line: str) -> str:
    listed = _LISTED.match(line)
    kept = listed[0] if listed else ""
    return kept + inactive(line.removeprefix(kept))


def flat(text: str, limit: int) -> str:
    """Foreign text in one inactive line, cut to so many units."""
    return cut(inactive(" ".join(text.split())), limit)

"""The blocks and elements that our messages are made of, each within Slack's limits.

Foreign words go into plain or rich text, of which Slack reads no markup; the little mrkdwn there is
has its values escaped.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from core.briefing import MISSING
from core.visible import one_line, visible

Block = dict[str, Any]

HEADER_MAX = 150
FIELD_MAX = 200
TEXT_MAX = 700
"""Characters of one paragraph below a name."""
BODY_MAX = 2_900
"""Characters of a text that stands alone; a section takes 3,000."""
FOOTER_MAX = 1_000
_FORMATS = re.compile(r"[*_~`]")
"""What formats in mrkdwn, which knows no way to escape it."""


def plain_text(text: str, limit: int) -> Block:
    """Text of which Slack reads nothing, not even names of emoji."""
    return {"type": "plain_text", "text": clipped(visible(text), limit), "emoji": False}


def header(title: str) -> Block:
    """The headline of a message."""
    return {"type": "header", "text": plain_text(one_line(title, HEADER_MAX) or "Anton", 150)}


def field(name: str, value: str) -> Block:
    """A fact below a section, with its name in bold unless the fact holds signs that format."""
    if _FORMATS.search(value):
        return plain_text(f"{name}: {one_line(value, FIELD_MAX)}", 2 * FIELD_MAX)
    text = f"*{name}* {escaped(one_line(value, FIELD_MAX))}"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def context(texts: Iterable[str]) -> Block:
    """Small print."""
    elements = [plain_text(text, FOOTER_MAX) for text in texts]
    return {"type": "context", "elements": elements[:10]}


def paragraph(text: str, *, limit: int = TEXT_MAX) -> Block:
    """One text as a block."""
    return paragraphs(("", text), limit=limit)


def paragraphs(*named: tuple[str, str], limit: int = TEXT_MAX) -> Block:
    """Texts below their names in bold, as one block."""
    found: list[Block] = []
    for name, text in named:
        gap = "\n" if found else ""
        if name:
            found.append(run(f"{gap}{name}", bold=True))
            gap = " "
        found += runs(gap + (clipped(visible(text).strip(), limit) or MISSING))
    return rich([{"type": "rich_text_section", "elements": found}])


def runs(text: str) -> list[Block]:
    """A text whose parts between backticks are shown as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [run(text)]
    return [run(part, code=bool(at % 2)) for at, part in enumerate(parts) if part] or [run(text)]


def run(text: str, **style: bool) -> Block:
    """A piece of rich text in one style, such as `bold` or `code`."""
    made: Block = {"type": "text", "text": visible(text)}
    chosen = {name: on for name, on in style.items() if on}
    return {**made, "style": chosen} if chosen else made


def preformatted(text: str) -> Block:
    """Code, line by line."""
    return rich([{"type": "rich_text_preformatted", "elements": [run(text.strip("\n"))]}])


def rich(elements: Sequence[Block]) -> Block:
    """Rich text of these elements."""
    return {"type": "rich_text", "elements": list(elements)}


def escaped(text: str) -> str:
    """Text within mrkdwn, in which no link and no mention can begin."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clipped(text: str, limit: int) -> str:
    """The text, or its beginning with how much is missing."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 40].rstrip()
    return f"{kept} [… {len(text) - len(kept)} characters more]"

"""Find and render a prompt, strictly; foreign text enters only inside blocks with a random border.

A template is Markdown with Jinja2, `agents/prompts/<name>.md`. What stands above the line
`--- user ---` is who the role is: it stays the same from call to call, so providers can cache it.
"""

import re
import secrets
import unicodedata
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.models import Message

PROMPTS = Path(__file__).parent / "prompts"
DIVIDER = "--- user ---"
WORDS_MAX = 20_000
"""Longest report that a prompt holds whole, in characters."""
HEAD, TAIL = 5_000, 5_000
"""What is kept of an observation that is too long, in characters."""
BORDER_BYTES = 6
_COMMENT = re.compile(r"(```.*?```|`[^`\n]*`)|<!--.*?(?:-->|\Z)", re.DOTALL)
"""A comment that no reader sees; in a code span or block it would be seen, and stays."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0000, 0xE01F0))
"""Tags and variation selectors: they draw nothing, and any text can be spelt with them."""
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters that look like nothing."""


def render(name: str, **facts: object) -> tuple[Message, ...]:
    """The messages of a prompt; raises jinja2.UndefinedError for a fact that is missing.

    In a template, `untrusted(label, text)` holds words of others: hidden text is taken out, and
    both ends are kept of what is too long. `source(label, text)` holds code or a diff as it is,
    invisible characters written out; `output(label, text)` is the same for what was printed, cut in
    the middle when it is long.
    """
    border = secrets.token_hex(BORDER_BYTES)

    def untrusted(label: str, text: str) -> str:
        plain, hidden = revealed(text)
        note = f"\n[{hidden} hidden characters were taken out]" if hidden else ""
        return _block(border, label, shortened(plain, WORDS_MAX // 2, WORDS_MAX // 2) + note)

    def source(label: str, text: str) -> str:
        return _block(border, label, written_out(text))

    def output(label: str, text: str) -> str:
        return _block(border, label, shortened(written_out(text)))

    text = (
        _environment()
        .get_template(f"{name}.md")
        .render(facts, untrusted=untrusted, source=source, output=output)
    )
    above, divider, below = text.partition(f"\n{DIVIDER}\n")
    if not divider:
        return (Message(author="user", text=text.strip()),)
    return (
        Message(author="system", text=above.strip(), lasting=True),
        Message(author="user", text=below.strip()),
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PROMPTS),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - a prompt is no page: escaping would change what is read
    )


def _block(border: str, label: str, text: str) -> str:
    """Foreign text between two lines that nobody who wrote it can have known."""
    inside = text.replace(border, "").rstrip("\n") or "(empty)"
    return f"<<<{label} {border}\n{inside}\n{label} {border}>>>"


def revealed(text: str) -> tuple[str, int]:
    """Words without what people do not see in them, and how many characters that were.

    HTML comments, zero-width and bidirectional signs, and Unicode's invisible tags.
    """
    text = text.replace("\r\n", "\n").strip("\n")
    shown = _COMMENT.sub(lambda found: found.group(1) or "", text)
    plain = shown.translate(dict.fromkeys(map(ord, _hidden(shown))))
    return plain, len(text) - len(plain)


def written_out(text: str) -> str:
    """Code with each invisible character written as its escape, so that it is seen."""
    text = text.replace("\r\n", "\n")
    return text.translate(
        {ord(sign): sign.encode("unicode_escape").decode() for sign in _hidden(text)}
    )


def _hidden(text: str) -> set[str]:
    """The characters of a text that nobody sees; there are few kinds in however long a text."""
    return {sign for sign in set(text) if _invisible(sign)}


def _invisible(sign: str) -> bool:
    if sign in "\n\t":
        return False
    if sign in _FILLERS or any(ord(sign) in signs for signs in _SELECTORS):
        return True
    return unicodedata.category(sign) in ("Cf", "Cc")


def shortened(text: str, head: int = HEAD, tail: int = TAIL) -> str:
    """An observation with its middle left out when it is long; empty output in words."""
    if not text.strip():
        return "(There was no output.)"
    missing = len(text) - head - tail
    if missing <= 0:
        return text
    return f"{text[:head]}\n[… {missing} characters left out …]\n{text[-tail:]}"

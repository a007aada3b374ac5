"""Bytes that untrusted code printed, made into text that acts on no terminal, chat or page."""

import re

from core.ports import Run

SHOWN_CHARACTERS = 60_000
_HALF = re.compile("[\ud800-\udfff]")
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def harmless(text: str) -> str:
    """The text with line ends and tabs kept, and all that acts or hides written as `<U+202E>`."""
    plain = storable(text).replace("\r\n", "\n")
    return _ACTING.sub(lambda found: f"<U+{ord(found[0]):04X}>", plain)


def storable(text: str) -> str:
    """The text with halves of characters, which nothing can write down, replaced."""
    return _HALF.sub("\ufffd", text)


def shown(run: Run) -> str:
    """Head and tail of what a run printed, and how much is missing."""
    parts = [part.decode("utf-8", "replace") for part in (run.stdout, run.stderr)]
    text = harmless("\n".join(part for part in parts if part))
    if len(text) <= SHOWN_CHARACTERS:
        return text
    half = SHOWN_CHARACTERS // 2
    missing = len(text) - 2 * half
    return f"{text[:half]}\n[... {missing} characters left out ...]\n{text[-half:]}"

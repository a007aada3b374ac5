"""Foreign text for people: nothing in it acts, and nothing in it hides."""

import re
import unicodedata

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_EMOJI = re.compile(
    "(?<=[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f])[\ufe0f\u200d]|(?<=[#*0-9])\ufe0f"
)
"""Selectors and joiners right behind an emoji."""
_MARKUP = re.compile(r"!\[|<(?=[a-zA-Z/!](?!\+))")


def visible(text: str) -> str:
    """The text with line ends and tabs kept, and all that acts or hides written out as `<U+202E>`.

    C0 and C1 controls, bidi marks, zero-width and other format characters, variation selectors,
    tags and lone surrogates; and whatever else Unicode calls a control, a format or unassigned.
    """
    text = _ACTING.sub(_named, text)
    return text if text.isascii() else "".join(map(_shown, text))


def inert(text: str) -> str:
    """The text for a document in Markdown: visible, with no image or HTML in it that acts."""
    return _MARKUP.sub(lambda found: f"{found[0][0]}\\{found[0][1:]}", visible(text))


def one_line(text: str, limit: int = 200) -> str:
    """The text in one harmless line, cut with an ellipsis."""
    flat = visible(" ".join(text.split()))
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def is_disguised(text: str) -> bool:
    """Whether signs hide in a text, or a word mixes letters of alphabets that look alike.

    What joins and colours emoji hides nothing.
    """
    plain = _EMOJI.sub("", text.replace("\r\n", "\n"))
    if visible(plain) != plain:
        return True
    return any(len(set(map(_alphabet, word)) - {""}) > 1 for word in re.findall(r"\w+", text))


def _alphabet(letter: str) -> str:
    """Which of the alphabets a letter belongs to whose letters look alike; empty for others."""
    first = unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""
    return first if first in _ALIKE else ""


def _shown(char: str) -> str:
    return _name(char) if unicodedata.category(char) in ("Cc", "Cf", "Cn", "Co", "Cs") else char


def _named(match: re.Match[str]) -> str:
    return _name(match[0])


def _name(char: str) -> str:
    return char if char in "\n\t" else f"<U+{ord(char):04X}>"

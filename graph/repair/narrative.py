"""A model's narrative as one harmless paragraph: beside the facts, and never in their place."""

import re

from core.findings import Narrative

LONGEST = 900
"""Of the words shown, in characters."""
_LINK = re.compile(r"(?:[\w+.-]*://|www\.|mailto:)\S*", re.IGNORECASE)
_PLAIN = str.maketrans(
    {"[": "(", "]": ")", "`": "'", '"': "'", "“": "'", "”": "'", "\\": "/", "|": "/"}
    | dict.fromkeys("*~")
)
_BEGINS = re.compile(r"<(?=[a-z/!?@#])|&(?=[#\w])|[@#](?=\w)|(?<![a-z0-9])gh-(?=\d)", re.IGNORECASE)
"""Signs with which a tag, an entity, a mention or a reference to an issue would begin."""


def paragraph(narrative: Narrative | None) -> str:
    """The words in quotation marks, under their author's name; empty where there are none."""
    words = harmless(narrative.text) if narrative else ""
    if not narrative or not words:
        return ""
    cut = words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"
    author = harmless(narrative.author) or "a model"
    return f'In the words of {author}, which nobody checked: "{cut}"'


def harmless(text: str) -> str:
    """A text on one line, in which nothing acts in Markdown, HTML or on a code host.

    A space after the sign that would begin something shows the sign, where an invisible one would
    hide a change of the text.
    """
    line = " ".join(text.split())
    seen = "".join(sign for sign in line if sign.isprintable())
    plain = _LINK.sub("(a link was left out)", seen.translate(_PLAIN))
    return " ".join(_BEGINS.sub(lambda found: f"{found[0]} ", plain).split())

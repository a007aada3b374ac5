"""What may become a rule of a role: general experience in own words, and nothing else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.visible import visible
from memory.forbidden import subject_of
from memory.letters import spellings, undressed
from memory.likeness import keywords

LENGTH_MIN = 15
LENGTH_MAX = 200
RUN_WORDS = 5
"""So many words in a row are a quotation."""
RUN_SIGNS = 24
"""So many letters and digits in a row are one too, however they are spaced."""
BAG_MIN = 5
BAG_SHARE = 0.75
"""A rule is a quotation in disguise when this share of its keywords stands in one sentence."""

_FILES = re.compile(
    r"[\w-]+\.(?:py|pyi|js|jsx|ts|tsx|java|go|rb|rs|c|h|cpp|cs|php|sql|sh|md|txt|rst|toml|ya?ml"
    r"|json|ini|cfg|lock|html|css|xml|env|csv|log)\b"
    r"|\b(?:make|docker|proc|jenkins|gem|pip|rake)file\b|\breadme\b",
    re.I,
)
_ROUTES = re.compile(r"https?:|www\.|(?:^|[\s\"'(`])[~.]{0,2}/\w|\w+/\w+/\w|\\\w+\\\w")
_IDENTIFIERS = re.compile(
    r"`|\w+_\w*|\b_\w|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*|\w\(|\b[A-Za-z]\w+\.[a-z]\w*"
    r"|::|->|\b[A-Z]{2,10}-\d+\b|\b[0-9a-f]{7,}\b|#\d+|\b\d{4,}\b|@\w|\bline \d+"
    r"|(?<!\w)['\"]\w+['\"](?!\w)",
)
_NAMES_OF_ALL = frozenset(
    "JavaScript TypeScript GitHub GitLab OpenAPI PostgreSQL MySQL SQLite NumPy DataFrame Unicode"
    " YouTube JSON".split()
)
_SPELT = re.compile(r"\b\w([\s.\-_*])(?:\w\1)+\w\b")
_SENTENCES = re.compile(r"\n\s*\n|[.!?;]")
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Passages:
    """What was said by others in the cases that a rule is drawn from, made ready for looking up."""

    words: str = ""
    """All words in a row, a line for each text, between blanks."""
    signs: str = ""
    bags: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Passages":
        """All quotations of these texts, which are untrusted."""
        plain = [undressed(text) for text in texts]
        rows = [_words(text) for text in plain]
        bags = {keywords(sentence) for text in plain for sentence in _SENTENCES.split(text)}
        return cls(
            "\n".join(f" {' '.join(row)} " for row in rows),
            "\n".join("".join(row) for row in rows),
            tuple(bag for bag in bags if len(bag) >= BAG_SHARE * BAG_MIN),
        )

    def hold(self, rule: str) -> bool:
        """Whether the rule quotes them: words or letters in a row, or nearly all its keywords."""
        words = _words(rule)
        runs = (" ".join(words[at : at + RUN_WORDS]) for at in range(len(words) - RUN_WORDS + 1))
        if any(f" {run} " in self.words for run in runs):
            return True
        signs = "".join(words)
        starts = range(len(signs) - RUN_SIGNS + 1)
        if any(signs[at : at + RUN_SIGNS] in self.signs for at in starts):
            return True
        bag = keywords(undressed(rule))
        return len(bag) >= BAG_MIN and any(
            len(bag & other) >= BAG_SHARE * len(bag) for other in self.bags
        )


def refusal(rule: str, passages: Passages, *, length_max: int = LENGTH_MAX) -> str:
    """Why this may not become a rule; empty when it may."""
    if not LENGTH_MIN <= len(rule) <= length_max:
        return f"it has {len(rule)} characters, not {LENGTH_MIN} to {length_max}"
    if visible(rule) != rule or "\n" in rule or not rule.isprintable():
        return "it has signs that cannot be seen"
    if any(ord(sign) > 0x24F and sign.isalpha() for sign in rule):
        return "it has letters that can be taken for others"
    if _SPELT.search(rule):
        return "it spells a word letter by letter"
    if subject := subject_of(rule):
        return f"it speaks of {subject}"
    if specific := _specific(rule):
        return f"it is about one task: {specific}"
    return "it quotes what was said in a case" if passages.hold(rule) else ""


def _specific(rule: str) -> str:
    """The first thing in it that only one task or repository has."""
    plain = " ".join(word for word in rule.split() if word.strip(".,;:()") not in _NAMES_OF_ALL)
    for what, pattern in (
        ("a file name", _FILES),
        ("a path", _ROUTES),
        ("an identifier", _IDENTIFIERS),
    ):
        if pattern.search(plain):
            return what
    return ""


def _words(text: str) -> list[str]:
    """The words as a reader takes them, however they are spelt."""
    return _WORDS.findall(spellings(text)[1])

"""How alike two short texts are, by the words that carry their meaning."""

import re
from math import sqrt

WORD = re.compile(r"[^\W\d_]{3,}")
ENDINGS = ("ies", "ing", "ed", "es", "s")
STEM_MIN = 4
"""Letters that stay of a word when an ending is taken off."""
STOPWORDS = frozenset(
    "about after all also and any are because been before being but can could did does doing done"
    " each else every for from had has have how into its itself just like more most must not now"
    " off one only other out over own same shall should some such than that the their them then"
    " there these they this those through too under until use used using very was well were what"
    " when where whether which while who why will with within would you your always never".split()
)


def keywords(text: str) -> frozenset[str]:
    """The words that carry meaning, without their endings."""
    words = (word for word in WORD.findall(text.casefold()) if word not in STOPWORDS)
    return frozenset(map(_stem, words))


def cosine(one: frozenset[str], other: frozenset[str]) -> float:
    """Cosine of two sets of keywords as vectors of zeros and ones, from 0.0 to 1.0."""
    if not one or not other:
        return 0.0
    return len(one & other) / sqrt(len(one) * len(other))


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM_MIN:
            return word[: -len(ending)]
    return word

"""The words of a report, and those among them that are written as code."""

import re
from dataclasses import dataclass
from typing import Self

COMMON_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "do", "does", "for", "from"),
        *("get", "has", "have", "if", "in", "init", "is", "it", "main", "name", "new", "no"),
        *("not", "of", "on", "or", "run", "self", "set", "test", "that", "the", "this", "to"),
        *("was", "when", "with", "value", "values"),
    )
)
_CODE = re.compile(r"`([^`\n]{1,80})`|\b([A-Za-z_]\w*)\(|\b(\w*[a-z]_[a-z]\w*|[a-z]+[A-Z]\w*)\b")


@dataclass(frozen=True)
class Words:
    """What a report says that may name code, in small letters."""

    plain: frozenset[str]
    written: frozenset[str]
    """Those of them that are written as code."""

    @classmethod
    def of(cls, report: str) -> Self:
        """As the report has them."""
        return cls(words_of(report), frozenset(map(str.lower, names_in_report(report))))


def words_of(report: str) -> frozenset[str]:
    """Words of the report that may be names of code."""
    words = {word.lower() for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]{1,60}", report)}
    return frozenset(words - COMMON_WORDS)


def names_in_report(report: str) -> frozenset[str]:
    """Names that a report writes as code: in backticks, before a bracket, or spelt like a name."""
    found: set[str] = set()
    for match in _CODE.finditer(report):
        words = next(group for group in match.groups() if group)
        found |= set(re.findall(r"[A-Za-z_]\w+", words))
    return frozenset(found - COMMON_WORDS)

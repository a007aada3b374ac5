"""Secrets out, at every exit: known ones by value, however encoded, others by their shape."""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[secret]"
SHORTEST_SECRET = 6
"""Shorter values are ordinary words: masking them would tear every text."""

_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}"
    r"|sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{16,}|pypi-[\w-]{32,}|npm_[A-Za-z0-9]{30,}"
    r"|(?:hf|gsk|e2b)_[A-Za-z0-9]{30,}|xai-[\w-]{40,}|GOCSPX-[\w-]{20,}|dop_v1_[0-9a-f]{40,}"
    r"|ATATT[\w=-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}\b|AIza[\w-]{35}|ya29\.[\w-]{20,}"
    r"|\d{8,10}:[\w-]{35}\b)"
    r"|(?<=hooks\.slack\.com/services/)[\w/]{20,}"
)
_WRAP = r"(?:\r?\n[ \t]{0,8})?"
"""A dump may go on in the next line, wherever it has come to."""
_ADDRESS = re.compile(r"(?<=://)[^\s/:@\"']{0,200}:[^\s/@\"']{1,200}(?=@)")
_HEADER = re.compile(r"(?i)\b(bearer|basic)( +)[\w.~+/=-]{8,}")
_NAMED = re.compile(
    r"(?i)\b((?:[\w-]{0,40}[_-])?(?:password|passwd|secret|api[_-]?key|access[_-]?key|token)"
    r"[\"']?\s{0,4}[:=]\s{0,4}[\"']?)([^\s\"',;&(){}\[\]]{8,}+)(?![(\[{])"
)
_NAME_OF_SECRET = re.compile(
    r"(?i)^(?:.*[_-])?(?:passwords?|passwd|secrets?|(?:api|access|private)[_-]?keys?|token"
    r"|authorization|cookies?)$"
)


class Redactor:
    """Masks the secrets it was told, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take all configured secrets; empty and very short ones are left out."""
        known = [secret.strip() for secret in secrets if len(secret.strip()) >= SHORTEST_SECRET]
        spellings = {spelling for secret in known for spelling in _spellings(secret)}
        phrases = (len(one) for one in spellings if re.search(r"\s", one))
        self.longest_phrase = max(phrases, default=0)
        """Characters of the longest secret in which there is a space."""
        self._known = _any_of(spellings, {dump for secret in known for dump in _dumps(secret)})

    def text(self, text: str) -> str:
        """The text with every secret replaced by a mask; what is no Unicode becomes `?`."""
        masked = self._known.sub(MASK, text.encode("utf-8", "replace").decode())
        masked = _SHAPES.sub(MASK, masked)
        masked = _ADDRESS.sub(MASK, masked)
        masked = _HEADER.sub(rf"\1\2{MASK}", masked)
        return _NAMED.sub(rf"\1{MASK}", masked)

    def known(self, text: str) -> str:
        """The text with the secrets it was told masked; what only looks like one stays."""
        return self._known.sub(MASK, text)

    def prompt(self, text: str) -> str:
        """A text for a model, without secrets by value and by shape.

        Narrower than `text`: in code, `token = next_token` is no secret, and has to be seen.
        """
        return _SHAPES.sub(MASK, self.known(text))

    def findings(self, text: str) -> tuple[str, ...]:
        """Secrets in a text that is about to leave, each masked but for its first characters.

        Narrower than `text`: a name such as `password =` in a diff is no secret by itself.
        """
        found = [*self._known.findall(text), *_SHAPES.findall(text)]
        return tuple(dict.fromkeys(f"{secret[:4]}… ({len(secret)} characters)" for secret in found))

    def value(self, value: Any) -> Any:
        """A JSON value with its texts and keys masked, and all that a telling key names."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self._named(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _named(self, key: str, item: Any) -> Any:
        if isinstance(item, list | tuple):
            return [self._named(key, one) for one in item]
        if isinstance(item, str) and item and _NAME_OF_SECRET.match(key):
            return MASK
        return self.value(item)


def _any_of(spellings: set[str], dumps: set[str]) -> re.Pattern[str]:
    """Finds each of them; by first characters, so that most places of a text are left at once."""
    by_first: dict[str, list[str]] = defaultdict(list)
    for one in sorted(spellings | dumps, key=len, reverse=True):
        first, *rest = map(re.escape, one)
        by_first[first].append((_WRAP if one in dumps else "").join(["", *rest]))
    found = (f"{first}(?:{'|'.join(rests)})" for first, rests in by_first.items())
    return re.compile("|".join(found) or r"(?!)")


def _spellings(secret: str) -> Iterator[str]:
    """The secret as it is, and as URLs and JSON would show it."""
    data = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    for quoted in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), quoted)


def _dumps(secret: str) -> Iterator[str]:
    """The secret as hex dumps and base64 would show it, on one line."""
    data = secret.encode("utf-8", "surrogateescape")
    yield data.hex()
    yield data.hex().upper()
    for before in range(3):
        yield from _base64_inside(data, before)


def _base64_inside(data: bytes, before: int) -> Iterator[str]:
    """What base64 makes of the secret when `before` other bytes (modulo 3) stand before it.

    The characters that also depend on the neighbours are left out at both ends.
    """
    padded = bytes(before) + data
    first = -(-before * 8 // 6)
    last = len(padded) * 8 // 6
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        spelling = encode(padded).decode()[first:last]
        if len(spelling) >= SHORTEST_SECRET:
            yield spelling

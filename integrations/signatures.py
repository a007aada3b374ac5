"""Who sent a request: signatures over its raw bytes, in constant time, every failure alike.

A source has up to two live secrets, so that one can be replaced while both still hold; a source
without any is off. What is missing, malformed, stale or wrong raises the same SignatureInvalid.
"""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256

from core.errors import SignatureInvalid

SLACK_WINDOW_S = 300.0
"""How far the clock of a signed request may be from ours, as Slack asks."""
_TIMESTAMP_DIGITS = 12


def check_hmac(body: bytes, shown: str, secrets: Sequence[str], *, prefix: str = "") -> None:
    """Hold the hexadecimal HMAC-SHA256 of a body against what a header shows.

    `prefix` stands before the digits, as `sha256=` with GitHub and Jira; digits are lower-case, as
    all vendors send them.
    """
    _check(shown, (prefix + _digits(secret, body) for secret in _live(secrets)))


def check_slack(
    body: bytes, timestamp: str, shown: str, secrets: Sequence[str], *, now_s: float
) -> None:
    """Hold Slack's signature, version 0, against a body; `now_s` in seconds since 1970.

    It covers the time too, and what is older or newer than five minutes is a replay.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
        raise SignatureInvalid
    if abs(now_s - int(timestamp)) > SLACK_WINDOW_S:
        raise SignatureInvalid
    signed = b"v0:" + timestamp.encode() + b":" + body
    check_hmac(signed, shown, secrets, prefix="v0=")


def check_token(shown: str, secrets: Sequence[str]) -> None:
    """Hold a shared secret that travels in a header against ours."""
    _check(shown, _live(secrets))


def _check(shown: str, expected: Iterable[str]) -> None:
    """Compare with each, as bytes: of texts that are not ASCII none can be compared."""
    sent = shown.encode("utf-8", "surrogatepass")
    found = [hmac.compare_digest(sent, text.encode()) for text in expected]
    if not any(found):
        raise SignatureInvalid


def _live(secrets: Sequence[str]) -> tuple[str, ...]:
    """Those that hold anything: a signature made with an empty secret is anybody's."""
    return tuple(secret for secret in secrets if secret)


def _digits(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()

"""Who calls: keys with scopes, hashed at rest, and one-use tickets for streams."""

import argparse
import hashlib
import hmac
import logging
import re
import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.approvals import Person
from core.errors import ConfigError

NAME = re.compile(r"[\w.@-]{1,64}")
TICKET_S = 30.0
TICKETS_MAX = 1_000

log = logging.getLogger(__name__)


class Scope(StrEnum):
    """What a key is good for; `admin` includes all, the others include reading."""

    READ = "read"
    OPERATE = "operate"
    APPROVE = "approve"
    ADMIN = "admin"


@dataclass(frozen=True)
class Caller:
    """Somebody who was let in."""

    name: str
    scopes: frozenset[Scope]
    digest: bytes = b""
    """SHA-256 of the key that was shown; empty where none is needed."""
    session: str = field(default="", compare=False)
    """Names the session of a browser; empty for those who show their key."""

    def may(self, scope: Scope) -> bool:
        """Whether the key is good for this."""
        return Scope.ADMIN in self.scopes or scope in self.scopes or scope is Scope.READ

    @property
    def person(self) -> Person:
        """As decisions name this caller."""
        return Person(channel="rest", person_id=self.name)


LOCAL = Caller("local", frozenset(Scope))
"""Whoever sits at the machine, where no key is set and only the machine itself can call."""


class Keys:
    """All keys that open the door; a changed file counts from the next request on."""

    def __init__(self, operator_key: str = "", file: Path | None = None) -> None:
        """Take the operator's key and the file of further ones; ConfigError when it is unusable."""
        self._fixed = (
            [Caller("operator", frozenset(Scope), _digest(operator_key.encode()))]
            if operator_key
            else []
        )
        self._file = file
        self._seen: tuple[int, ...] = ()
        self._from_file: list[Caller] = []
        if file is not None:
            self._from_file, self._seen = read_keys(file), _signature(file)

    @property
    def required(self) -> bool:
        """Whether callers have to show a key at all."""
        return bool(self._fixed) or self._file is not None

    def find(self, key: bytes) -> Caller | None:
        """Who has this key; every known one is compared, whichever fits."""
        shown, found = _digest(key), None
        for caller in self._all():
            if hmac.compare_digest(caller.digest, shown):
                found = caller
        return found

    def approvers(self) -> list[str]:
        """Names of the keys whose decisions count."""
        known = self._all() if self.required else [LOCAL]
        return [caller.name for caller in known if caller.may(Scope.APPROVE)]

    def with_digest(self, digest: bytes) -> Caller | None:
        """Whose key has this digest."""
        return next((one for one in self._all() if one.digest == digest), None)

    def still(self, caller: Caller) -> bool:
        """Whether a caller who was let in earlier would be let in now, with the same scopes."""
        return caller in self._all() if self.required else caller == LOCAL

    def _all(self) -> list[Caller]:
        if self._file is not None and (signature := _signature(self._file)) != self._seen:
            self._seen = signature
            try:
                self._from_file = read_keys(self._file)
            except ConfigError as error:
                self._from_file = []
                log.error("the keys of API_KEYS_FILE are shut out: %s", error)
        return self._fixed + self._from_file


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _signature(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def read_keys(file: Path) -> list[Caller]:
    """The keys of a file of lines `name:scope,scope:sha256 in hex`; `#` begins a comment line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "API_KEYS_FILE cannot be read.", remedy=f"Put UTF-8 text at {file}."
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(_read_key(line.strip(), f"{file}, line {number}"))
    names = [caller.name for caller in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"{file} names {', '.join(sorted(twice))} twice.")
    return found


def _read_key(line: str, where: str) -> Caller:
    match = re.fullmatch(r"([^:]+):([a-z, ]+):([0-9a-fA-F]{64})", line)
    scopes = {part.strip() for part in match[2].split(",")} if match else set()
    if not match or not scopes <= set(Scope) or not is_name(match[1]):
        raise ConfigError(
            f"{where} is no key.",
            remedy="Write `name:scope,scope:sha256`, as `python -m api.auth` makes it.",
        )
    return Caller(match[1], frozenset(Scope(scope) for scope in scopes), bytes.fromhex(match[3]))


def is_name(name: str) -> bool:
    """Whether a key may go by this name."""
    return bool(NAME.fullmatch(name)) and name not in ("local", "operator")


def new_key(name: str, scopes: Iterable[Scope]) -> tuple[str, str]:
    """A fresh key and the line of API_KEYS_FILE that lets it in."""
    key = secrets.token_urlsafe(32)
    return key, f"{name}:{','.join(scopes)}:{_digest(key.encode()).hex()}"


class Tickets:
    """One-use passes to a stream, for clients that cannot send a header there."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` gives seconds that never step back."""
        self._now = now
        self._open: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def issue(self, caller: Caller) -> str:
        """A ticket that is good once, within 30 s."""
        ticket = secrets.token_urlsafe(32)
        self._open[_digest(ticket.encode())] = (caller, self._now() + TICKET_S)
        while len(self._open) > TICKETS_MAX:
            self._open.popitem(last=False)
        return ticket

    def redeem(self, ticket: bytes) -> Caller | None:
        """Who got this ticket; None when it is unknown, used or too old."""
        caller, deadline = self._open.pop(_digest(ticket), (None, 0.0))
        return caller if self._now() < deadline else None


def main(arguments: Sequence[str]) -> None:
    """Print a new key, and the line that lets it in."""
    parser = argparse.ArgumentParser("python -m api.auth", description="Make a key for REST.")
    parser.add_argument("name", help="whose key it is, as decisions will name it")
    parser.add_argument("scopes", nargs="+", choices=list(Scope), type=Scope)
    asked = parser.parse_args(arguments)
    if not is_name(asked.name):
        parser.error(f"argument name: {asked.name!r} is taken, or holds odd signs")
    key, line = new_key(asked.name, asked.scopes)
    sys.stdout.write(f"key, shown this once: {key}\nline of API_KEYS_FILE: {line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])

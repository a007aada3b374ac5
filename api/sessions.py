"""Browsers that signed in: a cookie that stands for a key, known here by its digest alone."""

import json
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from api.auth import Caller, Keys
from core.errors import StoreUnusable

COOKIE = "anton_session"
LASTS = timedelta(days=90)
SESSIONS_MAX = 1_000

log = logging.getLogger(__name__)


class Session(BaseModel):
    """One browser: whose key opened it, and until when."""

    token: str
    """SHA-256 of the cookie, in hex."""
    name: str
    key: str
    """SHA-256 of the key, in hex; a key that is changed or removed ends its sessions."""
    until: datetime


_FILE = TypeAdapter(dict[str, Session])


class Sessions:
    """Sessions in one file, so that a restart signs nobody out; without a file, in memory."""

    def __init__(self, keys: Keys, now: Callable[[], datetime], file: Path | None = None) -> None:
        """`now` gives aware times."""
        self._keys = keys
        self._now = now
        self._file = file
        self._open = _read(file)

    def begin(self, caller: Caller) -> str:
        """The cookie of a new session; raises StoreUnusable when it cannot be kept."""
        cookie = secrets.token_urlsafe(32)
        token = _digest(cookie)
        session = Session(
            token=token, name=caller.name, key=caller.digest.hex(), until=self._now() + LASTS
        )
        kept = {one: known for one, known in self._open.items() if known.until > self._now()}
        oldest_first = sorted(kept, key=lambda one: kept[one].until)
        for surplus in oldest_first[: max(0, len(kept) + 1 - SESSIONS_MAX)]:
            del kept[surplus]
        self._keep({**kept, token: session})
        return cookie

    def end(self, token: str) -> None:
        """Sign out; a session that is not there is signed out already."""
        if token in self._open:
            self._keep({one: known for one, known in self._open.items() if one != token})

    def find(self, cookie: str) -> Caller | None:
        """Who this cookie was given to, as long as the key still counts."""
        session = self._open.get(_digest(cookie))
        if session is None or session.until <= self._now():
            return None
        caller = self._keys.with_digest(bytes.fromhex(session.key))
        return replace(caller, session=session.token) if caller else None

    def still(self, caller: Caller) -> bool:
        """Whether a caller who was let in earlier would be let in now."""
        signed_in = not caller.session or caller.session in self._open
        return signed_in and self._keys.still(caller)

    def _keep(self, sessions: dict[str, Session]) -> None:
        if self._file is not None:
            _write(self._file, sessions)
        self._open = sessions


def cookie_of(header: str) -> str:
    """The session in a Cookie header; empty when there is none."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _digest(cookie: str) -> str:
    return sha256(cookie.encode()).hexdigest()


def _read(file: Path | None) -> dict[str, Session]:
    if file is None or not file.exists():
        return {}
    try:
        return _FILE.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        log.error("%s cannot be read, so everybody has to sign in again: %s", file, type(error))
        return {}


def _write(file: Path, sessions: dict[str, Session]) -> None:
    """Replace the file at once, readable by its owner alone."""
    dumped = {token: one.model_dump(mode="json") for token, one in sessions.items()}
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(dumped, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise StoreUnusable(f"{file} cannot be written: {error.strerror}.") from error

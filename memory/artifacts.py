"""Content-addressed files: whatever is too big for a state, by the hash of what is in it."""

import asyncio
import errno
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core.errors import Expired, NotFound, StoreUnusable
from observability.database_file import sync_folder

PREFIX = "sha256:"
_REF = re.compile(r"sha256:([0-9a-f]{64})")
_NAMED = re.compile(rb"sha256:[0-9a-f]{64}")


def refs_in(data: bytes) -> set[str]:
    """Every reference that some text holds, JSON and msgpack among it."""
    return {found.decode() for found in _NAMED.findall(data)}


class FileArtifactStore:
    """Serves the port ArtifactStore in a folder; a reference is `sha256:` and 64 hex digits.

    One process at most puts and forgets: the one that works on tasks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._naming = threading.Lock()
        """So that nothing is forgotten in the moment in which it is put again."""

    async def put(self, data: bytes) -> str:
        return await asyncio.to_thread(self._put, data)

    async def get(self, ref: str) -> bytes:
        """Serves the port; StoreUnusable when the file does not match its reference any more."""
        return await asyncio.to_thread(self._get, ref)

    async def has(self, ref: str) -> bool:
        match = _REF.fullmatch(ref)
        return bool(match and await asyncio.to_thread(self._path(match[1]).is_file))

    async def forget(self, before: datetime, keep: Collection[str]) -> int:
        """Serves the port; what a crash left half written goes too. Raises StoreUnusable."""
        return await asyncio.to_thread(self._forget, before.timestamp(), set(keep))

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            with self._naming:
                known = path.is_file() and path.read_bytes() == data
                if known:
                    os.utime(path)
            if not known:
                self._write(path, data)
        except OSError as error:
            raise _failure(path, error) from error
        return PREFIX + digest

    def _get(self, ref: str) -> bytes:
        match = _REF.fullmatch(ref)
        if not match:
            raise NotFound("There is no such artifact.")
        path = self._path(match[1])
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise Expired() from error
        except OSError as error:
            raise _failure(path, error) from error
        if hashlib.sha256(data).hexdigest() != match[1]:
            raise StoreUnusable(f"{path} is damaged.", remedy="restore it from a backup")
        return data

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _write(self, path: Path, data: bytes) -> None:
        """Write beside, make durable, then name: a name always stands for the whole content."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{secrets.token_hex(8)}")
        try:
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with self._naming:
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
        sync_folder(path.parent.parent)

    def _forget(self, before: float, keep: set[str]) -> int:
        gone = 0
        try:
            kept = self._reachable(keep)
            for path in self._folder.glob("*/*"):
                if PREFIX + path.parent.name + path.name not in kept:
                    gone += self._drop(path, before)
        except OSError as error:
            raise _failure(self._folder, error) from error
        return gone

    def _drop(self, path: Path, before: float) -> bool:
        with self._naming, suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
                return True
        return False

    def _reachable(self, refs: set[str]) -> set[str]:
        """These, what they name, and so on."""
        found, fresh = set[str](), refs
        while fresh:
            found |= fresh
            named = set[str]()
            for ref in fresh:
                path = self._path(ref.removeprefix(PREFIX))
                named |= refs_in(path.read_bytes()) if path.is_file() else set()
            fresh = named - found
        return found


def _failure(path: Path, error: OSError) -> StoreUnusable:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return StoreUnusable(
        f"{path} cannot be written or read: {error.strerror}.",
        remedy="free some space; nothing was half written" if full else None,
    )

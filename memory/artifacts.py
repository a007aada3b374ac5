"""Content-addressed files: whatever is too big for a state, by the hash of what is in it."""

import asyncio
import errno
import hashlib
import os
import re
import secrets
from pathlib import Path

from core.errors import NotFound, StoreUnusable
from observability.database_file import sync_folder

PREFIX = "sha256:"
_REF = re.compile(r"sha256:([0-9a-f]{64})")


class FileArtifactStore:
    """Serves the port ArtifactStore in a folder; a reference is `sha256:` and 64 hex digits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes) -> str:
        return await asyncio.to_thread(self._put, data)

    async def get(self, ref: str) -> bytes:
        """Serves the port; StoreUnusable when the file does not match its reference any more."""
        return await asyncio.to_thread(self._get, ref)

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            if not (path.is_file() and path.read_bytes() == data):
                _write(path, data)
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
            raise NotFound("There is no such artifact.") from error
        except OSError as error:
            raise _failure(path, error) from error
        if hashlib.sha256(data).hexdigest() != match[1]:
            raise StoreUnusable(f"{path} is damaged.", remedy="restore it from a backup")
        return data

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def _write(path: Path, data: bytes) -> None:
    """Write beside, make durable, then name: a name always stands for the whole content."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    sync_folder(path.parent.parent)


def _failure(path: Path, error: OSError) -> StoreUnusable:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return StoreUnusable(
        f"{path} cannot be written or read: {error.strerror}.",
        remedy="free some space; nothing was half written" if full else None,
    )

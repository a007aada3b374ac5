"""How a SQLite file is checked, created, migrated and opened, and what its errors mean."""

import os
import secrets
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from pathlib import Path

from core.errors import StoreUnusable

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY_CODE = 0xFF
_NOT_ITS_FAULT = _BUSY | _FULL | {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM}


def connect(
    path: Path, migrations: Path, busy_timeout_s: float, *, thorough: bool = True
) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """A connection to write and one to read; the file is checked before anything touches it."""
    steps = sorted(migrations.glob("[0-9]*.sql"))
    with ExitStack() as opened, _in_our_words(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path, steps)
        path.chmod(0o600)
        _check(path, len(steps), busy_timeout_s, thorough=thorough)
        writer = opened.enter_context(closing(_plain_connection(path, busy_timeout_s)))
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA synchronous=FULL")
        writer.execute("PRAGMA foreign_keys=ON")
        migrate(writer, steps)
        reader = opened.enter_context(closing(_plain_connection(path, busy_timeout_s)))
        reader.execute("PRAGMA query_only=ON")
        opened.pop_all()
    return writer, reader


@contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    except OSError as error:
        raise StoreUnusable(
            f"{path} cannot be opened: {error.strerror}.",
            remedy="make its folder writable for this user, with space left",
        ) from error


def migrate(connection: sqlite3.Connection, steps: list[Path]) -> None:
    """Take the steps that are still missing, each in one transaction with its number."""
    if schema_version(connection) < len(steps):
        _migrate(connection, [step.read_text() for step in steps])


def _migrate(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
    for number, script in enumerate(scripts, 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if schema_version(connection) < number:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={number}")
            connection.execute("COMMIT")
        finally:
            roll_back(connection)


def schema_version(connection: sqlite3.Connection) -> int:
    """Number of the last migration that was taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that is still open; some errors have ended it already."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def unusable(path: Path, error: sqlite3.Error) -> StoreUnusable:
    """What went wrong with the file, and what to do about it."""
    code = _primary_code(error)
    if code in _DAMAGED:
        return damaged(path, str(error))
    if code in _FULL:
        return StoreUnusable(
            f"{path} cannot be written ({error}): the disk is full or failing.",
            remedy="free some space; nothing was half written, and work goes on by itself",
        )
    if code in _BUSY:
        return StoreUnusable(
            f"{path} is locked by another process.",
            remedy="wait for it, or end the other process that has the file open",
        )
    return StoreUnusable(f"{path} failed: {error}.")


def _primary_code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY_CODE


def damaged(path: Path, finding: str) -> StoreUnusable:
    """The file is corrupt; it is left exactly as it is."""
    return StoreUnusable(
        f"{path} is corrupt ({finding}); it was left untouched.",
        remedy=f"stop Anton, move {path} and its -wal and -shm files aside, restore a backup there",
    )


def _plain_connection(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    return _with_checksum(
        sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
    )


def _with_checksum(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.create_function("checksum", -1, checksum, deterministic=True)
    return connection


def checksum(*values: object) -> int:
    """CRC-32 over the values of some columns: SQLite alone would not notice a changed bit in them.

    As a constraint of its table, the check at each start verifies every row.
    """
    total = 0
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        total = zlib.crc32(data, zlib.crc32(b"\0", total))
    return total


def _create(path: Path, steps: list[Path]) -> None:
    """Make the file complete before it gets its name: an empty one is then never ours."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    blank = _blank(tuple(step.read_text() for step in steps))
    try:
        made = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(blank)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@lru_cache(maxsize=16)
def _blank(scripts: tuple[str, ...]) -> bytes:
    """A whole file after these migrations; made in memory, where no step waits for a disk."""
    with closing(_with_checksum(sqlite3.connect(":memory:", isolation_level=None))) as connection:
        _migrate(connection, scripts)
        return connection.serialize()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(path: Path, newest: int, busy_timeout_s: float, *, thorough: bool) -> None:
    """Refuse a damaged or newer file, over a connection that cannot change it."""
    if path.stat().st_size == 0:
        raise damaged(path, "it is empty")
    address = f"{path.absolute().as_uri()}?mode=ro"
    plain = sqlite3.connect(address, uri=True, timeout=busy_timeout_s, isolation_level=None)
    with closing(_with_checksum(plain)) as connection:
        version = _version_of_sound(connection, path, thorough=thorough)
    if version == 0:
        raise damaged(path, "it holds none of Anton's tables")
    if version > newest:
        raise StoreUnusable(
            f"{path} was written by a newer Anton: schema {version}, this one knows {newest}.",
            remedy="install that newer release, or restore a backup made before the upgrade",
        )


def _version_of_sound(connection: sqlite3.Connection, path: Path, *, thorough: bool) -> int:
    finding = "ok"
    try:
        if thorough:
            finding = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        version = schema_version(connection)
    except sqlite3.Error as error:
        if _primary_code(error) in _NOT_ITS_FAULT:
            raise
        raise damaged(path, str(error)) from error
    if finding != "ok":
        raise damaged(path, finding.strip().splitlines()[-1])
    return version


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

"""What each role has learned, in SQLite: sealed documents, the last ten versions of each."""

import sqlite3
from collections.abc import Sequence
from functools import partial

from core.identities import VERSIONS_KEPT, Identity, IdentityHealth, IdentityVersion
from core.ports import Clock
from memory.identities.saving import made_by, next_version, rolled_back
from memory.stores.sqlite.rows import revive
from observability.database import Database


class SqliteIdentityStore:
    """Serves the port IdentityStore, in the file of the other stores."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, role: str) -> Identity:
        return await self._database.read(partial(_current, role=role))

    async def list(self) -> Sequence[Identity]:
        def read(connection: sqlite3.Connection) -> tuple[Identity, ...]:
            roles = connection.execute("SELECT DISTINCT role FROM identities ORDER BY role")
            return tuple(_current(connection, role) for (role,) in roles.fetchall())

        return await self._database.read(read)

    async def save(
        self, identity: Identity, *, by: str, reason: str = "", write_id: str = ""
    ) -> Identity:
        def write(connection: sqlite3.Connection) -> Identity:
            made = made_by(write_id, _versions(connection, identity.role)) if write_id else None
            return made or self._put(connection, identity, by, reason, write_id)

        return await self._database.write(write)

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        return await self._database.read(partial(_versions, role=role))

    async def roll_back(
        self, role: str, version: int, *, by: str, seen: int | None = None
    ) -> Identity:
        def write(connection: sqlite3.Connection) -> Identity:
            wanted = rolled_back(role, version, _versions(connection, role), seen)
            return self._put(connection, wanted, by, f"back to version {version}")

        return await self._database.write(write)

    def health(self) -> IdentityHealth:
        return IdentityHealth()

    async def close(self) -> None:
        """Nothing to do: the file belongs to all stores."""

    def _put(
        self,
        connection: sqlite3.Connection,
        identity: Identity,
        by: str,
        reason: str,
        write_id: str = "",
    ) -> Identity:
        role = identity.role
        saved = next_version(identity, _current(connection, role).version)
        kept = IdentityVersion(
            identity=saved,
            saved_at=self._clock.now(),
            saved_by=by,
            reason=reason,
            write_id=write_id,
        )
        connection.execute(
            "INSERT INTO identities (role, version, document, seal)"
            " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))",
            (role, saved.version, kept.model_dump_json()),
        )
        connection.execute(
            "DELETE FROM identities WHERE role = ? AND version <= ?",
            (role, saved.version - VERSIONS_KEPT),
        )
        return saved


def _current(connection: sqlite3.Connection, role: str) -> Identity:
    kept = _versions(connection, role, limit=1)
    return kept[0].identity if kept else Identity(role=role)


def _versions(
    connection: sqlite3.Connection, role: str, limit: int = VERSIONS_KEPT
) -> tuple[IdentityVersion, ...]:
    rows = connection.execute(
        "SELECT version, document FROM identities WHERE role = ? ORDER BY version DESC LIMIT ?",
        (role, limit),
    )
    return tuple(revive(IdentityVersion, text, f"{role} {number}") for number, text in rows)

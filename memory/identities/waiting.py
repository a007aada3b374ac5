"""What is known of identities that are kept elsewhere, and the changes that wait to go there."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from core.events import AuditEntry
from core.identities import VERSIONS_KEPT, Identity, IdentityVersion
from core.values import Value
from memory.stores.sqlite.audit import SqliteAuditLog
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database


class Copy(Value):
    """An identity as it was read last, and its versions, newest first, as far as they were."""

    identity: Identity
    versions: tuple[IdentityVersion, ...] = ()


class Write(Value):
    """A change that waits: what it was made on, and what it makes of that."""

    write_id: str
    base: Identity
    wanted: Identity
    """With the version that it will have, as far as is known."""
    by: str
    reason: str
    made_at: datetime

    @property
    def version(self) -> IdentityVersion:
        """As it is shown while it waits."""
        return IdentityVersion(
            identity=self.wanted,
            saved_at=self.made_at,
            saved_by=self.by,
            reason=self.reason,
            write_id=self.write_id,
        )


class Waiting:
    """Copies and waiting changes of one place in SQLite; several processes may add."""

    def __init__(self, database: Database, audit: SqliteAuditLog, place: str) -> None:
        """`place` names project and collection: what waits for one never goes to another."""
        self._database = database
        self._audit = audit
        self._place = place

    async def looked_at(self) -> bool:
        """Whether all identities of the place were ever copied."""

        def read(connection: sqlite3.Connection) -> bool:
            wanted = "SELECT 1 FROM identity_looks WHERE place = ?"
            return connection.execute(wanted, (self._place,)).fetchone() is not None

        return await self._database.read(read)

    async def look(self, found: Sequence[Identity], at: datetime) -> None:
        """Copy all identities of the place."""

        def write(connection: sqlite3.Connection) -> None:
            for identity in found:
                self._copy(connection, identity)
            connection.execute(
                "INSERT INTO identity_looks VALUES (?, ?)"
                " ON CONFLICT (place) DO UPDATE SET looked_at = excluded.looked_at",
                (self._place, stamp(at)),
            )

        await self._database.write(write)

    async def copy(
        self, identity: Identity, versions: Sequence[IdentityVersion] | None = None
    ) -> None:
        """Copy one identity, with its versions where they were read too."""
        await self._database.write(lambda connection: self._copy(connection, identity, versions))

    async def copied(self, role: str) -> Copy:
        """As it was read last, without what waits; empty for a role of which nothing was."""
        return await self._database.read(lambda connection: self._copied(connection, role))

    async def identity(self, role: str) -> Identity:
        """As it will be when all that waits has gone."""
        return await self._database.read(lambda connection: self._newest(connection, role))

    async def identities(self) -> Sequence[Identity]:
        """The same of all roles that have learned something, by name."""

        def read(connection: sqlite3.Connection) -> tuple[Identity, ...]:
            roles = connection.execute(
                "SELECT role FROM identity_copies WHERE place = ?1"
                " UNION SELECT role FROM identity_writes WHERE place = ?1 ORDER BY role",
                (self._place,),
            )
            found = (self._newest(connection, role) for (role,) in roles.fetchall())
            return tuple(one for one in found if one.version)

        return await self._database.read(read)

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        """What waits, newest first, above the versions that were read last."""

        def read(connection: sqlite3.Connection) -> tuple[IdentityVersion, ...]:
            waiting = [write.version for _, write in self._writes(connection, role)]
            return (*reversed(waiting), *self._copied(connection, role).versions)[:VERSIONS_KEPT]

        return await self._database.read(read)

    async def add(self, role: str, make: Callable[[Identity], Write]) -> Write:
        """Put a change behind all that waits, made on what will stand then; raises Conflict."""

        def write(connection: sqlite3.Connection) -> Write:
            added = make(self._newest(connection, role))
            connection.execute(
                "INSERT INTO identity_writes (place, role, document, seal)"
                " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))",
                (self._place, role, added.model_dump_json()),
            )
            return added

        return await self._database.write(write)

    async def writes(self, role: str = "") -> Sequence[tuple[int, Write]]:
        """The changes that wait, oldest first, with their numbers."""
        return await self._database.read(lambda connection: self._writes(connection, role))

    async def arrived(self, number: int, saved: Identity) -> None:
        """A change has been made there; what it came to is the copy from now on."""

        def write(connection: sqlite3.Connection) -> None:
            for (waited,) in _taken(connection, number):
                made = revive(Write, waited, saved.role).version.but(identity=saved)
                before = self._copied(connection, saved.role).versions
                self._copy(connection, saved, (made, *before)[:VERSIONS_KEPT])

        await self._database.write(write)

    async def lost(self, number: int, entry: AuditEntry) -> None:
        """A change cannot be made there; it goes and the audit log keeps it, both or neither."""

        def write(connection: sqlite3.Connection) -> None:
            for _ in _taken(connection, number):
                self._audit.append(connection, entry)

        await self._database.write(write)

    def _copy(
        self,
        connection: sqlite3.Connection,
        identity: Identity,
        versions: Sequence[IdentityVersion] | None = None,
    ) -> None:
        if versions is None:
            versions = self._copied(connection, identity.role).versions
        copy = Copy(identity=identity, versions=tuple(versions))
        connection.execute(
            "INSERT INTO identity_copies (place, role, document, seal)"
            " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3)) ON CONFLICT (place, role) DO UPDATE SET"
            " document = excluded.document, seal = excluded.seal",
            (self._place, identity.role, copy.model_dump_json()),
        )

    def _copied(self, connection: sqlite3.Connection, role: str) -> Copy:
        row = connection.execute(
            "SELECT document FROM identity_copies WHERE place = ? AND role = ?",
            (self._place, role),
        ).fetchone()
        return revive(Copy, row[0], role) if row else Copy(identity=Identity(role=role))

    def _newest(self, connection: sqlite3.Connection, role: str) -> Identity:
        waiting = self._writes(connection, role)
        return waiting[-1][1].wanted if waiting else self._copied(connection, role).identity

    def _writes(self, connection: sqlite3.Connection, role: str) -> Sequence[tuple[int, Write]]:
        rows = connection.execute(
            "SELECT number, role, document FROM identity_writes"
            " WHERE place = ?1 AND (?2 = '' OR role = ?2) ORDER BY number",
            (self._place, role),
        )
        return tuple((number, revive(Write, text, of)) for number, of, text in rows)


def _taken(connection: sqlite3.Connection, number: int) -> Sequence[tuple[str]]:
    """The document of a change, out of the queue; none where somebody was quicker."""
    return connection.execute(
        "DELETE FROM identity_writes WHERE number = ? RETURNING document", (number,)
    ).fetchall()

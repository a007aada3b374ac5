"""What channels show and what they have heard, in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.channels import Message, Proposal
from core.ports import Clock
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database

SELECT = "SELECT subject, document FROM messages"
HEARD_FOR = timedelta(days=30)
"""How long an update may be redelivered; its id is forgotten after that."""


class SqliteMessageStore:
    """Serves the port MessageStore."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def sending(self, message: Message) -> Message:
        def note(connection: sqlite3.Connection) -> Message:
            if there := _of_subject(connection, message.channel, message.subject, message.place):
                return there
            document = message.model_dump_json()
            connection.execute(
                "INSERT INTO messages (posted_at, document, seal)"
                " VALUES (?1, ?2, checksum(?1, ?2))",
                (stamp(message.posted_at), document),
            )
            return message

        return await self._database.write(note)

    async def shown(self, message: Message) -> None:
        def note(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE messages SET document = ?1, seal = checksum(posted_at, ?1)"
                " WHERE channel = ?2 AND subject = ?3 AND place = ?4",
                (message.model_dump_json(), message.channel, message.subject, message.place),
            )

        await self._database.write(note)

    async def forget(self, message: Message) -> None:
        def erase(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM messages WHERE channel = ? AND subject = ? AND place = ?",
                (message.channel, message.subject, message.place),
            )

        await self._database.write(erase)

    async def of_subject(self, channel: str, subject: str, place: str) -> Message | None:
        return await self._database.read(
            lambda connection: _of_subject(connection, channel, subject, place)
        )

    async def by_ref(self, channel: str, ref: str) -> Message | None:
        return await self._database.read(
            lambda connection: _one(connection, "channel = ? AND ref = ?", channel, ref)
        )

    async def unsettled(self, channel: str) -> Sequence[Message]:
        return await self._database.read(
            lambda connection: _select(
                connection,
                "channel = ? AND state IN ('sending', 'shown') ORDER BY number",
                channel,
            )
        )

    async def since(self, channel: str, moment: datetime) -> Sequence[Message]:
        return await self._database.read(
            lambda connection: _select(
                connection,
                "channel = ? AND posted_at >= ? ORDER BY number",
                channel,
                stamp(moment),
            )
        )

    async def propose(self, proposal: Proposal) -> None:
        def note(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM proposals WHERE expires_at < ?", (stamp(self._clock.now()),)
            )
            connection.execute(
                "INSERT INTO proposals (nonce, expires_at, document, seal)"
                " VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))",
                (proposal.nonce, stamp(proposal.expires_at), proposal.model_dump_json()),
            )

        await self._database.write(note)

    async def proposal(self, nonce: str) -> Proposal | None:
        def look(connection: sqlite3.Connection) -> Proposal | None:
            row = connection.execute(
                "SELECT document FROM proposals WHERE nonce = ? AND expires_at >= ?",
                (nonce, stamp(self._clock.now())),
            ).fetchone()
            return revive(Proposal, row[0], nonce) if row else None

        return await self._database.read(look)

    async def note_update(self, channel: str, update_id: str) -> bool:
        def note(connection: sqlite3.Connection) -> bool:
            now = self._clock.now()
            connection.execute("DELETE FROM updates WHERE noted_at < ?", (stamp(now - HEARD_FOR),))
            return bool(
                connection.execute(
                    "INSERT INTO updates (channel, update_id, noted_at) VALUES (?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    (channel, update_id, stamp(now)),
                ).rowcount
            )

        return await self._database.write(note)

    async def seen_update(self, channel: str, update_id: str) -> bool:
        def look(connection: sqlite3.Connection) -> bool:
            found = connection.execute(
                "SELECT 1 FROM updates WHERE channel = ? AND update_id = ?", (channel, update_id)
            )
            return found.fetchone() is not None

        return await self._database.read(look)


def _of_subject(
    connection: sqlite3.Connection, channel: str, subject: str, place: str
) -> Message | None:
    return _one(connection, "channel = ? AND subject = ? AND place = ?", channel, subject, place)


def _one(connection: sqlite3.Connection, condition: str, *values: str) -> Message | None:
    return next(iter(_select(connection, condition, *values)), None)


def _select(connection: sqlite3.Connection, condition: str, *values: str) -> tuple[Message, ...]:
    rows = connection.execute(f"{SELECT} WHERE {condition}", values)
    return tuple(revive(Message, document, subject) for subject, document in rows)

"""What was decided, in SQLite: a narrow table beside the questions, for whoever counts."""

import sqlite3
from collections.abc import Collection

from core.approvals import Approval, Choice, QuestionKind, Ruling
from memory.stores.sqlite.rows import revive


def note(connection: sqlite3.Connection, approval: Approval) -> None:
    """Write down what was decided, in the transaction that decides it; nothing while it is open."""
    if approval.ruling:
        connection.execute(
            "INSERT INTO rulings (number, document, seal)"
            " SELECT number, ?1, checksum(?1) FROM approvals WHERE approval_id = ?2",
            (approval.ruling.model_dump_json(), approval.approval_id),
        )


def select(
    connection: sqlite3.Connection, kind: QuestionKind | None, choices: Collection[Choice]
) -> tuple[Ruling, ...]:
    """In the order in which it was asked; of all kinds and choices unless some are named."""
    wanted = f"choice IN ({', '.join('?' * len(choices))})" if choices else "true"
    rows = connection.execute(
        f"SELECT number, document FROM rulings WHERE ? IN (kind, '') AND {wanted}"  # noqa: S608 - constants
        " ORDER BY number",
        (kind.value if kind else "", *choices),
    )
    return tuple(revive(Ruling, document, str(number)) for number, document in rows)

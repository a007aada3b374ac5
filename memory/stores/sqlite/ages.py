"""What SQLite's tables hold for a time only; hashes, decisions and figures of it stay.

Each is found by an index that no longer holds what was forgotten, and goes in portions, so that
nobody who writes waits for long.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import partial

from core.care import CARED
from observability.database import Database

PORTION = 500
_CARED = ", ".join(f"'{state}'" for state in sorted(CARED))
_SETTLED = f"""
    EXISTS (SELECT 1 FROM incidents AS i WHERE i.incident_id = incident_history.incident_id
        AND i.state NOT IN ({_CARED}) AND json_extract(i.document, '$.task_id') = '')
"""  # noqa: S608 - constants

BRIEFINGS = """
UPDATE approvals SET document = json_set(document, '$.question.body', ''),
    seal = checksum(expires_at, json_set(document, '$.question.body', ''))
WHERE number IN (SELECT number FROM approvals
    WHERE json_extract(document, '$.question.body') <> ''
    AND json_extract(document, '$.created_at') < :before AND state <> 'pending'
    AND task_id NOT IN (SELECT value FROM json_each(:open)) LIMIT :portion)
"""
_NO_DIFF = """json_replace(document, '$.result.report.patch.diff', '',
    '$.result.report.stopped.partial_patch.diff', '', '$.result.stopped.partial_patch.diff', '')"""
DIFFS = f"""
UPDATE tasks SET document = {_NO_DIFF}, seal = checksum({_NO_DIFF})
WHERE number IN (SELECT number FROM tasks
    WHERE (json_extract(document, '$.result.report.patch.diff') <> ''
        OR json_extract(document, '$.result.stopped.partial_patch.diff') <> '')
    AND json_extract(document, '$.ended_at') < :before
    AND task_id NOT IN (SELECT value FROM json_each(:open)) LIMIT :portion)
"""  # noqa: S608 - constants
WORDS = f"""
UPDATE incident_history SET document = json_set(document, '$.request', json('{{}}')),
    seal = checksum(incident_id, json_set(document, '$.request', json('{{}}')))
WHERE number IN (SELECT number FROM incident_history
    WHERE json_extract(document, '$.request') <> '{{}}'
    AND json_extract(document, '$.at') < :before AND {_SETTLED} LIMIT :portion)
"""  # noqa: S608 - constants
HISTORY = f"""
DELETE FROM incident_history WHERE number IN (SELECT number FROM incident_history
    WHERE json_extract(document, '$.kind') IN ('reported', 'state')
    AND json_extract(document, '$.at') < :before AND {_SETTLED} LIMIT :portion)
"""  # noqa: S608 - constants


async def forgotten(
    database: Database, statement: str, before: datetime, open_tasks: Collection[str] = ()
) -> int:
    """Run one of the statements above for what is from before an instant; in how many rows."""
    given: dict[str, str | int] = {
        "before": before.astimezone(UTC).isoformat(),
        "open": json.dumps(sorted(open_tasks)),
        "portion": PORTION,
    }
    gone = 0
    while part := await database.write(partial(_changed, statement, given)):
        gone += part
    return gone


def _changed(statement: str, given: Mapping[str, str | int], connection: sqlite3.Connection) -> int:
    return connection.execute(statement, given).rowcount

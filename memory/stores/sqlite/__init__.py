"""All stores in one embedded SQLite file, `anton.db`."""

import shutil
import sqlite3
from collections.abc import Collection
from pathlib import Path

from core.budgets import Ceilings
from core.errors import StoreUnusable
from core.ports import Clock
from memory.artifacts import refs_in
from memory.stores.sqlite import leases
from memory.stores.sqlite.alerts import SqliteAlertStore
from memory.stores.sqlite.approvals import SqliteApprovalStore
from memory.stores.sqlite.audit import SqliteAuditLog
from memory.stores.sqlite.budgets import SqliteBudgets, Tell
from memory.stores.sqlite.corrections import SqliteCorrectionStore
from memory.stores.sqlite.demos import SqliteDemoStore
from memory.stores.sqlite.incidents import SqliteIncidentStore
from memory.stores.sqlite.lessons import SqliteLessonStore
from memory.stores.sqlite.lock import FileLock
from memory.stores.sqlite.messages import SqliteMessageStore
from memory.stores.sqlite.outbox import SqliteOutbox
from memory.stores.sqlite.probes import SqliteProbeStore
from memory.stores.sqlite.tasks import SqliteTaskStore
from observability.database import Database
from observability.redaction import Redactor

MIGRATIONS = Path(__file__).parent.parent.parent / "migrations"
FILE_NAME = "anton.db"
LOCK_NAME = "anton.lock"
SPACE_MIN_BYTES = 4 * 1024**2


class SqliteStores:
    """The open file and the ports that it serves."""

    def __init__(
        self, database: Database, clock: Clock, redactor: Redactor, lock: FileLock | None = None
    ) -> None:
        self.database = database
        self.tasks = SqliteTaskStore(database, clock)
        self.incidents = SqliteIncidentStore(database, clock)
        self.audit = SqliteAuditLog(database, clock, redactor)
        self.approvals = SqliteApprovalStore(database, clock, self.audit)
        self.outbox = SqliteOutbox(database, clock)
        self.alerts = SqliteAlertStore(database)
        self.demos = SqliteDemoStore(database)
        self.messages = SqliteMessageStore(database, clock)
        self.lessons = SqliteLessonStore(database, clock)
        self.corrections = SqliteCorrectionStore(database)
        self.probes = SqliteProbeStore(database, clock)
        self._clock = clock
        self._lock = lock

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        clock: Clock,
        redactor: Redactor,
        exclusive: bool,
        busy_timeout_s: float = 5.0,
    ) -> "SqliteStores":
        """Open `anton.db` in a folder; raises StoreUnusable.

        Who drives tasks opens it with `exclusive` and is then alone among those; who only lists
        and decides does without. Leases that an earlier exclusive process left behind end here.
        """
        lock = FileLock.take(folder / LOCK_NAME) if exclusive else None
        try:
            database = await Database.open(
                folder / FILE_NAME, MIGRATIONS, busy_timeout_s=busy_timeout_s
            )
            if exclusive:
                await database.write(leases.end_all)
        except BaseException:
            if lock:
                lock.release()
            raise
        return cls(database, clock, redactor, lock)

    def budgets(self, ceilings: Ceilings, tell: Tell) -> SqliteBudgets:
        """The budgets under these limits; `tell` gets the notices."""
        return SqliteBudgets(self.database, self._clock, ceilings, tell)

    async def mentioned(self, task_ids: Collection[str]) -> set[str]:
        """References of artifacts that the rows of some tasks hold."""

        def look(connection: sqlite3.Connection) -> set[str]:
            found = set[str]()
            for task_id in task_ids:
                for table in ("tasks", "approvals", "effects"):
                    rows = connection.execute(
                        f"SELECT document FROM {table} WHERE task_id = ?",  # noqa: S608 - constants
                        (task_id,),
                    )
                    for (document,) in rows:
                        found |= refs_in(document.encode("utf-8", "surrogatepass"))
            return found

        return await self.database.read(look)

    async def check(self) -> None:
        """Look for space, then write; raises StoreUnusable.

        A small write alone can still fit into pages that SQLite holds, on a disk that is full.
        """
        left = shutil.disk_usage(self.database.path.parent).free
        if left < SPACE_MIN_BYTES:
            raise StoreUnusable(
                f"The disk of {self.database.path} is full: {left} bytes are left.",
                remedy="free some space; work goes on by itself",
            )
        await self.database.write(_touch)

    async def close(self) -> None:
        """Finish what was begun, and give the file and its lock back."""
        await self.database.close()
        if self._lock:
            self._lock.release()
            self._lock = None


def _touch(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO touches (id, times) VALUES (1, 1)"
        " ON CONFLICT (id) DO UPDATE SET times = times + 1"
    )

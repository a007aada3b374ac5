"""One SQLite file with one writer: short transactions, committed in groups, errors in our words."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.errors import StoreUnusable
from observability import database_file

T = TypeVar("T")
GROUP_MAX = 64


@dataclass(frozen=True)
class _Job:
    """A piece of writing and the promise of its result."""

    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any] = field(default_factory=Future)


class Database:
    """An open file: `write` runs on one thread and is durable when it returns; `read` on another.

    Writes that arrive together share one transaction, each in its own savepoint, so that a single
    fsync serves them all and none can undo another.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=f"write {path.name}", daemon=True)
        self._readers = ThreadPoolExecutor(1, thread_name_prefix=f"read {path.name}")
        self._closed = False
        self._thread.start()

    @classmethod
    async def open(
        cls, path: Path, migrations: Path, *, busy_timeout_s: float = 5.0, thorough: bool = True
    ) -> "Database":
        """Check, create or migrate the file; raises StoreUnusable and leaves it as it was.

        Unless it is `thorough`, not every page is read: that takes seconds in a file of gigabytes.
        """
        connections = await asyncio.to_thread(
            database_file.connect, path, migrations, busy_timeout_s, thorough=thorough
        )
        return cls(path, *connections)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` inside a transaction and commit it; what it raises undoes it alone.

        Whoever is cancelled here waits for its end once it has begun, and so can read what it did.
        """
        if self._closed:
            raise StoreUnusable(f"{self.path} is closed.")
        job = _Job(work)
        self._jobs.put(job)
        end: asyncio.Future[T] = asyncio.wrap_future(job.future)
        try:
            return await asyncio.shield(end)
        except asyncio.CancelledError:
            job.future.cancel()
            await asyncio.wait({end})
            raise

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` over one consistent view of all that is committed."""
        if self._closed:
            raise StoreUnusable(f"{self.path} is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._view, work)

    async def close(self) -> None:
        """Finish what was begun and let go of the file; harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._reader.close()
        self._writer.close()

    def _view(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._reader.execute("BEGIN")
            try:
                return work(self._reader)
            finally:
                database_file.roll_back(self._reader)
        except sqlite3.Error as error:
            raise database_file.unusable(self.path, error) from error

    def _serve(self) -> None:
        while batch := self._next_batch():
            running = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if running:
                self._commit(running)

    def _next_batch(self) -> list[_Job]:
        first = self._jobs.get()
        batch = [] if first is None else [first]
        while batch and len(batch) < GROUP_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            ends = [self._attempt(job) for job in batch]
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            database_file.roll_back(self._writer)
            for job in batch:
                refusal = database_file.unusable(self.path, error)
                refusal.__cause__ = error
                job.future.set_exception(refusal)
            return
        for end in ends:
            end()

    def _attempt(self, job: _Job) -> Callable[[], None]:
        """Run one job in its savepoint; gives what to tell its author once all is committed."""
        self._writer.execute("SAVEPOINT job")
        try:
            result = job.work(self._writer)
        except BaseException as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                raise
            # Not swallowed but carried to the author, as executors do.
            self._writer.execute("ROLLBACK TO job")
            self._writer.execute("RELEASE job")
            return partial(job.future.set_exception, error)
        self._writer.execute("RELEASE job")
        return partial(job.future.set_result, result)

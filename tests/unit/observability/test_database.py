"""A database file: refused when unfit, shared in peace, and whole whatever happens."""

import asyncio
import random
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from core.errors import Conflict, StoreUnusable
from observability.database import Database
from observability.database_file import checksum

TABLE = """
CREATE TABLE notes (
    id INTEGER PRIMARY KEY, -- a comment; with a semicolon
    text TEXT NOT NULL UNIQUE,
    seal INTEGER NOT NULL CHECK (seal = checksum(id, text))
);
CREATE TRIGGER notes_stay BEFORE DELETE ON notes BEGIN SELECT raise(ABORT, 'they stay'); END;
"""


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_notes.sql").write_text(TABLE)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.db"


@pytest.fixture
async def database(path: Path, steps: Path) -> AsyncIterator[Database]:
    database = await Database.open(path, steps, busy_timeout_s=0.2)
    yield database
    await database.close()


def insert(connection: sqlite3.Connection, number: int, text: str = "") -> int:
    connection.execute(
        "INSERT INTO notes (id, text, seal) VALUES (?1, ?2, checksum(?1, ?2))",
        (number, text or f"note {number}"),
    )
    return number


def inserting(number: int, text: str = "") -> Callable[[sqlite3.Connection], int]:
    return partial(insert, number=number, text=text)


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT id FROM notes ORDER BY id")]


async def filled(path: Path, steps: Path, count: int = 300) -> None:
    database = await Database.open(path, steps)
    await asyncio.gather(*(database.write(inserting(n, f"note {n} " * 20)) for n in range(count)))
    await database.close()


async def test_the_file_is_for_its_owner_alone_and_waits_in_wal(database, path):
    await database.write(lambda c: insert(c, 1))
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    modes = await database.write(
        lambda c: [
            c.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert modes == ["wal", 2, 1]
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


async def test_a_failing_write_undoes_itself_and_no_neighbour(database):
    def fail(connection: sqlite3.Connection) -> None:
        insert(connection, 1000)
        raise Conflict("no")

    writes = [database.write(inserting(n)) for n in range(50)]
    writes[25:25] = [database.write(fail), database.write(lambda c: insert(c, 7, "note 8"))]
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(end) for end in ends if isinstance(end, Exception)] == [
        Conflict,
        sqlite3.IntegrityError,
    ]
    assert await database.read(numbers) == list(range(50))


async def test_a_write_whose_author_gave_up_before_it_began_is_left_out(database):
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), loop).result()

    first = asyncio.create_task(database.write(slow))
    await started.wait()
    second = asyncio.create_task(database.write(lambda c: insert(c, 2)))
    await asyncio.sleep(0)
    second.cancel()
    await first
    await database.write(lambda c: insert(c, 3))
    assert await database.read(numbers) == [3]


@pytest.mark.parametrize("fails", [False, True])
async def test_who_gives_up_in_the_middle_of_a_write_knows_afterwards_what_is_written(
    database, fails
):
    begun, go_on = threading.Event(), threading.Event()

    def slowly(connection: sqlite3.Connection) -> None:
        insert(connection, 1)
        begun.set()
        go_on.wait(10)
        if fails:
            raise Conflict("too late")

    author = asyncio.create_task(database.write(slowly))
    await asyncio.to_thread(begun.wait, 10)
    author.cancel()
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await author
    assert await database.read(numbers) == ([] if fails else [1])


async def test_what_is_read_cannot_write(database):
    with pytest.raises(StoreUnusable):
        await database.read(lambda c: insert(c, 1))
    assert await database.read(numbers) == []


async def test_a_closed_file_says_so(database):
    await database.close()
    await database.close()
    for use in (database.read, database.write):
        with pytest.raises(StoreUnusable, match="closed"):
            await use(numbers)


async def test_a_file_locked_by_another_process_is_named_and_works_again_afterwards(database, path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnusable, match="locked"):
        await database.write(lambda c: insert(c, 1))
    assert await database.read(numbers) == []
    other.execute("COMMIT")
    other.close()
    await database.write(lambda c: insert(c, 1))
    assert await database.read(numbers) == [1]


async def test_a_full_file_takes_nothing_half_and_goes_on_when_there_is_space(database):
    def allow(pages: int) -> None:
        database._writer.execute(f"PRAGMA max_page_count={pages}")

    await database.write(lambda c: insert(c, 0))
    allow(6)
    with pytest.raises(StoreUnusable) as full:
        for number in range(1, 50):
            await database.write(inserting(number, "x" * 2000 + str(number)))
    assert full.value.remedy and "space" in full.value.remedy
    kept = await database.read(numbers)
    allow(1_000_000)
    await database.write(lambda c: insert(c, 99))
    assert await database.read(numbers) == [*kept, 99]


# --- what is refused at the start -------------------------------------------------------------


async def refused(path: Path, steps: Path, match: str) -> StoreUnusable:
    """Opening fails, says why and what to do, and leaves every byte where it was."""
    before = {file.name: file.read_bytes() for file in path.parent.glob(f"{path.name}*")}
    with pytest.raises(StoreUnusable, match=match) as refusal:
        await Database.open(path, steps, busy_timeout_s=0.2)
    for name in (path.name, f"{path.name}-wal"):
        if name in before:
            assert (path.parent / name).read_bytes() == before[name]
    assert str(path) in str(refusal.value)
    assert refusal.value.remedy
    return refusal.value


@pytest.mark.parametrize("part", [0.0, 0.01, 0.1, 0.5, 0.9, 0.999])
async def test_a_truncated_file_is_refused_and_kept(path, steps, part):
    await filled(path, steps)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    await refused(path, steps, "corrupt")


async def test_a_truncated_file_with_a_log_beside_it_is_refused_and_kept(tmp_path, path, steps):
    await filled(path, steps)
    database = await Database.open(path, steps)
    await database.write(lambda c: insert(c, 5000))
    copy = tmp_path / "crashed" / path.name
    shutil.copytree(path.parent, copy.parent)
    await database.close()
    copy.write_bytes(copy.read_bytes()[:-10_000])
    await refused(copy, steps, "corrupt")


async def test_a_flipped_bit_is_seen_or_changes_nothing(path, steps):
    await filled(path, steps)
    data = path.read_bytes()
    expected = [(n, f"note {n} " * 20) for n in range(300)]
    random.seed(11)
    seen = 0
    for _ in range(120):
        place, bit = random.randrange(len(data)), 1 << random.randrange(8)
        path.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
        try:
            database = await Database.open(path, steps)
        except StoreUnusable:
            seen += 1
            continue
        rows = await database.read(
            lambda c: c.execute("SELECT id, text FROM notes ORDER BY id").fetchall()
        )
        await database.close()
        assert rows == expected, place
    assert seen > 60


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\0" * 8192])
async def test_something_else_is_refused_and_kept(path, steps, content):
    path.parent.mkdir()
    path.write_bytes(content)
    await refused(path, steps, "corrupt")


async def test_the_database_of_another_program_is_refused(path, steps):
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE things (a)")
    other.commit()
    other.close()
    await refused(path, steps, "none of Anton's tables")


async def test_a_newer_schema_is_refused_and_kept(path, steps):
    (steps / "0002_more.sql").write_text("ALTER TABLE notes ADD COLUMN more TEXT;\n")
    await filled(path, steps, 3)
    (steps / "0002_more.sql").unlink()
    await refused(path, steps, "newer Anton: schema 2, this one knows 1")


async def test_a_locked_file_is_refused_and_kept(path, steps):
    await filled(path, steps, 3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    await refused(path, steps, "locked")
    other.close()


async def test_a_folder_that_is_a_file_is_refused(path, steps):
    path.parent.write_text("x")
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        await Database.open(path, steps)


# --- migrations -------------------------------------------------------------------------------


async def test_missing_steps_are_taken_and_content_stays(path, steps):
    await filled(path, steps, 3)
    (steps / "0002_more.sql").write_text(
        "ALTER TABLE notes ADD COLUMN more TEXT;\nUPDATE notes SET more = 'yes';\n"
    )
    for _ in range(2):
        database = await Database.open(path, steps)
        rows = await database.read(lambda c: c.execute("SELECT id, more FROM notes").fetchall())
        assert rows == [(0, "yes"), (1, "yes"), (2, "yes")]
        await database.close()


async def test_a_step_that_fails_half_way_leaves_the_file_as_it_was(path, steps):
    await filled(path, steps, 3)
    (steps / "0002_more.sql").write_text(
        "ALTER TABLE notes ADD COLUMN more TEXT;\nINSERT INTO nowhere VALUES (1);\n"
    )
    with pytest.raises(StoreUnusable):
        await Database.open(path, steps)
    (steps / "0002_more.sql").unlink()
    database = await Database.open(path, steps)
    columns = await database.read(
        lambda c: [row[1] for row in c.execute("PRAGMA table_info(notes)")]
    )
    assert columns == ["id", "text", "seal"]
    await database.close()


async def test_twenty_that_open_a_new_file_at_once_share_it(path, steps):
    databases = await asyncio.gather(*(Database.open(path, steps) for _ in range(20)))
    await asyncio.gather(*(database.write(inserting(n)) for n, database in enumerate(databases)))
    assert await databases[0].read(numbers) == list(range(20))
    await asyncio.gather(*(database.close() for database in databases))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_checksum_tells_columns_and_kinds_apart():
    assert checksum("ab", "c") != checksum("a", "bc")
    assert checksum("a", None) != checksum("a", "")
    assert checksum(b"ab", 7) == checksum("ab", "7")

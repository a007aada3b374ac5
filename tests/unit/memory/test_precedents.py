"""Earlier tasks are found by the words of their reports, alike enough, of the same repository."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreUnusable
from core.precedents import Precedent
from memory.likeness import cosine, keywords
from memory.precedents import ALIKE, FILE_NAME, SqlitePrecedents
from tests.fakes.clock import START

REPORT = "Total of an order with two discounts is too small after the update of prices"


def earlier(task_id: str = "t1", **given: Any) -> Precedent:
    fields: dict[str, Any] = {
        "task_id": task_id,
        "repository": "/srv/shop",
        "report": REPORT,
        "cause": "Each discount is taken off the first price.",
        "diff": "-    price -= first * rate\n+    price -= price * rate\n",
        "paths": ("shop/prices.py",),
        "outcome": "fixed",
        "ended_at": START,
    }
    return Precedent(**{**fields, **given})


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[SqlitePrecedents]:
    opened = await SqlitePrecedents.open(tmp_path)
    yield opened
    await opened.close()


async def test_nothing_is_like_anything_in_the_beginning(memory: SqlitePrecedents) -> None:
    assert await memory.alike(REPORT, "/srv/shop") is None


async def test_a_report_in_nearly_the_same_words_is_found(memory: SqlitePrecedents) -> None:
    await memory.keep(earlier("other", report="Login fails after the update of the session store"))
    await memory.keep(earlier())
    found = await memory.alike(f"{REPORT.upper()}, again!", "/srv/shop")
    assert found == earlier()


def words(count: int, first: int = 0) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(f"{letters[n // 26]}{letters[n % 26]}q" for n in range(first, first + count))


@pytest.mark.parametrize(("shared", "of", "hint"), [(8, 10, True), (79, 100, False)])
async def test_four_fifths_is_alike_enough(
    memory: SqlitePrecedents, shared: int, of: int, hint: bool
) -> None:
    there, asked = words(of), words(of, of - shared)
    assert cosine(keywords(there), keywords(asked)) == shared / of
    assert (shared / of >= ALIKE) is hint
    await memory.keep(earlier(report=there))
    assert (await memory.alike(asked, "/srv/shop") is not None) is hint


async def test_the_most_alike_is_taken_among_many(memory: SqlitePrecedents) -> None:
    for number in range(30):
        await memory.keep(earlier(f"t{number}", report=f"{REPORT} {words(4, 10 * number)}"))
    await memory.keep(earlier("best"))
    found = await memory.alike(REPORT, "/srv/shop")
    assert found and found.task_id == "best"


async def test_no_other_repository_is_looked_into_unless_allowed(tmp_path: Path) -> None:
    memory = await SqlitePrecedents.open(tmp_path)
    await memory.keep(earlier())
    assert await memory.alike(REPORT, "/srv/shop2") is None
    await memory.close()
    memory = await SqlitePrecedents.open(tmp_path, across=True)
    assert await memory.alike(REPORT, "/srv/shop2") == earlier()
    await memory.close()


async def test_a_task_is_kept_once_as_it_was_kept_last(memory: SqlitePrecedents) -> None:
    await memory.keep(earlier())
    await memory.keep(earlier(report="Something else altogether broke here today"))
    assert await memory.alike(REPORT, "/srv/shop") is None
    found = await memory.alike("Something else altogether broke here today", "/srv/shop")
    assert found and found.task_id == "t1"


@pytest.mark.parametrize(
    "report",
    [
        "",
        "x",
        '"',
        "AND OR NOT NEAR(",
        "report: * ^ {a b}",
        "a' OR 1=1 --",
        "数 字 ☃",
        "total total",
    ],
)
async def test_no_report_breaks_the_search(memory: SqlitePrecedents, report: str) -> None:
    await memory.keep(earlier())
    assert await memory.alike(report, "/srv/shop") is None


async def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreUnusable):
        await SqlitePrecedents.open(tmp_path)


async def test_what_ended_before_an_instant_is_forgotten_with_its_words(
    memory: SqlitePrecedents,
) -> None:
    await memory.keep(earlier("old", ended_at=START - timedelta(milliseconds=1)))
    await memory.keep(earlier("other", report="Login fails after an update of the sessions"))
    assert await memory.forget(START) == 1
    assert await memory.alike(REPORT, "/srv/shop") is None
    await memory.keep(earlier("new", ended_at=START + timedelta(days=1)))
    assert await memory.forget(START + timedelta(days=1)) == 1
    found = await memory.alike(REPORT, "/srv/shop")
    assert found and found.task_id == "new"

"""Looking through many files, within limits and never beyond the workspace."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.trees import File, Tree
from tests.unit.tools.places import Hand, workplace
from tools.workplace import Workplace

pytestmark = pytest.mark.needs_bubblewrap


@pytest.fixture
async def hand(tmp_path: Path) -> AsyncIterator[Hand]:
    async with workplace(tmp_path) as place:
        yield Hand(place, ("list_dir", "glob", "grep", "shell"))


async def put(place: Workplace, *paths: str, data: bytes = b"needle\n") -> None:
    await place.sandbox.write(Tree({path: File(data) for path in paths}))


async def test_a_folder_is_listed_with_kinds_and_sizes(hand: Hand) -> None:
    assert (await hand.done("list_dir")).split("\n") == ["README.md  7 bytes", "src/", "tests/"]
    assert (await hand.done("list_dir", path="src")).startswith("app.py  40 bytes")
    assert "no folder" in await hand.failed("list_dir", path="README.md")
    assert "there is no 'nowhere'" in await hand.failed("list_dir", path="nowhere")


async def test_a_long_folder_is_listed_in_parts(hand: Hand) -> None:
    await put(hand.place, *(f"many/{number:04}" for number in range(750)))
    first = await hand.done("list_dir", path="many", limit=500)
    assert first.count(" bytes") == 500
    assert first.endswith("(entries 1 to 500 of 750; go on with offset=501)")
    rest = await hand.done("list_dir", path="many", limit=500, offset=501)
    assert rest.startswith("0500  7 bytes")
    assert rest.endswith("(entries 501 to 750 of 750)")
    assert "beyond the last" in await hand.failed("list_dir", path="many", offset=751)
    assert (await hand.refused("list_dir", limit=501)).rule == "arguments"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["src/app.py", "src/store.py", "tests/test_app.py"]),
        ("src/*.py", ["src/app.py", "src/store.py"]),
        ("**/*.md", ["README.md"]),
        ("s*/**", ["src/app.py", "src/store.py"]),
        ("**/{app,store}.py", ["src/app.py", "src/store.py"]),
        ("**/[!a]*.py", ["src/store.py", "tests/test_app.py"]),
        ("src/a?p.py", ["src/app.py"]),
    ],
)
async def test_patterns_find_paths(hand: Hand, pattern: str, found: list[str]) -> None:
    assert (await hand.done("glob", pattern=pattern)).split("\n") == found


async def test_a_pattern_below_a_folder(hand: Hand) -> None:
    assert await hand.done("glob", pattern="*.py", path="tests") == "tests/test_app.py"
    assert await hand.done("glob", pattern="*.rs") == "No file matches."


async def test_at_most_a_thousand_paths_are_shown(hand: Hand) -> None:
    await put(hand.place, *(f"many/{number:04}" for number in range(1_500)))
    shown = await hand.done("glob", pattern="many/*", limit=1_000)
    assert len(shown.split("\n")) == 1_001
    assert shown.endswith("of 1,500; go on with offset=1001)")
    assert (await hand.refused("glob", pattern="*", limit=1_001)).rule == "arguments"


async def test_dependencies_and_caches_are_left_out(hand: Hand) -> None:
    await put(
        hand.place,
        *("node_modules/x/a.js", ".venv/lib/a.py", "env/pyvenv.cfg", "env/lib/a.py"),
        *("src/__pycache__/a.pyc", "src/deep/node_modules/a.js"),
    )
    await hand.done("shell", command="mkdir .git && echo needle > .git/config")
    assert await hand.done("grep", pattern="needle") == "No line matches."
    assert "a." not in (await hand.done("glob", pattern="a.*")).replace("No file matches.", "")
    assert "node_modules" not in await hand.done("list_dir")
    assert ".git" not in await hand.done("list_dir")


async def test_lines_are_found_with_path_and_number(hand: Hand) -> None:
    assert await hand.done("grep", pattern=r"def \w+\(") == (
        "src/app.py:1: def total(items):\nsrc/store.py:2:     def add(self, item: str) -> None:"
    )
    assert await hand.done("grep", pattern="SHOP", ignore_case=True) == "README.md:1: # Shop"
    assert await hand.done("grep", pattern="total", glob="test_*") == (
        "tests/test_app.py:1: from src.app import total"
    )
    assert await hand.done("grep", pattern="total", path="src/app.py") == (
        "src/app.py:1: def total(items):"
    )
    assert "no regular expression" in await hand.failed("grep", pattern="(")


async def test_fifty_lines_are_shown_at_a_time(hand: Hand) -> None:
    await put(hand.place, "many.txt", data=b"needle\n" * 120)
    shown = await hand.done("grep", pattern="needle")
    assert shown.count("needle") == 50
    assert shown.endswith("(matching lines 1 to 50 of 120; go on with offset=51)")
    assert (await hand.done("grep", pattern="needle", offset=101)).count("needle") == 20


async def test_a_search_stops_after_five_hundred_files(hand: Hand) -> None:
    await put(hand.place, *(f"many/{number:04}" for number in range(600)))
    shown = await hand.done("grep", pattern="needle")
    assert "of 500;" in shown
    assert "stopped after 500 files" in shown


async def test_what_is_not_searched_is_counted(hand: Hand) -> None:
    await put(hand.place, "a.bin", data=b"needle\0")
    await put(hand.place, "b.txt", data=b"needle\n" * 400_000)
    assert await hand.done("grep", pattern="needle") == (
        "No line matches.\n(2 files were not searched: binary or over 2 MB)"
    )


async def test_a_pattern_that_never_ends_is_ended(hand: Hand) -> None:
    await put(hand.place, "trap.txt", data=b"a" * 40 + b"!\n")
    hand.place.seconds_left = lambda: 2.0
    assert "took longer than 2 s" in await hand.failed("grep", pattern="(a+)+$")


async def test_a_name_with_a_line_end_stays_on_one_line(hand: Hand) -> None:
    await hand.done("shell", command="printf needle > $'two\\nlines'")
    assert '"two\\nlines"' in await hand.done("list_dir")
    assert '"two\\nlines":1: needle' in await hand.done("grep", pattern="needle")

"""Reading, writing and editing files where untrusted code may be at work beside them."""

from pathlib import Path

import pytest

from core.errors import ToolRefused
from core.trees import EXECUTABLE, File, Tree
from tests.unit.tools.places import BASE, Hand, workplace
from tools.workplace import Objection, Workplace

pytestmark = pytest.mark.needs_bubblewrap
FILES = ("read_file", "write_file", "edit_file", "list_dir", "shell")


@pytest.fixture
def hand(place: Workplace) -> Hand:
    return Hand(place, FILES)


async def put(place: Workplace, path: str, data: bytes) -> None:
    await place.sandbox.write(Tree({path: File(data)}))


# --- reading ----------------------------------------------------------------------------------


async def test_lines_come_with_their_numbers(hand: Hand) -> None:
    shown = await hand.done("read_file", path="src/app.py")
    assert shown == "     1\tdef total(items):\n     2\t    return sum(items)"


async def test_a_part_says_how_to_go_on(hand: Hand) -> None:
    await put(hand.place, "long.txt", b"".join(b"line %d\n" % n for n in range(1, 101)))
    shown = await hand.done("read_file", path="long.txt", offset=11, limit=5)
    assert shown.split("\n")[0] == "    11\tline 11"
    assert shown.endswith("(lines 11 to 15 of 100; go on with offset=16)")
    assert "lines 96 to 100 of 100)" in await hand.done("read_file", path="long.txt", offset=96)
    assert "beyond its end" in await hand.failed("read_file", path="long.txt", offset=101)


async def test_what_does_not_fit_is_read_in_parts_that_lose_nothing(hand: Hand) -> None:
    await put(
        hand.place, "long.txt", b"".join(b"%05d" % n + b"x" * 94 + b"\n" for n in range(4000))
    )
    offset, seen = 1, []
    while offset:
        shown = await hand.done("read_file", path="long.txt", offset=offset, limit=10_000)
        assert len(shown) <= 100_000
        seen += [line for line in shown.split("\n") if not line.startswith("(")]
        _, found, rest = shown.rpartition("go on with offset=")
        offset = int(rest.rstrip(")")) if found else 0
    assert [int(line.split("\t")[1][:5]) for line in seen] == list(range(4000))


async def test_a_small_window_gets_less(hand: Hand) -> None:
    hand.place.characters = 1_000
    await put(hand.place, "long.txt", b"0123456789\n" * 1_000)
    shown = await hand.done("read_file", path="long.txt")
    assert len(shown) <= 1_000
    assert "go on with offset=" in shown


async def test_a_line_without_end_is_cut(hand: Hand) -> None:
    await put(hand.place, "long.txt", b"a" * 50_000)
    shown = await hand.done("read_file", path="long.txt")
    assert len(shown) < 2_100
    assert "48,000 more characters" in shown


async def test_what_is_binary_or_over_ten_megabytes_is_not_shown(hand: Hand) -> None:
    await put(hand.place, "picture.png", b"\x89PNG\0\0")
    await put(hand.place, "big.txt", b"a" * 10_000_001)
    await put(hand.place, "fits.txt", b"a\n" * 5_000_000)
    assert "binary" in await hand.failed("read_file", path="picture.png")
    assert "10000000 bytes" in (await hand.refused("read_file", path="big.txt")).reason
    assert "of 5,000,000; go on" in await hand.done("read_file", path="fits.txt")


async def test_what_hides_in_a_text_is_written_out(hand: Hand) -> None:
    await put(hand.place, "odd.txt", "safe\u202eevil\u200b\U000e0041\n".encode())
    shown = await hand.done("read_file", path="odd.txt")
    assert shown == "     1\tsafe<U+202E>evil<U+200B><U+E0041>"


async def test_an_absent_file_is_said_to_be_absent(hand: Hand) -> None:
    assert "no file 'src/nowhere.py'" in await hand.failed("read_file", path="src/nowhere.py")
    assert hand.refusals == []


# --- writing ----------------------------------------------------------------------------------


async def test_files_are_made_and_replaced(hand: Hand) -> None:
    assert await hand.done("write_file", path="src/new.py", content="x = 1\n") == (
        "Made src/new.py: 1 lines."
    )
    assert "Wrote" in await hand.done("write_file", path="src/new.py", content="x = 2\ny = 3")
    assert await hand.place.sandbox.read("src/new.py") == b"x = 2\ny = 3"
    again = await hand.failed("write_file", path="src/new.py", content="x = 2\ny = 3")
    assert "exactly this already" in again


async def test_a_folder_is_never_replaced_by_a_file(hand: Hand) -> None:
    await hand.refused("write_file", path="src", content="gone")
    await hand.refused("write_file", path="README.md/below", content="gone")
    assert (await hand.place.current()).id == Tree(BASE.files).id


async def test_an_executable_stays_one(tmp_path: Path) -> None:
    base = Tree({"run.sh": File(b"#!/bin/sh\necho a\n", EXECUTABLE)})
    async with workplace(tmp_path, base) as place:
        await Hand(place, FILES).done("edit_file", path="run.sh", old="echo a", new="echo b")
        assert (await place.current())["run.sh"] == File(b"#!/bin/sh\necho b\n", EXECUTABLE)


# --- editing ----------------------------------------------------------------------------------


async def test_an_edit_needs_one_exact_place(hand: Hand) -> None:
    shown = await hand.done("edit_file", path="src/app.py", old="sum(items)", new="sum(items, 0)")
    assert "     2\t    return sum(items, 0)" in shown
    assert b"sum(items, 0)" in await hand.place.sandbox.read("src/app.py")


async def test_several_places_are_refused_with_their_lines_unless_all_are_meant(hand: Hand) -> None:
    await put(hand.place, "a.txt", b"one\ntwo\none\n")
    said = await hand.failed("edit_file", path="a.txt", old="one", new="1")
    assert "2 times" in said
    assert "lines 1, 3" in said
    assert await hand.place.sandbox.read("a.txt") == b"one\ntwo\none\n"
    await hand.done("edit_file", path="a.txt", old="one", new="1", replace_all=True)
    assert await hand.place.sandbox.read("a.txt") == b"1\ntwo\n1\n"


async def test_a_miss_shows_similar_lines(hand: Hand) -> None:
    said = await hand.failed("edit_file", path="src/app.py", old="return sum(item)", new="x")
    assert "     2\t    return sum(items)" in said
    numbered = await hand.failed("edit_file", path="src/app.py", old="  2\t    return", new="x")
    assert "Leave out the line numbers" in numbered
    done = await hand.failed("edit_file", path="src/app.py", old="gone", new="sum(items)")
    assert "stands there already, at line 2" in done


@pytest.mark.parametrize(("old", "new"), [("", "x"), ("sum", "sum")])
async def test_an_edit_of_nothing_changes_nothing(hand: Hand, old: str, new: str) -> None:
    result = await hand.use("edit_file", path="src/app.py", old=old, new=new)
    assert result.outcome != "done"


async def test_line_ends_stay_as_they_were(hand: Hand) -> None:
    await put(hand.place, "dos.txt", b"one\r\ntwo\r\nthree\r\n")
    assert "\r" not in await hand.done("read_file", path="dos.txt")
    await hand.done("edit_file", path="dos.txt", old="one\ntwo", new="1\n2")
    assert await hand.place.sandbox.read("dos.txt") == b"1\r\n2\r\nthree\r\n"


async def test_what_hides_in_a_line_survives_an_edit_of_it(hand: Hand) -> None:
    await put(hand.place, "odd.txt", "one\u200btwo\nthree\n".encode())
    await hand.done("edit_file", path="odd.txt", old="one<U+200B>two", new="1<U+200B>2<U+202E>")
    assert await hand.place.sandbox.read("odd.txt") == "1\u200b2<U+202E>\nthree\n".encode()
    await hand.done("write_file", path="odd.txt", content="<U+200B>")
    assert await hand.place.sandbox.read("odd.txt") == "\u200b".encode()


async def test_a_name_that_differs_by_case_alone_is_refused_at_the_end(hand: Hand) -> None:
    await hand.done("write_file", path="readme.MD", content="x")
    with pytest.raises(ToolRefused, match="case alone"):
        await hand.place.current()


async def test_what_is_no_utf8_is_not_edited(hand: Hand) -> None:
    await put(hand.place, "old.txt", b"caf\xe9\n")
    assert "not UTF-8" in await hand.failed("edit_file", path="old.txt", old="caf", new="x")
    assert await hand.place.sandbox.read("old.txt") == b"caf\xe9\n"


# --- rules ------------------------------------------------------------------------------------


class Said:
    """An objection in words."""

    def __init__(self, message: str, before: str = "", after: str = "") -> None:
        self.message, self.before, self.after = message, before, after


async def test_the_gate_sees_every_edit_against_the_base(tmp_path: Path) -> None:
    def gate(base: Tree, result: Tree, /) -> list[Objection]:
        if base.text("src/app.py") != result.text("src/app.py"):
            return [Said("src/app.py loses a promise.", "sum(items)", "0")]
        return []

    async with workplace(tmp_path, gate=gate) as place:
        hand = Hand(place, FILES)
        refusal = await hand.refused("edit_file", path="src/app.py", old="sum(items)", new="0")
        assert refusal.rule == "gate"
        assert refusal.reason.endswith("before: sum(items)\n  after: 0")
        assert b"sum(items)" in await place.sandbox.read("src/app.py")
        await hand.done("write_file", path="other.py", content="x = 1\n")


async def test_a_role_writes_only_where_it_may(tmp_path: Path) -> None:
    def tests_only(path: str) -> str:
        return "" if path.startswith("tests/") else "this role writes tests"

    async with workplace(tmp_path, may_write=tests_only) as place:
        hand = Hand(place, FILES)
        await hand.done("write_file", path="tests/test_new.py", content="def test(): ...\n")
        refusal = await hand.refused("write_file", path="src/app.py", content="x")
        assert (refusal.rule, refusal.reason) == (
            "role",
            "src/app.py may not be changed: this role writes tests",
        )
        await hand.refused("edit_file", path="src/app.py", old="total", new="x")

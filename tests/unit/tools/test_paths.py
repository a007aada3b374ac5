"""No path leads out of the workspace: not by its spelling, not by a link, not by a swap."""

import asyncio
from typing import Any

import pytest

from core.errors import NotFound, SandboxError, ToolError
from core.trees import File, Tree
from tests.unit.tools.places import PYTHON, Hand
from tools.paths import plain
from tools.workplace import Workplace

pytestmark = pytest.mark.needs_bubblewrap

ESCAPES = [
    *(
        "/etc/passwd",
        "/proc/self/environ",
        "//etc/passwd",
        "/work/../etc/passwd",
        "/work/src/app.py",
    ),
    *("..", "../x", "../../home/x", "src/../../etc/passwd", "src/../app.py", "src/./app.py"),
    *(
        "src//app.py",
        "./../x",
        "~/../x/../../y/..",
        ".git/config",
        "src/.git/hooks/x",
        ".GIT/config",
    ),
    *("git~1/config", ".git /config", ".git./config", "a\0b", "a\nb", "a\rb", "a\u202eb", "", "/"),
    *("a" * 4_000, "/".join(["d"] * 1_000), "\\\\host\\share\\..\\\ud800"),
]
TOOLS = ("read_file", "write_file", "edit_file", "list_dir", "glob", "grep", "shell")
MORE: dict[str, dict[str, Any]] = {
    "read_file": {},
    "write_file": {"content": "planted"},
    "edit_file": {"old": "a", "new": "b"},
    "list_dir": {},
    "glob": {"pattern": "*"},
    "grep": {"pattern": "root"},
}


@pytest.fixture
def hand(place: Workplace) -> Hand:
    return Hand(place, TOOLS)


async def test_an_odd_path_is_refused_by_every_tool_and_written_down(hand: Hand) -> None:
    for path in ESCAPES:
        tools = [name for name in MORE if not (path == "" and name in ("list_dir", "glob", "grep"))]
        hand.refusals.clear()
        for name in tools:
            refusal = await hand.refused(name, path=path, **MORE[name])
            assert refusal.rule == "arguments", path
            assert "relative to the workspace" in refusal.reason or "valid" in refusal.reason, path
        assert len(hand.refusals) == len(tools), path
        assert (await hand.place.current()).id == hand.place.base.id, path


def test_a_path_below_the_workspace_is_told_as_it_should_be_written() -> None:
    with pytest.raises(ValueError, match=r"did you mean .src/app\.py."):
        plain("/work/src/app.py")
    assert plain("./src/app.py") == "src/app.py"
    assert plain("src/") == "src"


async def test_a_link_of_the_repository_is_not_followed(hand: Hand) -> None:
    for name in ("read_file", "write_file", "edit_file"):
        refusal = await hand.refused(name, path="passwords", **MORE[name])
        assert (refusal.rule, "symbolic link" in refusal.reason) == ("path", True)


PLANTS = {
    "link": "ln -s /etc/passwd bad",
    "folder link": "ln -s /etc bad",
    "fifo": "mkfifo bad",
    "socket": f"{PYTHON} -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"bad\")'",
}


@pytest.mark.parametrize("plant", PLANTS)
async def test_what_is_no_file_is_refused_and_never_waited_for(plant: str, hand: Hand) -> None:
    await hand.use("shell", command=PLANTS[plant])
    async with asyncio.timeout(30):
        for name in ("read_file", "edit_file", "write_file"):
            refusal = await hand.refused(name, path="bad", **MORE[name])
            assert refusal.rule == "path"
            below = await hand.refused(name, path="bad/passwd", **MORE[name])
            assert below.rule == "path"
        found = await hand.use("grep", pattern="root:", path="bad")
        assert "root:" not in found.text
        assert found.outcome == "failed"
        assert "bad" not in await hand.done("glob", pattern="*")
        assert "not followed" in await hand.done("list_dir")
    assert "root" not in (await hand.use("list_dir", path="bad")).text


async def test_a_hard_link_to_what_is_outside_cannot_be_made(hand: Hand) -> None:
    await hand.use("shell", command="ln /etc/passwd bad; ln /usr/bin/env bad")
    assert "no file 'bad'" in await hand.failed("read_file", path="bad")


async def test_names_are_never_taken_for_options_or_commands(hand: Hand) -> None:
    names = ["$(touch planted).py", "-rf", ";touch planted", "`touch planted`", "a'b\"c", "*"]
    await hand.place.sandbox.write(Tree({name: File(b"needle\n") for name in names}))
    for name in names:
        assert "needle" in await hand.done("read_file", path=name)
        assert f"{name}:1: needle" in await hand.done("grep", pattern="needle", path=name)
        await hand.done("edit_file", path=name, old="needle", new="pin")
    listing = await hand.done("list_dir")
    assert all(name in listing for name in names)
    assert "planted" not in listing.replace("touch planted", "")


SWAP = """
import ctypes, os, shutil
rename = ctypes.CDLL(None).renameat2
os.makedirs("real", exist_ok=True)
open("real/passwd", "w").write("mine\\n")
os.symlink("/etc", "evil")
print("go", flush=True)
turn = 0
while True:
    rename(-100, b"real", -100, b"evil", 2)
    turn += 1
    if turn % 100 == 0 and not (os.path.islink("real") or os.path.islink("evil")):
        shutil.rmtree("evil", ignore_errors=True)
        os.symlink("/etc", "evil")
"""
"""Exchanges a folder and a link to /etc as fast as it goes; a lost link comes back."""


async def swapped(place: Workplace, tries: int) -> dict[str, int]:
    """How reading and writing below a path ended that is a folder and a link by turns."""
    process = await place.sandbox.start([PYTHON, "-I", "-c", SWAP])
    assert await process.receive(20.0) == b"go"
    ends = {"mine": 0, "absent": 0, "refused": 0, "written": 0}
    for number in range(tries):
        try:
            if number % 4:
                data = await place.file("real/passwd", 1_000)
                assert data == b"mine\n", "a file of the system was read"
                ends["mine"] += 1
            else:
                await place.sandbox.write(Tree({"real/passwd": File(b"mine\n")}))
                ends["written"] += 1
        except NotFound:
            ends["absent"] += 1
        except (ToolError, SandboxError):
            ends["refused"] += 1
    await process.kill()
    return ends


async def raced(place: Workplace, tries: int, record: Any) -> None:
    ends = await swapped(place, tries)
    record("figure", f"path swaps: {tries:,} tries, 0 escapes, {ends}")
    assert sum(ends.values()) == tries
    assert min(ends["mine"], ends["refused"]) > 0, "the swap was never seen: nothing was tested"


async def test_a_folder_swapped_for_a_link_is_never_followed(
    place: Workplace, record_property: Any
) -> None:
    await raced(place, 1_000, record_property)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_hundred_thousand_swaps(place: Workplace, record_property: Any) -> None:
    await raced(place, 100_000, record_property)

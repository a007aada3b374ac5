"""The shell, tests, what was changed, notes and the outline, in a real sandbox."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ToolError
from core.trees import File, Tree
from sandbox.environment import Environments
from tests.unit.sandbox.rooms import open_folder
from tests.unit.tools.places import BASE, Hand, workplace
from tools.changes import Submission
from tools.notebook import ENTRIES_MAX, Notebook, Notes
from tools.outline import index_of, outline, tokens
from tools.workplace import Objection, Workplace

pytestmark = pytest.mark.needs_bubblewrap


@pytest.fixture
def hand(place: Workplace) -> Hand:
    return Hand(
        place,
        *[
            (
                "shell",
                "write_file",
                "git_status",
                "submit_changes",
                "memory",
                "todos",
                "repo_outline",
            )
        ],
    )


# --- the shell --------------------------------------------------------------------------------


async def test_a_command_runs_in_the_workspace_and_tells_its_end(hand: Hand) -> None:
    assert await hand.done("shell", command="pwd; cat README.md; echo oops >&2; exit 3") == (
        "(exit code 3)\n/work\n# Shop\noops"
    )
    assert await hand.done("shell", command="true") == "(exit code 0, no output)"
    assert "127" in await hand.done("shell", command="nonesuch")
    assert "-rf" in await hand.done("shell", command="-rf")


async def test_each_command_is_a_fresh_process(hand: Hand) -> None:
    await hand.done("shell", command="cd src; export A=1; sleep 60 & disown; touch mark")
    assert (
        await hand.done("shell", command="echo [$A] $(pwd) $(ls src/mark)") == "[] /work src/mark"
    )
    assert "sleep" not in await hand.done("shell", command="cat /proc/[0-9]*/comm")


async def test_a_timeout_keeps_what_was_printed_and_ends_the_whole_group(hand: Hand) -> None:
    command = "echo begun; (trap '' TERM; sleep 60) & sleep 60"
    async with asyncio.timeout(30):
        shown = await hand.done("shell", command=command, timeout_s=1)
    assert shown == "(ended after 1 s: timeout; what it printed until then follows)\nbegun"
    assert "sleep" not in await hand.done("shell", command="cat /proc/[0-9]*/comm")


@pytest.mark.parametrize("seconds", [0, 601, -1, 1.5])
async def test_a_timeout_has_bounds(hand: Hand, seconds: float) -> None:
    assert (await hand.refused("shell", command="true", timeout_s=seconds)).rule == "arguments"


async def test_no_command_outlives_the_role(hand: Hand) -> None:
    hand.place.seconds_left = lambda: 1.0
    async with asyncio.timeout(30):
        assert "ended after 1 s" in await hand.done("shell", command="sleep 60")
    hand.place.seconds_left = lambda: 0.0
    assert "No time is left" in await hand.failed("shell", command="true")


async def test_long_output_keeps_head_and_tail(hand: Hand) -> None:
    shown = await hand.done("shell", command="echo first; yes x | head -c 300000; echo last")
    assert shown.startswith("first")
    assert shown.endswith("last")
    assert 99_000 < len(shown) < 101_000
    assert "characters left out" in shown


async def test_there_are_no_secrets_and_no_host_in_a_command(hand: Hand) -> None:
    shown = await hand.done("shell", command="env; cat /proc/self/environ | tr '\\0' '\\n'")
    names = {line.partition("=")[0] for line in shown.split("\n")}
    assert names <= {"PATH", "HOME", "PWD", "SHLVL", "_", "OLDPWD"}


# --- what was changed -------------------------------------------------------------------------


async def test_a_status_without_git(hand: Hand) -> None:
    assert await hand.done("git_status") == "Nothing differs from the base."
    await hand.done(
        "shell", command="echo 'x = 1' > new.py; rm README.md; echo '# end' >> src/app.py"
    )
    await hand.done("shell", command="mkdir -p src/__pycache__ && touch src/__pycache__/a.pyc")
    shown = await hand.done("git_status")
    assert shown.split("\n")[:3] == ["D README.md", "A new.py", "M src/app.py"]
    assert "+# end" in shown
    assert "pyc" not in shown


async def test_a_submission_ends_with_the_tree(hand: Hand) -> None:
    assert "nothing to submit" in await hand.failed("submit_changes", explanation="x")
    await hand.done("write_file", path="src/new.py", content="x = 1\n")
    result = await hand.use("submit_changes", explanation="A file was missing.")
    assert result.ended
    expected = BASE.with_files({"src/new.py": File(b"x = 1\n")})
    assert result.answer == Submission("A file was missing.", expected)


async def test_what_the_shell_changed_meets_the_same_rules_at_the_end(tmp_path: Path) -> None:
    def gate(base: Tree, result: Tree, /) -> list[Objection]:
        return [Said()] if b"skip" in result["tests/test_app.py"].data else []

    class Said:
        message, before, after = "A test is skipped.", "", ""

    def no_settings(path: str) -> str:
        return "settings stay" if path == "setup.cfg" else ""

    async with workplace(tmp_path, gate=gate, may_write=no_settings) as place:
        hand = Hand(place, ("shell", "submit_changes"))
        await hand.done("shell", command="echo skip >> tests/test_app.py")
        assert (await hand.refused("submit_changes", explanation="x")).rule == "gate"
        await hand.done("shell", command="echo x > setup.cfg")
        assert (await hand.refused("submit_changes", explanation="x")).rule == "role"
        await hand.done("shell", command="ln -s /etc/passwd link")
        assert (await hand.refused("submit_changes", explanation="x")).rule == "path"


# --- notes ------------------------------------------------------------------------------------


async def test_memory_keeps_and_forgets(hand: Hand) -> None:
    await hand.done("memory", action="set", key="cause", value="off by one")
    assert await hand.done("memory", action="get", key="cause") == "off by one"
    assert await hand.done("memory", action="list") == "Memory holds: cause."
    assert "it holds: cause" in await hand.failed("memory", action="get", key="other")
    await hand.done("memory", action="delete", key="cause")
    assert "nothing" in await hand.done("memory", action="list")
    await hand.refused("memory", action="set", value="x")
    await hand.refused("memory", action="read", key="x")


def test_a_notebook_has_bounds_and_can_be_kept() -> None:
    book = Notebook()
    with pytest.raises(ToolError, match="10,240 bytes"):
        book.put("k", "é" * 5_120)
    for number in range(ENTRIES_MAX):
        book.put(str(number), "x")
    with pytest.raises(ToolError, match="1,000 entries"):
        book.put("one more", "x")
    book.put("5", "y")
    assert Notebook(Notes.load(book.notes.dump())).get("5") == "y"
    assert book.clear() == ENTRIES_MAX


async def test_a_list_of_what_is_to_be_done(hand: Hand) -> None:
    shown = await hand.done("todos", open=["test"], doing=["fix"], done=["read"])
    assert shown == "[x] read\n[>] fix\n[ ] test"
    assert [todo.status for todo in hand.place.notebook.notes.todos] == ["done", "doing", "open"]


# --- outline ----------------------------------------------------------------------------------

MANY = Tree(
    {
        **{
            f"pkg/module_{n}.py": File(
                f"def rare_{n}(a: int, b: str = 'x') -> bool:\n    return helper(a)\n".encode()
            )
            for n in range(200)
        },
        "pkg/base.py": File(b"class Base:\n    def helper(self): ...\n\ndef helper(a): ...\n"),
        "web/app.go": File(b"export function main() {}\n"),
        "broken.py": File(b"def (:\n"),
    }
)


def test_an_outline_fits_its_budget_and_begins_with_what_is_used_most() -> None:
    for budget in (100, 300, 1_500):
        text = outline(MANY, budget)
        assert tokens(text) <= budget
        assert "def helper(a)" in text
        assert "left out" in text
    assert outline(MANY, 100).count("rare") < 5 < outline(MANY, 1_500).count("rare") < 200
    assert "def rare_0(a: int, b: str='x') -> bool" in outline(MANY, 1_500)


def test_of_other_languages_only_the_names_are_known() -> None:
    assert set(index_of(MANY).unparsed) == {"web/app.go", "broken.py"}
    text = outline(MANY, 100_000)
    assert "web/app.go" in text.split("\n")
    assert "main" not in text
    assert "left out" not in text


async def test_a_symbol_is_verified_in_the_workspace_as_it_stands(tmp_path: Path) -> None:
    async with workplace(tmp_path) as place:
        hand = Hand(place, ("verify_symbol_in_repo", "write_file", "repo_outline"))
        assert "src/app.py:1: def total(items)" in await hand.done(
            "verify_symbol_in_repo", name="total"
        )
        assert "src/store.py:2" in await hand.done("verify_symbol_in_repo", name="Store.add")
        missing = await hand.done("verify_symbol_in_repo", name="totals")
        assert "No function or class 'totals'" in missing
        assert "Near: total" in missing
        await hand.done("write_file", path="src/more.py", content="def totals(): ...\n")
        assert "exists" in await hand.done("verify_symbol_in_repo", name="totals")
        assert "1: def totals()" in await hand.done("repo_outline")


# --- tests ------------------------------------------------------------------------------------

PROJECT = Tree({}).with_texts(
    {
        "shop.py": "def total(items):\n    return sum(items) + 1\n",
        "test_shop.py": (
            "from shop import total\n\n\ndef test_total():\n    assert total([1]) == 1\n\n\n"
            "def test_type():\n    assert isinstance(total([]), int)\n"
        ),
    }
)


@pytest.fixture(scope="module")
def environments() -> Iterator[Environments]:
    with open_folder() as folder:
        made = Environments(folder / "cache", index_allowed=False)
        yield made
        made.close()


async def test_tests_are_run_on_the_workspace_as_it_stands(
    tmp_path: Path, environments: Environments
) -> None:
    environment = await environments.prepare(PROJECT)
    async with workplace(tmp_path, PROJECT, environment) as place:
        hand = Hand(place, ("run_tests", "edit_file", "git_status", "shell"))
        red = await hand.done("run_tests")
        assert red.startswith("1 passed, 1 failed, 0 error, 0 skipped.")
        assert "FAILED test_shop.py::test_total at test_shop.py:5" in red
        assert "assert 2 == 1" in red
        one = await hand.done("run_tests", tests=["./test_shop.py::test_type"])
        assert one.startswith("1 passed, 0 failed")
        await hand.done("edit_file", path="shop.py", old=" + 1", new="")
        assert (await hand.done("run_tests")).startswith("2 passed, 0 failed")
        assert "M shop.py" in await hand.done("git_status")
        assert "No test was run" in await hand.done("run_tests", tests=["test_none.py"])
        assert "names no test" in await hand.failed("run_tests", tests=["/etc/x.py"])
        await hand.done(
            "shell", command="printf 'import time\\ndef test(): time.sleep(60)' > test_b.py"
        )
        assert "ended after 2 s" in await hand.done("run_tests", timeout_s=2)


async def test_without_a_runner_that_is_said(tmp_path: Path) -> None:
    base = Tree({}).with_texts({"package.json": '{"scripts": {"test": "vitest"}}'})
    async with workplace(tmp_path, base) as place:
        shown = await Hand(place, ("run_tests",)).done("run_tests")
        assert shown.startswith("No tests were run")
        assert "vitest" in shown

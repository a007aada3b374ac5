"""The commands over a whole house: questions, answers and exit codes; the thinking is scripted."""

import asyncio
import io
import json
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

import bootstrap
from cli.arguments import parse
from cli.driving import Drive, nobody
from cli.fixing import Consent, fix, repair
from cli.screen import Screen
from cli.showing import approve, mermaid, tasks
from config import load_settings
from core.errors import Conflict, NotFound, PayloadInvalid
from core.findings import Diagnosis, Reading, Reproduction
from core.ports import TaskFilter
from core.tasks import Outcome, TaskRequest, TaskStatus
from evals.scripted import Script
from graph.repair.workflow import NODES
from tests.workflows.house import House, house


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


def given(*words: str) -> Namespace:
    return parse(list(words))


def report(home: House, *options: str) -> Namespace:
    return given("fix", str(home.repository), "SHOP-7: total() is one too many", *options)


async def waiting(home: House) -> str:
    """A task that waits for its release."""
    return (await home.run()).task_id


async def test_fix_ends_in_a_branch_and_tells_the_whole_story(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await fix(home.anton, report(home), attempts=3) == 0
    told = capsys.readouterr()
    (branch,) = home.branches()
    assert branch.startswith("anton/shop-7-")
    for part in (branch, "-    return sum(items) + 1", "nobody can be asked", "outcome     fixed"):
        assert part in told.out
    for part in (
        "✓ triage",
        "· on base     red: 1 failed",
        "· on the fix  green",
        "(not asked) on terminal",
        "✓ end",
    ):
        assert part in told.err


async def test_json_puts_one_object_on_stdout_and_the_diff_into_a_file(
    home: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fix.diff"
    assert (
        await fix(home.anton, report(home, "--json", "--yes", "--patch-out", str(file)), attempts=3)
        == 0
    )
    told = capsys.readouterr()
    account = json.loads(told.out)
    assert account["outcome"] == "fixed"
    assert [account["branch"]] == home.branches()
    assert file.read_text() == account["patch"]["diff"]
    assert "✓ triage" in told.err


async def test_an_empty_report_leaves_no_task(home: House) -> None:
    with pytest.raises(PayloadInvalid):
        await fix(home.anton, given("fix", str(home.repository), " "), attempts=3)
    assert (await home.anton.tasks(TaskFilter())).tasks == ()


async def test_a_host_elsewhere_is_never_written_to_unasked(home: House) -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out), Console(file=io.StringIO()), io.StringIO())
    request = TaskRequest(repository=str(home.repository), text="total() is one too many")
    consent = Consent(screen, home.anton.read, yes=False, local=False)
    task = await repair(home.anton, screen, request, consent)
    assert task.status is TaskStatus.WAITING
    assert home.branches() == []
    assert f"python main.py approve {task.task8}" in out.getvalue()


async def test_approve_lists_shows_and_decides(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    task_id = await waiting(home)
    assert await approve(home.anton, given("approve")) == 0
    assert task_id[:8] in capsys.readouterr().out
    assert await approve(home.anton, given("approve", task_id[:8])) == 3
    assert "+    return sum(items)" in capsys.readouterr().out
    assert await approve(home.anton, given("approve", task_id[:8], "--yes")) == 0
    assert len(home.branches()) == 1
    with pytest.raises(NotFound, match="waits for nothing"):
        await approve(home.anton, given("approve", task_id[:8], "--yes"))


async def test_what_no_test_proves_waits_for_somebody_who_names_its_hash(tmp_path: Path) -> None:
    sure = Diagnosis(root_cause="The sum.", confidence=0.9)
    unshown = Reproduction(reading=Reading.OTHER_ERROR, origin="example")
    async with house(tmp_path, Script(diagnosis=sure, reproduction=unshown)) as home:
        for options in (["--yes"], []):
            assert await fix(home.anton, report(home, *options), attempts=3) == 3
        assert home.branches() == []
        (waits, _) = (await home.anton.tasks(TaskFilter())).tasks
        with pytest.raises(Conflict, match="No test proves this"):
            await approve(home.anton, given("approve", waits.task_id, "--yes"))
        seen = (await home.pending(waits)).question.patch_hash
        options = ["--yes", "--hash", seen]
        assert await approve(home.anton, given("approve", waits.task_id, *options)) == 4
        assert len(home.branches()) == 1


async def test_another_hash_decides_nothing(home: House) -> None:
    task_id = await waiting(home)
    seen = (await home.pending(await home.anton.task(task_id))).question.patch_hash
    for wrong in ("0" * 64, seen[:8], "x"):
        with pytest.raises(Conflict, match="hash differs"):
            await approve(home.anton, given("approve", task_id, "--yes", "--hash", wrong))
    assert home.branches() == []
    assert await approve(home.anton, given("approve", task_id, "--yes", "--hash", seen[:12])) == 0


async def test_a_rejection_is_exit_1(home: House) -> None:
    task_id = await waiting(home)
    assert await approve(home.anton, given("approve", task_id, "--reject", "we leave it")) == 1
    assert home.branches() == []
    assert (await home.anton.task(task_id)).outcome is Outcome.REJECTED


async def test_feedback_needs_words_and_voids_the_question(tmp_path: Path) -> None:
    other = "def total(items):\n    return sum(list(items))\n"
    script = Script(fixes=("def total(items):\n    return sum(items)\n", other))
    async with house(tmp_path, script) as home:
        task_id = await waiting(home)
        first = await home.pending(await home.anton.task(task_id))
        with pytest.raises(PayloadInvalid, match="needs words"):
            await approve(home.anton, given("approve", task_id, "--feedback", " "))
        assert await approve(home.anton, given("approve", task_id, "--feedback", "a list")) == 3
        second = await home.pending(await home.anton.task(task_id))
        assert first.question.patch_hash != second.question.patch_hash


async def test_tasks_are_listed_shown_watched_and_cancelled(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    task_id = await waiting(home)
    assert await tasks(home.anton, given("tasks")) == 0
    assert "waiting_for_input" in capsys.readouterr().out
    assert await tasks(home.anton, given("tasks", "latest", "--watch")) == 3
    assert "· on base     red" in capsys.readouterr().err
    assert await tasks(home.anton, given("tasks", task_id[:8], "--cancel")) == 0
    assert (await home.anton.task(task_id)).outcome is Outcome.CANCELLED
    with pytest.raises(NotFound):
        await tasks(home.anton, given("tasks", "ffffffff"))


async def test_a_process_that_only_looks_follows_the_one_that_works(
    home: House, tmp_path: Path
) -> None:
    """As `fix` and `approve` do beside a running server."""
    settings, _ = load_settings(data_dir=tmp_path / "data")
    beside = await bootstrap.build(settings, drives=False)
    try:
        screen = Screen(Console(file=io.StringIO()), Console(file=io.StringIO()), io.StringIO())
        task = await home.submit()
        work = asyncio.create_task(home.anton.drive(task.task_id))
        seen = await Drive(beside, screen, nobody).to_the_end(task.task_id)
        await work
        assert seen.status is TaskStatus.WAITING
    finally:
        await beside.stop()


def test_the_workflow_is_drawn_from_the_graph_itself() -> None:
    drawn = mermaid("repair")
    assert "graph TD" in drawn
    assert [node for node in NODES if f"{node}({node}" not in drawn] == []
    assert "__error_handler__" not in drawn

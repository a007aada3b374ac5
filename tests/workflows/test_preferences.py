"""What people turn down and approve later becomes a pair; what has no second half waits."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from cli.exporting import FIELDS, export
from core.findings import Reading, Reproduction
from core.tasks import Outcome
from evals.scripted import MENDED, Script
from tests.workflows.house import House, house

KEY = "kJ8f-2Lq9_xZp0Wm4TsV"
OTHER = MENDED.replace("return sum(items)", "result = sum(items)\n    return result")


async def exported(here: House, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert await export(here.anton, argparse.Namespace(what="preferences")) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_without_any_pair_there_is_a_header_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as here:
        (header,) = await exported(here, capsys)
        assert header == {"v": 1, "kind": "preferences", "fields": list(FIELDS), "count": 0}
        await here.answer(await here.run(), "approve")
        assert len(await exported(here, capsys)) == 1, "an approval alone prefers nothing"


async def test_feedback_waits_for_the_diff_that_is_approved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path, Script(fixes=(MENDED, OTHER))) as here:
        task = await here.answer(
            await here.run(text=f"total, {KEY[:3]}"), "request_changes", "name it"
        )
        (pair,) = await here.anton.preferences.all()
        assert pair.open
        assert len(await exported(here, capsys)) == 1
        assert (await here.answer(task, "approve")).outcome is Outcome.FIXED
        header, line = await exported(here, capsys)
        assert (header["count"], set(line)) == (1, set(FIELDS))
        assert (line["prompt"], line["words"]) == (f"total, {KEY[:3]}", "name it")
        assert "+    return sum(items)" in line["rejected"]
        assert "+    result = sum(items)" in line["chosen"]


async def test_a_rejection_is_completed_by_a_later_task_on_the_same_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path, Script(fixes=(MENDED,))) as here:
        await here.answer(await here.run(), "reject", "not like this")
        here.thinking.script = Script(fixes=(OTHER,))
        await here.answer(await here.run(text="something else"), "approve")
        assert len(await exported(here, capsys)) == 1, "of another report"
        await here.answer(await here.run(), "approve")
        _, line = await exported(here, capsys)
        assert line["words"] == "not like this"
        assert "result = sum" in line["chosen"]


async def test_what_passed_without_a_person_is_nobodys_preference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unproven = Script(reproduction=Reproduction(reading=Reading.NOTHING_TO_RUN))
    async with house(tmp_path, unproven, auto_approve_risk="low") as here:
        await here.answer(await here.run(), "reject", "no")
        here.thinking.script = Script(fixes=(OTHER,))
        assert (await here.run()).outcome is Outcome.FIXED
        assert len(await exported(here, capsys)) == 1


async def test_no_secret_leaves_with_a_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shaped = "ghp_" + "a1B2" * 9
    async with house(tmp_path, Script(fixes=(MENDED, OTHER)), api_key=KEY) as here:
        report = f"total() fails with {shaped} and {KEY}"
        task = await here.answer(await here.run(text=report), "request_changes", f"not {shaped}")
        await here.answer(task, "approve")
        line = json.dumps((await exported(here, capsys))[1])
        assert shaped not in line
        assert KEY not in line
        assert line.count("[secret]") == 3

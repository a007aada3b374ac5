"""Resolved incidents leave as cases to measure by, with what was right and without a secret."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli import exporting
from cli.arguments import parse
from core.tasks import TaskRequest
from tests.workflows.house import ME, House, house

KEY = "kJ8f-2Lq9_xZp0Wm4TsV"


async def exported(here: House, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert await exporting.export(here.anton, parse(["export", "incidents"])) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_only_what_is_resolved_is_a_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as here:
        (header,) = await exported(here, capsys)
        assert header == {"v": 1, "kind": "incidents", "fields": list(exporting.INCIDENT_FIELDS)}
        await here.answer(await here.run(), "reject", "no")
        assert len(await exported(here, capsys)) == 1


async def test_a_case_tells_the_report_and_what_was_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = "total() is one too many"
    async with house(tmp_path, api_key=KEY) as here:
        task = await here.answer(await here.run(text=f"{report}, see {KEY}"), "approve")
        again = TaskRequest(repository=str(here.repository), text="Something else is off.")
        other = await here.anton.report(again)
        assert other.task and other.incident
        await here.anton.cancel(other.task.task_id, ME)
        await here.anton.work_once()
        by_hand = f"It was the proxy, said {KEY}."
        await here.anton.incidents.resolve(other.incident.incident_id, ME, by_hand)

        _, settled, fixed = await exported(here, capsys)
        assert list(fixed) == list(exporting.INCIDENT_FIELDS)
        expected = fixed.pop("expected")
        assert fixed == {
            "case_id": task.incident_id,
            "title": f"{report}, see [secret]",
            "report": f"{report}, see [secret]",
            "source": task.request.source,
            "repository": str(here.repository),
            "base_sha": task.result["base_sha"],
            "severity": task.severity,
            "reports": 1,
            "given_tests": [],
            "reproduction": "",
        }
        assert (expected["outcome"], expected["files"]) == ("fixed", task.result["patch"]["files"])
        assert expected["root_cause"] and expected["tests"]
        assert "+    return sum(items)" in expected["diff"]
        nothing: dict[str, Any] = {
            "outcome": None,
            "root_cause": "",
            "files": [],
            "diff": "",
            "tests": [],
        }
        assert settled["expected"] == {**nothing, "reason": "It was the proxy, said [secret]."}

        artifacts = here.anton.artifacts
        assert await artifacts.forget(here.anton.clock.now() + timedelta(days=1_000), []) > 0
        _, _, later = await exported(here, capsys)
        assert later["expected"] == {**expected, "diff": ""}

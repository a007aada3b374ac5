"""Whom triage misjudged a person puts right over REST; it is counted, and becomes a golden case."""

import argparse
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cli.exporting import GOLDEN_FIELDS, export
from core.findings import Triage
from core.incidents import Severity
from evals.scripted import Script
from tests.e2e.rest import OPERATOR, Served, serving

FRUITLESS = Script(fixes=(None,))
"""Nothing is found, so that a person is asked how to go on."""
NOISE = Script(triage=Triage(verdict="noise", severity=Severity.P4, reasoning="A test alert."))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, api_key=OPERATOR, headers={"X-API-Key": OPERATOR}) as served:
        yield served


async def asked(house: Served, script: Script, **task: Any) -> tuple[str, dict[str, Any]]:
    """A task that follows a script, and the question that it ends up with."""
    house.thinking.script = script
    task_id = await house.begin(**task)
    await house.until(task_id, "waiting_for_input")
    found = (await house.ask("GET", "/approvals", params={"task": task_id})).json()
    return task_id, found["approvals"][0]


async def decided(house: Served, question: dict[str, Any], **decision: Any) -> None:
    answer = await house.ask(
        "POST",
        f"/approvals/{question['approval_id']}/decision",
        json={"key": question["approval_id"], **decision},
    )
    assert answer.status_code == 200, answer.text


async def standing(house: Served) -> dict[str, Any]:
    told = (await house.ask("GET", "/stats")).json()
    assert told["false_positives"] == told["triage"]["false_positives"]
    found: dict[str, Any] = told["triage"]
    return found


async def cases(house: Served, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert await export(house.anton, argparse.Namespace(what="golden")) == 0
    header, *lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert header == {
        "v": 1,
        "kind": "golden",
        "fields": list(GOLDEN_FIELDS),
        "count": len(lines),
    }
    return lines


def judgement(verdict: str, severity: str) -> dict[str, Any]:
    return {"v": 1, "verdict": verdict, "severity": severity}


async def test_every_correction_is_counted_and_becomes_a_case(
    house: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await standing(house))["false_positive_rate"] is None
    assert await cases(house, capsys) == []

    right, question = await asked(house, Script())
    await decided(house, question, decision="approve", patch_hash=question["patch_hash"])
    await house.until(right, "completed")
    called, question = await asked(house, FRUITLESS, task_description=f"key {OPERATOR} is odd")
    await decided(house, question, decision="noise", text=f"a test alert, {OPERATOR}")
    refused, question = await asked(house, Script())
    await decided(
        house,
        question,
        decision="reject",
        patch_hash=question["patch_hash"],
        text="No, it is a false alarm.",
    )
    for task_id in (called, refused):
        await house.until(task_id, "completed")
    assert await standing(house) == {
        "real": 3,
        "false_positives": 2,
        "false_positive_rate": 0.6667,
        "missed": 0,
        "corrected": 2,
    }

    house.thinking.script = NOISE
    noise = await house.begin()
    assert (await house.until(noise, "completed"))["outcome"] == "noise"
    assert (await standing(house))["missed"] == 0
    said = {"verdict": "real", "severity": "P1", "text": "Not noise: it is every customer."}
    answer = await house.ask("POST", f"/tasks/{noise}/correction", json=said)
    assert answer.status_code == 200, answer.text
    assert answer.json()["said"] == judgement("noise", "P4")
    assert answer.json()["expected"] == judgement("real", "P1")
    urgent = {"severity": "P0"}
    assert (
        await house.ask("POST", f"/tasks/{right[:8]}/correction", json=urgent)
    ).status_code == 200
    told = await standing(house)
    assert (told["false_positives"], told["missed"], told["corrected"]) == (2, 1, 4)

    found = await cases(house, capsys)
    assert [(one["case_id"], one["kind"], one["said"], one["expected"]) for one in found] == [
        (called, "noise", judgement("real", "P2"), judgement("noise", "P2")),
        (refused, "rejected_as_noise", judgement("real", "P2"), judgement("noise", "P2")),
        (noise, "stated", judgement("noise", "P4"), judgement("real", "P1")),
        (right, "stated", judgement("real", "P2"), judgement("real", "P0")),
    ]
    assert (found[2]["report"], found[2]["words"]) == ("total() is off by one", said["text"])
    assert OPERATOR not in json.dumps(found)


async def test_the_last_word_counts_and_who_takes_it_back_leaves_no_case(
    house: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    task_id, question = await asked(house, FRUITLESS)
    path = f"/tasks/{task_id}/correction"
    await decided(house, question, decision="noise")
    await house.until(task_id, "completed")
    assert len(await cases(house, capsys)) == 1
    assert (await house.ask("POST", path, json={"verdict": "real"})).status_code == 200
    assert await cases(house, capsys) == []
    assert (await standing(house))["false_positives"] == 0
    assert (await house.ask("POST", path, json={"verdict": "noise"})).status_code == 200
    assert (await standing(house))["false_positives"] == 1


async def test_what_is_no_correction_is_refused(house: Served) -> None:
    house.thinking.script = NOISE
    task_id = await house.begin()
    await house.until(task_id, "completed")
    path = f"/tasks/{task_id}/correction"
    same = await house.ask("POST", path, json={"verdict": "noise"})
    assert (same.status_code, "Triage said so" in same.json()["detail"]) == (409, True)
    for bad in (
        {},
        {"verdict": "odd"},
        {"severity": "P9"},
        {"verdict": "real", "text": "x" * 2001},
    ):
        assert (await house.ask("POST", path, json=bad)).status_code == 422
    missing = await house.ask("POST", f"/tasks/{'0' * 8}/correction", json={"verdict": "real"})
    assert missing.status_code == 404


async def test_who_takes_up_an_incident_that_was_noise_corrects_triage(
    house: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    house.thinking.script = NOISE
    task_id = await house.begin()
    await house.until(task_id, "completed")
    (incident,) = (await house.ask("GET", "/incidents")).json()["incidents"]
    path = f"/incidents/{incident['incident_id']}"
    assert await cases(house, capsys) == []
    said = {"reason": "Not noise: it is every customer."}
    assert (await house.ask("POST", f"{path}/reopen", json=said)).status_code == 200
    (case,) = await cases(house, capsys)
    assert (case["kind"], case["words"]) == ("reopened", said["reason"])
    assert (case["said"], case["expected"]) == (judgement("noise", "P4"), judgement("real", "P4"))
    assert (await standing(house))["missed"] == 1
    assert (
        await house.ask("POST", f"{path}/dismiss", json={"reason": "It was."})
    ).status_code == 200
    assert await cases(house, capsys) == []


async def test_a_correction_stands_however_often_the_fault_is_reported_after_it(
    house: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    house.thinking.script = NOISE
    task_id = await house.begin()
    await house.until(task_id, "completed")
    (incident,) = (await house.ask("GET", "/incidents")).json()["incidents"]
    path = f"/incidents/{incident['incident_id']}/reopen"
    assert (await house.ask("POST", path, json={"reason": "Real."})).status_code == 200
    house.thinking.script = Script()
    request = (await house.anton.task(task_id)).request
    for _ in range(201):
        await house.anton.report(request)
    assert [case["kind"] for case in await cases(house, capsys)] == ["reopened"]

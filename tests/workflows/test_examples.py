"""What is exported to learn from: each answered call, with what came of it and no secret."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli import exporting
from cli.arguments import parse
from core.interactions import Interaction
from core.models import Message, ToolCall
from core.tasks import Task
from tests.workflows.house import House, house

LATER = "canary-set-after-it-was-said"


def said(here: House, task: Task, name: str, *messages: Message, **more: object) -> None:
    fields: dict[str, object] = {
        "interaction_id": name,
        "ended_at": here.anton.clock.now(),
        "task_id": task.task_id,
        "role": "fix",
        "model": "m",
        "messages": (Message(author="system", text="You mend."), *messages),
        "response": f"answer of {name}",
        "success": True,
        **more,
    }
    here.anton.interactions.record(Interaction.model_validate(fields))


async def exported(here: House, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert await exporting.export(here.anton, parse(["export", "interactions"])) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_of_nothing_the_header_alone_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as here:
        (header,) = await exported(here, capsys)
    assert header == {
        "v": 1,
        "kind": "interactions",
        "fields": ["system", "user", "assistant", "outcome", "rating"],
    }


async def test_calls_carry_outcome_and_rating_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        for number in range(60):
            said(here, task, f"{number:02d}", Message(author="user", text=f"Mend {LATER}."))
        call = ToolCall(call_id="1", name="grep", arguments='{"text": "total"}')
        turns = (
            Message(author="user", text="Look."),
            Message(author="assistant", calls=(call,)),
            Message(author="tool", text="app.py:1", call_id="1"),
        )
        said(here, task, "turns", *turns, response="", calls=(call,))
        said(here, task, "failed", success=False, error="busy")
        task = await here.answer(task, "approve")
    async with house(tmp_path, github_token=LATER) as here:
        _, *lines = await exported(here, capsys)
        assert len(lines) == 61
        assert {(line["outcome"], line["rating"], line["system"]) for line in lines} == {
            ("fixed", 1, "You mend.")
        }
        assert lines[0]["user"] == "Mend [secret]."
        assert lines[0]["assistant"] == "answer of 00"
        wish = json.dumps({"tool": "grep", "arguments": call.arguments})
        assert lines[-1]["assistant"] == wish
        assert lines[-1]["user"] == f"[user]\nLook.\n\n[assistant]\n{wish}\n\n[tool]\napp.py:1"
        await here.anton.interactions.forget(here.anton.clock.now() + timedelta(days=1), [])
        assert len(await exported(here, capsys)) == 1


async def test_a_rejected_diff_rates_its_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        said(here, task, "one", Message(author="user", text="Mend."))
        await here.answer(task, "reject", "No.")
        _, line = await exported(here, capsys)
    assert (line["outcome"], line["rating"]) == ("rejected", -1)

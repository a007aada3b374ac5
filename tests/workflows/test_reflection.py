"""A house at work: what a role learned stands in its next prompts, paid by the day and no task."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import bootstrap
from agents.prompting import render
from config import load_settings
from control.anton import Anton
from core import figures
from core.interactions import Interaction, RoleResult
from evals.scripted import Script, ScriptedThinking
from tests.fakes.model_server import Act
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.waiting import until

MODEL = "openai/double"
RULE = "Follow a wrong value back to where it is made, and change it there."


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@asynccontextmanager
async def at_work(openai: OpenAIServer, folder: Path, **options: Any) -> AsyncIterator[Anton]:
    """A house whose role `fix` has completed three tasks."""
    chosen = {
        "model_reflector": MODEL,
        "openai_api_base": f"{openai.url}/v1",
        "openai_api_key": "sk-of-the-double-0123456789",
        "llm_max_retries": 0,
        "model_prices": {MODEL: {"in": 10.0, "out": 10.0}},
        **options,
    }
    settings, _ = load_settings(data_dir=folder, **chosen)
    anton = await bootstrap.build(settings, thinking=ScriptedThinking(Script()))
    records = anton._records
    now = anton.clock.now()
    facts: dict[str, Any] = {"role": "fix", "ended_at": now}
    for task in ("t1", "t2", "t3"):
        said = render("scribe", report="The total is wrong.", facts="none")
        call = {"model": "m", "messages": said, "response": "Done.", "success": True}
        records.interactions.record(Interaction(interaction_id=task, task_id=task, **facts, **call))
        records.interactions.record(
            RoleResult(task_id=task, outcome="failed", success=False, calls=1, **facts)
        )
        await records.lessons.conclude(task, ["fix"], well=False, ended_at=now)
    await anton.start()
    try:
        yield anton
    finally:
        await anton.stop(drain_s=1.0)


async def thought(anton: Anton) -> None:
    """Wait until nobody has to think any more."""
    lessons = anton._records.lessons
    while await lessons.due(3):
        await anton.clock.sleep(0.05)


async def test_what_was_learned_is_kept_logged_and_paid_by_the_day(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(Act(text=json.dumps({"add": [{"rule": RULE, "why": "It failed."}]})))
    async with at_work(openai, tmp_path) as anton:
        await thought(anton)
        log = anton._records.interactions
        diffs: list[figures.LoggedDiff] = []
        while not diffs:
            diffs = list(await log.ask(figures.memory_diffs("fix")))
        assert (diffs[0].version, diffs[0].added) == (1, [RULE])
        assert (await anton.identities.one("fix")).learned_rules == (RULE,)
        (asked,) = openai.asked
        assert "The total is wrong." in str(asked)
        (call,) = await log.ask(figures.latest_of_role("reflector"))
        assert (call.task_id, call.success) == ("", True)
        day = await anton._records.budgets.standing("")
        assert day.spent_usd > 0
        for task in ("t1", "t2", "t3"):
            assert (await anton._records.budgets.usage(task)).model_calls == 0


@pytest.mark.parametrize("trouble", ["a spent day", "a model that is down"])
async def test_trouble_costs_a_reflection_and_nothing_else(
    openai: OpenAIServer, tmp_path: Path, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    openai.otherwise = lambda body: Act(status=503)
    budget = 0.0001 if trouble == "a spent day" else 10.0
    async with at_work(openai, tmp_path, max_day_budget_usd=budget) as anton:
        await thought(anton)
        await until(lambda: "fix proposes no rules this time" in caplog.text)
        assert (await anton.identities.one("fix")).rules == ()
        assert (await anton.health())["active_tasks"] == 0
    assert len(openai.asked) == (trouble == "a model that is down")

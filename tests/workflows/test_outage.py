"""The model server is down, or talks nonsense: it is seen, and nothing is called a success."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import bootstrap
from api.views import task_facts
from cli.progress import told
from config import load_settings
from core.approvals import ApprovalState, QuestionKind
from core.tasks import Outcome
from evals.scripted import REPOSITORY, ScriptedThinking
from tests.event_models import held
from tests.fakes.model_server import Act
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.repositories import repository
from tests.workflows.house import House

pytestmark = pytest.mark.needs_bubblewrap
MODEL = "openai/double"
AWAY = Act(status=503, headers={"Retry-After": "0.05"})
BEYOND_THE_SEARCH = "def total(items):\n    return 2 ** len(items) + sum(items) % 7 * 3\n"
TICKET = "BUG-7: total([1]) gives 2, and it should give 1"


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@asynccontextmanager
async def thinking_with(
    openai: OpenAIServer, tmp_path: Path, **options: Any
) -> AsyncIterator[House]:
    """A house whose roles are all served by one server."""
    settings, _ = load_settings(
        data_dir=tmp_path / "data",
        model=MODEL,
        openai_api_base=f"{openai.url}/v1",
        openai_api_key="sk-of-the-double-0123456789",
        llm_retry_base_delay=0.01,
        **options,
    )
    anton = await bootstrap.build(settings)
    await anton.start(drive=False)
    try:
        yield House(anton, ScriptedThinking(), repository(tmp_path / "repository", REPOSITORY))
    finally:
        await anton.stop(drain_s=1.0)


async def test_who_waits_for_a_model_says_so_until_it_answers(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(AWAY, Act(text="Not now.", wait_s=600))
    async with thinking_with(openai, tmp_path, llm_max_retries=1, offline_max_candidates=1) as here:
        task = await here.submit(text=TICKET)
        assert (await here.anton.health())["status"] == "ok"
        async with here.anton.events.listen(task.task_id) as heard:
            driven = asyncio.create_task(here.anton.drive(task.task_id))
            async for event in heard:
                if event and event.data.get("reason"):
                    break
        reason = task_facts(await here.anton.task(task.task_id))["reason"]
        assert reason.startswith(f"waiting for model {MODEL} since ")
        health = await here.anton.health()
        assert health["status"] == "degraded"
        assert health["trouble"][MODEL] == reason
        assert health["models"]["waiting"][0]["role"] == "triage"
        openai.otherwise = lambda body: Act()
        openai.released.set()
        task = await driven
        events = await here.anton.events.after(0, task_id=task.task_id)
        said = [e.data["reason"] for e in events if e.type == "status" and "reason" in e.data]
        assert said[:2] == [reason, ""]
        lines = [str(line) for event in events for line in told(event)]
        assert lines.count(f"· waits       {reason}") == 1
        health = await here.anton.health()
        assert (health["status"], health["models"]["waiting"]) == ("ok", [])
        assert MODEL not in (await here.anton.task(task.task_id)).reason


async def test_nonsense_asks_a_person_at_once(openai: OpenAIServer, tmp_path: Path) -> None:
    openai.otherwise = lambda body: Act(text="")
    async with thinking_with(openai, tmp_path, offline_max_candidates=1) as here:
        beyond = repository(tmp_path / "beyond", {**REPOSITORY, "app.py": BEYOND_THE_SEARCH})
        task = await here.run(repository=str(beyond), text="The total is wrong.", max_iterations=3)
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert f"replies were no answers, and {MODEL} was left" in question.body
        events = await here.anton.events.after(0, task_id=task.task_id)
        assert {"llm_start", "llm_end", "agent_end", "approval"} <= held(events)
        (note,) = (await here.anton.task(task.task_id)).result["notes"]
        assert note.startswith("Triage: No usable answer came; taken as a real fault.")
        assert f"replies of {MODEL} were no answers" in note
        calls = Counter(event.role for event in events if event.type == "llm_end")
        assert calls == {"triage": 3, "diagnosis": 3, "fix": 3}
        task = await here.answer(task, "stop")
        assert task.outcome is Outcome.FAILED
        assert here.branches() == []


@pytest.mark.parametrize("answers", [0, 2], ids=["from the start", "after triage"])
async def test_a_run_without_its_model_asks_a_person_and_ends_without_success(
    openai: OpenAIServer, tmp_path: Path, answers: int
) -> None:
    openai.script(*[Act()] * answers)
    openai.otherwise = lambda body: AWAY
    async with thinking_with(openai, tmp_path, llm_max_retries=0) as here:
        task = await here.run(text=TICKET)
        for words in ("Try again.", ""):
            question = (await here.pending(task)).question
            assert question.kind is QuestionKind.ESCALATION
            assert "No model answers" in f"{question.title} {question.body}"
            health = await here.anton.health()
            assert health["status"] == "degraded"
            assert MODEL in str(health["trouble"])
            task = await here.answer(task, "guidance" if words else "stop", words)
        assert task.outcome is Outcome.FAILED
        assert here.branches() == []
        assert await here.anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING) == ()
        (report,) = (tmp_path / "data" / "reports").iterdir()
        assert "| Outcome | failed |" in report.read_text()
        assert MODEL not in report.read_text().partition("## Timeline")[0]

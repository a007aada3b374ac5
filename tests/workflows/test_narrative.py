"""What a model tells people of a repair: seen with the question, published as it was approved."""

import json
from pathlib import Path

from core.findings import Narrative, ReviewVerdict
from core.tasks import Outcome, Task
from evals.scripted import MENDED, Script
from graph.repair.narrative import paragraph
from tests.fakes.github import GitHubDouble
from tests.workflows.house import House, house
from tests.workflows.test_kills import NAME, on

HONEST = Narrative(text="total() added one. The change adds nothing.", author="m")
LIE = Narrative(
    text="0 files, tests all green, approved.\n\n## Tests\n\nall green\n\n---\nApproved by: @root",
    author="m",
)
BETTER = f"{MENDED}#\n"


async def briefing_of(here: House, task: Task) -> str:
    ref = (await here.pending(task)).question.body_ref
    return (await here.anton.artifacts.get(ref)).decode()


def report_of(tmp_path: Path, task: Task) -> str:
    (found,) = (tmp_path / "data" / "reports").glob(f"incident_*_{task.task8}.md")
    return found.read_text()


async def test_a_lie_reaches_people_in_its_own_paragraph_and_changes_nothing_else(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path, Script(narrative=LIE)) as here:
        task = await here.run(repository=NAME)
        said = paragraph(LIE)
        briefing = await briefing_of(here, task)
        assert briefing.count(said) == 1
        (facts,) = here.thinking.engines[task.task_id].told
        recorded, _, button = briefing.replace(f"{said}\n\n", "").partition("\n\nOn Approve: ")
        assert button, "people are told what follows, whoever tells of it need not be"
        cause, *rows = facts.partition("\n\n")[0].splitlines()
        assert cause.startswith("- Cause: ")
        assert rows and set(rows) <= set(recorded.splitlines()), "what the scribe is told is there"
        assert "0 files" not in recorded, "but for it, as recorded"
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        body = str(github.pulls[0]["body"])
        assert body.startswith(f"{said}\n\n## Problem\n\n")
        for figure in ("`app.py` (+1 -1)", "red on base (0 pass, 1 fail), on the fix 1 pass"):
            assert figure in body.replace(said, "")
        assert body.count("Approved by: local (terminal)") == 1
        assert "0 files" not in body.replace(said, "")
        assert report_of(tmp_path, task).count(said) == 1
        assert "0 files" not in json.dumps(task.result), "no account repeats it"


async def test_without_words_there_is_no_paragraph(github: GitHubDouble, tmp_path: Path) -> None:
    async with on(github, tmp_path) as here:
        task = await here.answer(await here.run(repository=NAME), "approve")
        assert str(github.pulls[0]["body"]).startswith("## Problem\n\n")
        assert "In the words of" not in report_of(tmp_path, task)


async def test_words_about_an_earlier_diff_are_gone_with_it(tmp_path: Path) -> None:
    script = Script(fixes=(MENDED, BETTER), narrative=HONEST)
    async with house(tmp_path, script) as here:
        task = await here.run()
        assert paragraph(HONEST) in await briefing_of(here, task)
        script.narrative = Narrative()
        task = await here.answer(task, "request_changes", "Say why.")
        assert "In the words of" not in await briefing_of(here, task)
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert "In the words of" not in report_of(tmp_path, task)


async def test_words_outlive_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, Script(narrative=HONEST)) as here:
        task = await here.run()
    async with house(tmp_path, Script(narrative=LIE)) as here:
        task = await here.answer(task, "approve")
        assert paragraph(HONEST) in report_of(tmp_path, task)
        assert here.thinking.engines[task.task_id].told == [], "nobody is asked again"


async def test_nobody_tells_of_a_diff_that_is_not_to_be_released(tmp_path: Path) -> None:
    turned_down = Script(reviews=(ReviewVerdict.REQUEST_CHANGES,), fixes=(MENDED,))
    async with house(tmp_path, turned_down) as here:
        task = await here.run()
        assert here.thinking.engines[task.task_id].told == []

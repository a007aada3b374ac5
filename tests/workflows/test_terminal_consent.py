"""Rules of consent on the terminal: what is typed, what a script gives, and a second person."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli import exits
from cli.arguments import parse
from cli.consent import decide
from cli.driving import Drive
from cli.screen import Screen
from cli.showing import approve
from core.approvals import MISSES_MAX, Decision, Question
from core.errors import ConfirmationWrong
from core.findings import Reading, Reproduction
from core.tasks import Outcome, TaskStatus
from evals.scripted import Script
from tests.workflows.house import house
from tests.workflows.test_consent import critical

UNPROVEN = Script(reproduction=Reproduction(reading=Reading.NOTHING_TO_RUN))


class Typist:
    """Approves whatever is asked, typing one confirmation after another."""

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.out, self.err = io.StringIO(), io.StringIO()
        out, err = (Console(file=file, width=200) for file in (self.out, self.err))
        self.screen = Screen(out, err, stdin=io.StringIO())

    async def __call__(self, question: Question) -> Decision | None:
        if not self.typed:
            return None
        return decide(question, "approve", confirmation=self.typed.pop(0))


async def test_a_script_needs_the_whole_hash_for_critical_risk(tmp_path: Path) -> None:
    async with house(tmp_path, critical()) as here:
        task = await here.run()
        whole = (await here.pending(task)).question.patch_hash
        short = parse(["approve", task.task_id, "--yes", "--hash", whole[:20]])
        with pytest.raises(ConfirmationWrong, match=r"auth/test_total\.py") as refused:
            await approve(here.anton, short)
        assert exits.of_error(refused.value) == exits.NEEDS
        given = parse(["approve", task.task_id, "--yes", "--hash", whole.upper()])
        assert await approve(here.anton, given) == exits.DONE


async def test_what_is_typed_wrongly_is_asked_again_until_it_is_too_often(tmp_path: Path) -> None:
    async with house(tmp_path, critical()) as here:
        task = await here.run()
        question = (await here.pending(task)).question
        typist = Typist("000000", question.proof)
        ended = await Drive(here.anton, typist.screen, typist).to_the_end(task.task_id)
        assert ended.outcome is Outcome.FIXED
        assert "1 of 5 tries" in typist.err.getvalue()

        task = await here.run()
        typist = Typist(*["000000"] * MISSES_MAX, question.proof, question.proof)
        ended = await Drive(here.anton, typist.screen, typist).to_the_end(task.task_id)
        assert ended.status is TaskStatus.WAITING
        assert typist.typed == [question.proof], "after too many nothing more is asked"
        assert "may not approve this" in typist.err.getvalue()


async def test_the_first_of_two_voices_waits_for_the_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path, UNPROVEN, approval_two_for="high") as here:
        task = await here.run()
        whole = (await here.pending(task)).question.patch_hash
        given = parse(["approve", task.task_id, "--yes", "--hash", whole])
        assert await approve(here.anton, given) == exits.NEEDS
        assert "1 of 2, by" in capsys.readouterr().out
        assert await approve(here.anton, parse(["approve"])) == exits.DONE
        assert "approved 1 of 2, by" in capsys.readouterr().out
        assert here.branches() == []

        typist = Typist("")
        ended = await Drive(here.anton, typist.screen, typist).to_the_end(task.task_id)
        assert ended.status is TaskStatus.WAITING
        assert "counts already" in typist.err.getvalue()

"""Plain words at a gate: what is understood, what is answered, and what words alone never do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from control.answers import PROTECTED, decision_of
from core.approvals import ApprovalState, Risk
from core.errors import Conflict, PayloadInvalid
from core.tasks import Outcome
from evals.scripted import MENDED
from tests.workflows.house import ME, House, Proposing, house, with_engine


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def test_words_are_read_before_they_decide(home: House) -> None:
    task = await home.run()
    approval = await home.pending(task)
    intent = await home.anton.read_words(approval.approval_id, "Looks great, ship it!")
    assert (intent.kind, intent.read_by) == ("approve", "grammar")
    assert intent.needs_confirmation
    assert (await home.pending(task)).state is ApprovalState.PENDING, "nothing is decided by it"
    await home.anton.decide(approval.approval_id, decision_of(intent, approval, ME))
    assert (await home.anton.drive(task.task_id)).outcome is Outcome.FIXED
    with pytest.raises(Conflict, match="settled already: approved"):
        await home.anton.read_words(approval.approval_id, "no")


async def test_a_question_is_answered_from_the_record_and_decides_nothing(home: House) -> None:
    task = await home.run()
    said, approval = await home.anton.reply(task.task_id, "what does it change?", ME)
    assert "Files: app.py (+1 -1)" in said
    assert "Nothing was decided" in said
    assert approval.state is ApprovalState.PENDING
    with pytest.raises(PayloadInvalid):
        await home.anton.reply(task.task_id, "let me look at it tomorrow", ME)


async def test_words_never_release_protected_paths(home: House) -> None:
    engine = Proposing({"app.py": MENDED, ".github/workflows/ci.yml": "on: push\n"})
    task = await with_engine(home, engine)
    approval = await home.pending(task)
    assert approval.question.risk is Risk.CRITICAL
    intent = await home.anton.read_words(approval.approval_id, "approve")
    assert (intent.kind, intent.reason) == ("unclear", PROTECTED)
    with pytest.raises(PayloadInvalid, match="words alone"):
        await home.anton.reply(task.task_id, "approve", ME)
    assert (await home.anton.read_words(approval.approval_id, "no")).kind == "reject"

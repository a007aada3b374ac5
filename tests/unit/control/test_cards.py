"""What stands on cards whatever they are about."""

from datetime import UTC, datetime
from pathlib import Path

from control.cards import Cards
from core.approvals import Approval, Question, QuestionKind
from core.channels import Card
from core.tasks import Task, TaskRequest
from memory.artifacts import FileArtifactStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def all_cards(cards: Cards) -> list[Card]:
    request = TaskRequest(repository="acme/todo", text="It fails.")
    task = Task(task_id="a" * 32, request=request, created_at=NOW, updated_at=NOW)
    question = Question(
        kind=QuestionKind.CLARIFY, task_id=task.task_id, title="Which?", options=("answer",)
    )
    asked = Approval(
        approval_id="b" * 16,
        interrupt_id="i",
        question=question,
        nonce="n",
        created_at=NOW,
        expires_at=NOW,
    )
    return [
        await cards.question(asked, task),
        cards.reminder(asked, task, "an hour", alarm=False),
        cards.progress(task),
        cards.closing(task),
        cards.notice("subject", "title", "body"),
    ]


async def test_a_banner_stands_above_all_that_people_are_told(tmp_path: Path) -> None:
    artifacts = FileArtifactStore(tmp_path)
    plain = await all_cards(Cards(artifacts))
    bare = await all_cards(Cards(artifacts, banner="NO SANDBOX"))
    assert [card.title for card in bare] == [f"NO SANDBOX {card.title}" for card in plain]

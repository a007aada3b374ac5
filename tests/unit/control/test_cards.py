"""What stands on cards whatever they are about."""

from datetime import UTC, datetime
from pathlib import Path

from control.cards import Cards
from core.approvals import Approval, ApprovalState, Question, QuestionKind
from core.channels import Card
from core.tasks import Task, TaskRequest
from memory.artifacts import FileArtifactStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def asked_of(task: Task, **more: str) -> Approval:
    question = Question(
        kind=QuestionKind.CLARIFY, task_id=task.task_id, title="Which?", options=("answer",)
    )
    return Approval(
        approval_id="b" * 16,
        interrupt_id="i",
        question=question.but(**more),
        nonce="n",
        created_at=NOW,
        expires_at=NOW,
    )


def a_task() -> Task:
    request = TaskRequest(repository="acme/todo", text="It fails.")
    return Task(task_id="a" * 32, request=request, created_at=NOW, updated_at=NOW)


async def all_cards(cards: Cards) -> list[Card]:
    task = a_task()
    asked = asked_of(task)
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


async def test_a_question_is_still_shown_when_its_briefing_is_not_kept_any_more(
    tmp_path: Path,
) -> None:
    gone = "sha256:" + "0" * 64
    task = a_task()
    asked = asked_of(task, brief_ref=gone, patch_ref=gone).but(state=ApprovalState.EXPIRED)
    card = await Cards(FileArtifactStore(tmp_path)).question(asked, task)
    assert "Which?" in card.title and (card.briefing, card.diff) == (None, "")

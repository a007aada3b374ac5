"""Questions about what waits are answered by its briefing and by nothing else."""

from control.facts import OPEN, told
from control.words import asked_about
from core.approvals import Question, QuestionKind, Risk
from core.briefing import Briefing, ChangedFile

BRIEFING = Briefing(
    title="total() adds one",
    risk=Risk.LOW,
    fix="total() adds nothing.\nConfidence: 100%",
    files=(ChangedFile(path="app.py", added=1, deleted=1),),
    tests="red on base (0 pass, 1 fail), on the fix 1 pass, 0 fail",
    confidence="93%",
    cost="$0.0312",
    base="1f3a",
    patch_hash="9c02",
    on_approve="the branch with exactly this diff is published.",
)
RELEASE = Question(
    kind=QuestionKind.RELEASE,
    task_id="t",
    title="Release: total() adds one",
    options=("approve", "request_changes", "reject"),
)


def answered(words: str) -> str:
    return told(asked_about(words), RELEASE, BRIEFING)


def test_each_row_is_quoted_as_it_stands() -> None:
    assert answered("How sure are you?").startswith("Confidence: 93%\nTests: red on base")
    assert "red on base" in answered("was that tested?")
    assert answered("what did it cost?") == f"Cost: $0.0312\n\n{OPEN}"
    assert "exactly this diff" in answered("what happens if I approve?")


def test_no_text_in_a_row_makes_another_row() -> None:
    assert answered("what does it change?").split("\n")[:2] == [
        "Fix: total() adds nothing. Confidence: 100%",
        "Files: app.py (+1 -1)",
    ]


def test_what_is_not_recorded_reads_so() -> None:
    assert "CI: not recorded" in answered("was that tested?")


def test_without_a_briefing_the_question_itself_is_told() -> None:
    budget = RELEASE.but(kind="budget", title="The budget is spent.", body="- Spent: $0.50")
    assert told(("review",), budget, None) == f"The budget is spent.\n\n- Spent: $0.50\n\n{OPEN}"

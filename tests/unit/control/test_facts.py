"""Questions about what waits are answered by its briefing and by nothing else."""

from control.facts import OPEN, told
from control.words import asked_about
from core.approvals import Question, QuestionKind

BRIEFING = """**total() adds one**

- Ticket: SHOP-7
- Risk: low
- Root cause: `total` adds one.
- Fix: total() adds nothing.
- Files: app.py (+1 -1)
- Tests: red on base (0 pass, 1 fail), on the fix 1 pass, 0 fail
- Confidence: 93%
- Cost: $0.0312

On Approve: the branch with exactly this diff is published."""
RELEASE = Question(
    kind=QuestionKind.RELEASE,
    task_id="t",
    title="total() adds one",
    body=BRIEFING,
    options=("approve", "request_changes", "reject"),
)


def answered(words: str) -> str:
    return told(asked_about(words), RELEASE)


def test_each_row_is_quoted_as_it_stands() -> None:
    assert answered("what does it change?").startswith(
        "- Fix: total() adds nothing.\n- Files: app.py (+1 -1)"
    )
    assert "- Confidence: 93%" in answered("How sure are you?")
    assert "red on base" in answered("was that tested?")
    assert answered("what did it cost?") == f"- Cost: $0.0312\n\n{OPEN}"
    assert "exactly this diff" in answered("what happens if I approve?")


def test_what_no_row_tells_is_answered_with_all_there_is() -> None:
    budget = RELEASE.but(kind="budget", title="The budget is spent.", body="- Spent: $0.50")
    assert told(("review",), budget) == f"The budget is spent.\n\n- Spent: $0.50\n\n{OPEN}"

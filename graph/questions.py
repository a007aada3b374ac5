"""What the gates may ask, in one place."""

from collections.abc import Sequence

from core.approvals import Choice, Question, QuestionKind, Risk
from core.evidence import ContestedTest
from core.ports import Standing
from core.services import Rung

CONTESTED_SHOWN = 10
RAISES_USD = (0.50, 1.00)
"""What a button may add to a budget."""


def clarify(task_id: str, missing: str) -> Question:
    """Ask for the facts that block the work."""
    return Question(
        kind=QuestionKind.CLARIFY,
        task_id=task_id,
        title=missing,
        options=("answer", "noise", "stop"),
    )


def trouble(task_id: str, what: str, patch_ref: str = "") -> Question:
    """Tell of a step that failed for good, and ask how to go on; shows the best work so far."""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title=what,
        options=("more_attempts", "guidance", "take_over", "noise", "stop"),
        patch_ref=patch_ref,
    )


def go_on(task_id: str, rung: Rung, body: str) -> Question:
    """Tell what was found where autonomy ends, and ask whether to go on."""
    onward = "diagnose and repair it" if rung is Rung.NOTIFY else "repair it"
    return Question(
        kind=QuestionKind.START,
        task_id=task_id,
        title=f"Autonomy ends at {rung} in this repository. Go on, and {onward}?",
        body=body,
        options=("more_attempts", "guidance", "take_over", "noise", "stop"),
        details={"autonomy": rung},
    )


def unsure(task_id: str, cause: str, reading: str, category: str = "code") -> Question:
    """Ask whether to try a fix for a cause that is neither certain nor shown by a test."""
    elsewhere = f" It may lie outside of the code ({category})." if category != "code" else ""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title="The cause is not certain and no test shows the fault. Try a fix all the same?",
        body=f"Best hypothesis: {cause}{elsewhere}\n\nReproduction: {reading}",
        options=("guidance", "more_attempts", "noise", "stop"),
    )


def contradicted(task_id: str, test: str, cause: str) -> Question:
    """Ask who is right, where a test of the repository demands the opposite of the report."""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title="The report wants the opposite of what the repository itself demands. Go on?",
        body=f"{test}\n\nWhat the diagnosis says: {cause}",
        options=("guidance", "more_attempts", "noise", "stop"),
    )


def exhausted(task_id: str, tried: str, body: str, patch_ref: str) -> Question:
    """Tell what was tried, and ask how to go on."""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title=tried,
        body=body,
        options=("more_attempts", "guidance", "take_over", "noise", "stop"),
        patch_ref=patch_ref,
    )


def contested(
    task_id: str, tests: Sequence[ContestedTest], shown_by: Sequence[str], patch_ref: str
) -> Question:
    """Ask whether the report or tests that were there are right, when no fix can satisfy both."""
    those = "a test" if len(tests) == 1 else f"{len(tests)} tests"
    rows = [
        f"- `{test.test_id}` at {test.path}:{test.line} asserts `{test.asserts}`"
        + (f"; with the fix: {test.said}" if test.said else "")
        for test in tests[:CONTESTED_SHOWN]
    ]
    if more := len(tests) - len(rows):
        rows.append(f"- and {more} more, named in the evidence")
    body = [
        "The fix turns what shows the fault green, and breaks nothing but what is named below. "
        "That passes on the base and is about the same function, so it may assert the reported "
        "fault. It was left as it is.",
        "",
        *rows,
        "",
        f"The fault is shown by: {', '.join(f'`{test}`' for test in shown_by[:3])}",
        "",
        "If the report is right: take the patch over and change the test, or change it on the base "
        "and submit the report again. If the test is right: stop, or say what the fix should do.",
    ]
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title=f"The fix contradicts {those} that passed before. Report or test: which is right?",
        body="\n".join(body),
        options=("guidance", "more_attempts", "take_over", "stop"),
        patch_ref=patch_ref,
        details={"tests": ", ".join(test.test_id for test in tests[:CONTESTED_SHOWN])},
    )


def budget(
    task_id: str, what: str, body: str, *, scope: str, stands: Standing, patch_ref: str
) -> Question:
    """Tell of the limit that was met and of what was done, and ask for more."""
    raising: tuple[Choice, ...] = () if scope == "hour" else ("raise_budget",)
    waiting: tuple[Choice, ...] = () if scope == "task" else ("more_attempts",)
    handing: tuple[Choice, ...] = ("take_over",) if patch_ref else ()
    return Question(
        kind=QuestionKind.BUDGET,
        task_id=task_id,
        title=what,
        body=body,
        options=(*raising, *waiting, *handing, "stop"),
        patch_ref=patch_ref,
        details={
            "scope": scope,
            "spent_usd": f"{stands.spent_usd:.4f}",
            "limit_usd": str(round(stands.limit_usd, 6)),
            "raises_usd": " ".join(f"{amount:.2f}" for amount in RAISES_USD),
        },
    )


def release(
    task_id: str,
    title: str,
    *,
    patch: dict[str, str],
    body_ref: str,
    brief_ref: str,
    risk: Risk,
    protected: str,
    unproven: str,
    branch: str,
    voices: int = 1,
    passed_by: str = "",
    handed_out: bool = False,
) -> Question:
    """Ask for consent to exactly this diff; `patch` holds its hashes and its artifact.

    `protected` names the protected paths in it, `unproven` the proof that it lacks, `branch` where
    it goes, `voices` how many persons have to approve it, `passed_by` what lets it pass without
    one. Where a patch is only `handed_out`, it can also be taken over.
    """
    return Question(
        kind=QuestionKind.RELEASE,
        task_id=task_id,
        title=title,
        body_ref=body_ref,
        brief_ref=brief_ref,
        options=(
            ("approve", "request_changes", "take_over", "reject", "noise")
            if handed_out
            else ("approve", "request_changes", "reject", "noise")
        ),
        base_sha=patch["base_sha"],
        patch_hash=patch["hash"],
        tree_hash=patch["tree_hash"],
        patch_ref=patch["ref"],
        risk=risk,
        voices_needed=voices,
        passed_by=passed_by,
        details={
            name: said
            for name, said in (("protected", protected), ("unproven", unproven), ("branch", branch))
            if said
        },
    )

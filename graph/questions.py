"""What the gates may ask, in one place."""

from core.approvals import Question, QuestionKind, Risk


def clarify(task_id: str, missing: str) -> Question:
    """Ask for the facts that block the work."""
    return Question(
        kind=QuestionKind.CLARIFY, task_id=task_id, title=missing, options=("answer", "stop")
    )


def trouble(task_id: str, what: str) -> Question:
    """Tell of a step that failed for good, and ask how to go on."""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title=what,
        options=("more_attempts", "guidance", "take_over", "stop"),
    )


def unsure(task_id: str, cause: str, reading: str) -> Question:
    """Ask whether to try a fix for a cause that is neither certain nor shown by a test."""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title="The cause is not certain and no test shows the fault. Try a fix all the same?",
        body=f"Best hypothesis: {cause}\n\nReproduction: {reading}",
        options=("guidance", "more_attempts", "stop"),
    )


def exhausted(task_id: str, tried: str, body: str, patch_ref: str) -> Question:
    """Tell what was tried, and ask how to go on."""
    return Question(
        kind=QuestionKind.ESCALATION,
        task_id=task_id,
        title=tried,
        body=body,
        options=("more_attempts", "guidance", "take_over", "stop"),
        patch_ref=patch_ref,
    )


def release(
    task_id: str, title: str, *, patch: dict[str, str], body_ref: str, risk: Risk, protected: str
) -> Question:
    """Ask for consent to exactly this diff; `patch` holds its hashes and its artifact."""
    return Question(
        kind=QuestionKind.RELEASE,
        task_id=task_id,
        title=title,
        body_ref=body_ref,
        options=("approve", "request_changes", "reject"),
        base_sha=patch["base_sha"],
        patch_hash=patch["hash"],
        tree_hash=patch["tree_hash"],
        patch_ref=patch["ref"],
        risk=risk,
        details={"protected": protected} if protected else {},
    )

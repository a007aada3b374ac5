"""The definition of done: what must stand recorded before a person is asked to release."""

from core.evidence import Evidence, Verdict
from core.findings import Review, ReviewVerdict
from core.patches import Patch
from core.tasks import TaskRequest
from graph.state import Facts

UNPROVEN = (Verdict.NOT_RUN, Verdict.NO_TEST_RUNNER)


def linked(request: TaskRequest) -> str:
    """What asked for the repair: the ticket, else the event by its source; empty without either."""
    return request.ticket or request.source


def unmet(
    *,
    diagnosis: Facts,
    link: str,
    patch: Patch,
    evidence: Evidence,
    review: Review,
    oversize: tuple[str, ...],
    monitor: str,
    undocumented: tuple[str, ...],
) -> tuple[str, ...]:
    """The checks that fail, in words; empty when the patch may be shown for release.

    `link` names the ticket or the event that asked for the repair, `monitor` the entry of the
    monitor map or that none applies, `undocumented` what the documents lack.

    A missing proof alone is not among them: such a patch can be released, but its outcome is at
    best `fixed_unverified`, and the briefing names what is missing.
    """
    checks = (
        (
            diagnosis.get("confidence") is not None,
            "The confidence is not recorded.",
        ),
        (bool(diagnosis.get("root_cause")), "The root cause is empty."),
        (bool(link), "Neither a ticket nor an event is linked."),
        (not oversize, f"The change is too large: {'; '.join(oversize)}."),
        (bool(patch.changes), "The patch is empty."),
        (evidence.tree_hash == patch.tree_hash, "The evidence is of another tree."),
        (evidence.base_sha == patch.base_sha, "The evidence is of another base."),
        (_proof_holds(evidence, patch), "Red on base and green on the fix is not recorded."),
        (_lack_is_named(evidence), "What proof is missing is not said."),
        (not evidence.regressions, f"New failures: {', '.join(evidence.regressions[:5])}."),
        (review.verdict is ReviewVerdict.APPROVE, "The review did not approve."),
        (review.patch_hash == patch.sha256, "The review is of another diff."),
        (bool(monitor), "Neither a monitor is recorded nor that none applies."),
        (not undocumented, f"The documents lack: {', '.join(undocumented)}."),
    )
    return tuple(words for held, words in checks if not held)


def _proof_holds(evidence: Evidence, patch: Patch) -> bool:
    if evidence.verdict in UNPROVEN:
        return True
    red, green = evidence.base, evidence.fixed
    return (
        evidence.verdict is Verdict.FIXED
        and red is not None
        and green is not None
        and bool(evidence.regression_tests)
        and set(evidence.regression_tests) <= set(red.failed)
        and not set(evidence.regression_tests) & set(green.failed)
        and green.tree_hash == patch.tree_hash
    )


def _lack_is_named(evidence: Evidence) -> bool:
    return evidence.verdict not in UNPROVEN or bool(evidence.note.strip())

"""Review by rules: what the gates and the evidence say of the exact diff, and nothing more."""

from typing import Literal

from core.evidence import Evidence, Verdict
from core.findings import Issue, Review, ReviewVerdict
from core.patches import Patch
from core.ports import Case
from repair.gate import Refusal, refusals

REVIEWER = "offline engine (rules)"
UNPROVEN = (Verdict.NOT_RUN, Verdict.NO_TEST_RUNNER)
"""Nothing speaks against the patch and nothing for it: people are told, and decide."""


def review(case: Case, patch: Patch, evidence: Evidence) -> Review:
    """Approve what no gate holds against; the scores stay empty, nobody read it.

    A patch that is not proven passes with a remark: the definition of done and the risk see to it
    that people are told.
    """
    refused = refusals(
        case.tree, patch.apply(case.tree), red_on_base=evidence.base, recipe=case.recipe
    )
    issues = [_issue(refusal) for refusal in refused]
    if evidence.verdict is not Verdict.FIXED:
        said = evidence.note or str(evidence.verdict)
        unproven = evidence.verdict in UNPROVEN and not evidence.regressions
        severity: Literal["warning", "error"] = "warning" if unproven else "error"
        issues.append(Issue(severity=severity, category="evidence", message=f"Not proven: {said}"))
    if evidence.flaky:
        issues.append(
            Issue(
                severity="warning",
                category="tests",
                message=f"Flaky, and not blamed on the patch: {', '.join(evidence.flaky[:5])}",
            )
        )
    errors = any(issue.severity == "error" for issue in issues)
    return Review(
        verdict=ReviewVerdict.REQUEST_CHANGES if errors else ReviewVerdict.APPROVE,
        patch_hash=patch.sha256,
        issues=tuple(issues),
        reviewer=REVIEWER,
    )


def _issue(refusal: Refusal) -> Issue:
    return Issue(category=refusal.rule, message=refusal.message, path=refusal.path)

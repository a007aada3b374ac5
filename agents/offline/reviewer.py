"""Review by rules: what the gates and the evidence say of the exact diff, and nothing more."""

from core.evidence import Evidence, Verdict
from core.findings import Issue, Review, ReviewVerdict
from core.patches import Patch
from core.ports import Case
from repair.gate import Refusal, refusals

REVIEWER = "offline engine (rules)"


def review(case: Case, patch: Patch, evidence: Evidence) -> Review:
    """Approve a proven patch that no gate holds against; the scores stay empty, nobody read it."""
    refused = refusals(case.tree, patch.apply(case.tree), red_on_base=evidence.base)
    issues = [_issue(refusal) for refusal in refused]
    if evidence.verdict is not Verdict.FIXED:
        said = evidence.note or str(evidence.verdict)
        issues.append(Issue(category="evidence", message=f"Not proven: {said}"))
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

"""The production validator over one attempt: edit gate, proof, review, definition of done."""

from dataclasses import dataclass

from agents.offline.reviewer import review
from core.evidence import Evidence, Verdict
from core.findings import Candidate, FixAttempt, Review, ReviewVerdict
from core.patches import Patch
from core.ports import Case
from core.trees import Tree
from evals.validator.attempts import BASE_SHA, Attempt
from evals.validator.gates import EDIT_RULES, UNRESTORED, Gate, view_without
from evals.validator.recordings import Recordings, Take
from graph.repair.admission import admit, source_only
from graph.repair.done import unmet
from graph.repair.guards import STRICTEST, profile_named, size_problems
from repair.gate import refusals
from repair.validate import prove

DIAGNOSIS = {"confidence": 1.0, "root_cause": "known: the fault was seeded"}


@dataclass(frozen=True)
class Decision:
    """What the validator says."""

    accepted: bool
    """Whether it would be shown for release as a proven fix."""
    by: str = ""
    """What turned it down, such as `edit gate: tests` or `proof: still_red`."""
    shipped: Tree | None = None
    """What would ship; None when no proof was tried."""


async def decide(attempt: Attempt, recordings: Recordings, without: Gate | None = None) -> Decision:
    """Put an attempt to the validator, with one gate taken out or none."""
    patch = _shipping(attempt, without)
    if isinstance(patch, str):
        return Decision(accepted=False, by=f"edit gate: {patch}")
    base = attempt.ground.base
    shipped = patch.apply(base)
    take = Take(recordings, view_without(without, attempt, shipped, recordings.names))
    evidence = await prove(take, base, patch, attempt.reproduction)
    if evidence.verdict is not Verdict.FIXED:
        return Decision(accepted=False, by=f"proof: {evidence.verdict}", shipped=shipped)
    read = _read(attempt, patch, evidence, without)
    lacking = unmet(
        diagnosis=DIAGNOSIS,
        link=attempt.ground.name,
        patch=patch,
        evidence=evidence,
        review=read,
        oversize=size_problems(patch, profile_named(STRICTEST)),
        monitor="none applies",
        undocumented=(),
    )
    if read.verdict is not ReviewVerdict.APPROVE:
        rules = ", ".join(dict.fromkeys(issue.category for issue in read.issues))
        return Decision(accepted=False, by=f"review by rules: {rules}", shipped=shipped)
    by = f"definition of done: {lacking[0]}" if lacking else ""
    return Decision(accepted=not lacking, by=by, shipped=shipped)


def _shipping(attempt: Attempt, without: Gate | None) -> Patch | str:
    """The patch as it would ship, or the rules of the edit gate that hold against it."""
    base, reproduction = attempt.ground.base, attempt.reproduction
    patch = Patch.between(BASE_SHA, base, attempt.result)
    if without not in (*EDIT_RULES, *UNRESTORED):
        answer = admit(FixAttempt(candidates=(Candidate(patch=patch),)), base, reproduction, ())
        return answer.patch or ", ".join(dict.fromkeys(edit.rule for edit in answer.refused))
    whole = patch.with_changes(base, reproduction.files)
    held = [
        refusal.rule
        for refusal in refusals(base, whole.apply(base), red_on_base=reproduction.run)
        if refusal.rule not in EDIT_RULES.get(without, ())
    ]
    if held:
        return ", ".join(dict.fromkeys(held))
    return (
        whole
        if without in UNRESTORED
        else source_only(patch, base).with_changes(base, reproduction.files)
    )


def _read(attempt: Attempt, patch: Patch, evidence: Evidence, without: Gate | None) -> Review:
    """The review by rules, less what a rule that is taken out says."""
    case = Case(
        task_id="",
        title=attempt.name,
        report="",
        repository="",
        base_sha=BASE_SHA,
        tree=attempt.ground.base,
        reproduction=attempt.reproduction,
    )
    read = review(case, patch, evidence)
    dropped = EDIT_RULES.get(without, frozenset()) if without else frozenset()
    issues = tuple(issue for issue in read.issues if issue.category not in dropped)
    if issues == read.issues or any(issue.severity == "error" for issue in issues):
        return read.but(issues=issues)
    return read.but(issues=issues, verdict=ReviewVerdict.APPROVE)

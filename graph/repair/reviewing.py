"""The step review: the exact diff is read, held against the definition of done, and asked about."""

from dataclasses import replace

from langgraph.runtime import Runtime

from core.approvals import Question, Risk
from core.evidence import Evidence, Verdict
from core.findings import Diagnosis, FixAttempt, Reproduction, Review, ReviewVerdict, Triage
from core.patches import Patch
from core.ports import Case
from core.services import Rung
from graph import questions
from graph.deps import Deps
from graph.repair.attempts import next_attempt
from graph.repair.autonomy import passed_by
from graph.repair.documents import Facts as DocumentFacts
from graph.repair.documents import brief, briefing, incomplete, one_line, record
from graph.repair.done import linked, unmet
from graph.repair.guards import profile_named, protected_paths, raised, risk_of, size_problems
from graph.repair.nodes import case_of
from graph.repair.state import RepairState
from graph.state import Facts


async def review(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Have the exact diff read, hold it against the definition of done, prepare the question."""
    deps, rules = runtime.context, runtime.context.rules
    patch = await deps.need(Patch, state.get("patch"))
    evidence = await deps.need(Evidence, state.get("evidence"))
    said = (state.get("attempt") or {}).get("explanation", "")
    profile = profile_named(rules.profile)
    protected = protected_paths(patch, profile)
    computed = risk_of(
        patch,
        protected=bool(protected),
        proven=evidence.verdict is Verdict.FIXED,
        multi_service=state.get("triage", {}).get("blast_radius") == "multi_service",
    )
    case = replace(
        await case_of(state, deps),
        explanation=said,
        risk=computed,
        notes=tuple(state.get("notes", ())),
    )
    answer = await deps.engine.review(case, patch, evidence)
    risk = raised(computed, answer.risk)
    facts = await _facts(state, deps, patch, evidence, answer, risk, protected)
    lacking = unmet(
        diagnosis=state.get("diagnosis", {}),
        link=linked(facts.request),
        patch=patch,
        evidence=evidence,
        review=answer,
        oversize=size_problems(patch, profile),
        monitor=rules.monitor,
        undocumented=incomplete(facts),
    )
    await deps.tell("review", state["task_id"], **_review_event(answer))
    update: Facts = {
        "review": await deps.keep(answer, verdict=answer.verdict, scores=answer.scores),
        "review_rounds": state.get("review_rounds", 0) + 1,
        "unmet": list(lacking),
        "narrative": {},
        "patch": {**state["patch"], "risk": risk, "protected": list(protected)},
    }
    if answer.verdict is ReviewVerdict.APPROVE and not lacking:
        facts, told = await _told(facts, deps, case, patch)
        question = await _release(facts, deps, patch, risk)
        return {**update, "narrative": told, "question": question.dump()}
    said = [*lacking, *(issue.message for issue in answer.issues)] or [str(answer.verdict)]
    update |= {"findings": said}
    spent = update["review_rounds"] >= rules.max_review_rounds
    if state.get("diagnosis") and linked(facts.request):
        update |= {"rejected": [state["patch"]["proposal"]]}
    else:
        spent = True  # no other patch would make up for what is not recorded
    if spent or answer.verdict is ReviewVerdict.NEEDS_DISCUSSION:
        body = "\n".join(f"- {line}" for line in said)
        ask = questions.exhausted(
            state["task_id"], "The review does not pass.", body, state["patch"]["ref"]
        )
        return {**update, "question": ask.dump()}
    return {**update, **next_attempt(state, said[0])}


async def _facts(
    state: RepairState,
    deps: Deps,
    patch: Patch,
    evidence: Evidence,
    review: Review,
    risk: Risk,
    protected: tuple[str, ...],
) -> DocumentFacts:
    return DocumentFacts(
        state=state,
        patch=patch,
        evidence=evidence,
        review=review,
        triage=await deps.recall(Triage, state.get("triage")),
        diagnosis=await deps.recall(Diagnosis, state.get("diagnosis")),
        reproduction=await deps.recall(Reproduction, state.get("reproduction")),
        attempt=await deps.recall(FixAttempt, state.get("attempt")),
        risk=risk,
        protected=protected,
        usage=await deps.budgets.usage(state["task_id"]),
        monitor=deps.rules.monitor,
    )


async def _told(
    facts: DocumentFacts, deps: Deps, case: Case, patch: Patch
) -> tuple[DocumentFacts, Facts]:
    """The facts with a model's words beside them, and these words for the state."""
    narrative = await deps.engine.narrate(case, record(facts))
    facts = replace(facts, usage=await deps.budgets.usage(case.task_id))
    if not narrative.text:
        return facts, {}
    kept = await deps.keep(narrative, patch_hash=patch.sha256)
    return replace(facts, narrative=narrative), kept


async def _release(facts: DocumentFacts, deps: Deps, patch: Patch, risk: Risk) -> Question:
    state = facts.state
    body_ref = await deps.artifacts.put(briefing(facts).encode())
    brief_ref = await deps.artifacts.put(brief(facts).model_dump_json().encode())
    added, removed = patch.size
    await deps.tell(
        "patch",
        state["task_id"],
        base_sha=patch.base_sha,
        patch_hash=patch.sha256,
        tree_hash=patch.tree_hash,
        files=list(patch.paths[:50]),
        added=added,
        removed=removed,
        risk=risk,
    )
    handed_out = deps.rules.autonomy is Rung.PATCH
    what = "Proven, and handed out as a patch. Release it" if handed_out else "Release"
    return questions.release(
        state["task_id"],
        f"{what}: {one_line(facts.title, 100)}",
        patch=state["patch"],
        body_ref=body_ref,
        brief_ref=brief_ref,
        risk=risk,
        protected=", ".join(facts.protected),
        unproven=_lacking_proof(facts.evidence),
        branch=facts.branch(deps.rules.branch_prefix),
        voices=_voices(risk, deps.rules.two_for),
        passed_by=passed_by(state, risk, facts.evidence, deps.rules),
        handed_out=handed_out,
    )


def _voices(risk: Risk, two_for: Risk | None) -> int:
    """How many persons have to approve a change."""
    return 2 if two_for is not None and risk.rank >= two_for.rank else 1


def _lacking_proof(evidence: Evidence | None) -> str:
    """What proof a change lacks, in words; empty when it is proven."""
    if evidence and evidence.verdict is Verdict.FIXED:
        return ""
    return one_line(evidence.note if evidence else "", 300) or "No test proves it."


def _review_event(review: Review) -> Facts:
    return {
        "verdict": review.verdict,
        "patch_hash": review.patch_hash,
        "scores": review.scores,
        "reviewer": review.reviewer,
        "issues": [issue.model_dump(exclude={"v"}) for issue in review.issues[:20]],
    }

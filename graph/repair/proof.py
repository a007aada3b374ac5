"""The steps qa and review: what the sandbox says of a patch, and what a reader says."""

from langgraph.runtime import Runtime

from core.approvals import Question, Risk
from core.evidence import Evidence, Verdict
from core.findings import Diagnosis, FixAttempt, Reproduction, Review, ReviewVerdict, Triage
from core.patches import Patch
from core.trees import Tree
from graph import questions
from graph.deps import Deps, Rules
from graph.repair.documents import Facts as DocumentFacts
from graph.repair.documents import briefing, one_line
from graph.repair.done import unmet
from graph.repair.guards import profile_named, protected_paths, risk_of, size_problems
from graph.repair.nodes import case_of
from graph.repair.salvage import in_words, salvaged_proof
from graph.repair.state import RepairState
from graph.state import Facts
from repair.contested import contested_tests
from repair.validate import prove

REVIEWABLE_UNPROVEN = (Verdict.NOT_RUN, Verdict.NO_TEST_RUNNER)
"""A patch without a red test may still be shown to people, as unverified."""

CONTESTED_KEPT = 10
"""Contested tests that the state names; the evidence has all of them."""
SIZE_RETURNS = 1
"""How often a patch over the size guard goes back to the fix before a person is asked."""


async def qa(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Put the patch to the proof; code decides, never words."""
    deps, rules = runtime.context, runtime.context.rules
    patch = await deps.recall(Patch, state.get("patch"))
    if patch is None:
        last = "\n".join(["No change was found.", *state.get("findings", [])[-1:]])
        return {**_next_attempt(state, last), "evidence": _no_evidence()}
    if problems := size_problems(patch, profile_named(rules.profile)):
        return await _too_large(state, deps, patch, problems)
    before, base = deps.bench.seconds, await deps.base(state)
    reproduction = await deps.recall(Reproduction, state.get("reproduction"))
    evidence = _weighed(base, patch, await prove(deps.bench, base, patch, reproduction))
    await deps.tell("evidence", state["task_id"], **_event(evidence))
    unproven = evidence.verdict in REVIEWABLE_UNPROVEN and not evidence.regressions
    confident = state.get("diagnosis", {}).get("confidence", 0.0) >= rules.confidence_threshold
    reviewable = evidence.verdict is Verdict.FIXED or (unproven and confident)
    kept = await salvaged_proof(state, deps, patch, evidence)
    return {
        "evidence": await deps.keep(
            evidence,
            verdict=evidence.verdict,
            note=evidence.note[:1000],
            reviewable=reviewable,
            contested=[test.dump() for test in evidence.contested[:CONTESTED_KEPT]],
        ),
        "seconds_sandbox": deps.bench.seconds - before,
        **kept,
        **({} if reviewable else _not_proven(state, evidence, rules, kept)),
    }


def _weighed(base: Tree, patch: Patch, evidence: Evidence) -> Evidence:
    """The evidence, with the tests that contradict an otherwise proven fix told from others.

    Where the patch also breaks something else, it is not proven otherwise, and the regressions
    are what they are.
    """
    if evidence.verdict is not Verdict.REGRESSION or not evidence.base or not evidence.fixed:
        return evidence
    tests = contested_tests(base, patch.apply(base), evidence.fixed, evidence.regressions)
    return evidence.but(contested=tests) if len(tests) == len(evidence.regressions) else evidence


def _not_proven(state: RepairState, evidence: Evidence, rules: Rules, kept: Facts) -> Facts:
    """What becomes of a patch that may not go to review: an end, a question, or another try."""
    task_id, patch = state["task_id"], state["patch"]
    if evidence.verdict is Verdict.NOT_RED_ON_BASE:
        return {"outcome": "already_fixed", "reason": evidence.note}
    if evidence.verdict is Verdict.TEST_WAVERS:
        what = "The test that shows the fault is not red each time: it cannot prove a fix."
        ask = questions.exhausted(task_id, what, evidence.note[:3000], patch["ref"])
        return {"question": ask.dump()}
    spent = state.get("reproductions", 0) >= rules.max_reproductions
    if evidence.verdict is Verdict.TEST_BROKEN and not spent:
        return {}
    turned_down = {
        "findings": [f"{evidence.verdict}: {evidence.note}"],
        "rejected": [patch["proposal"]],
    }
    if evidence.contested:
        shown_by = evidence.regression_tests
        ask = questions.contested(task_id, evidence.contested, shown_by, patch["ref"])
        said = [f"{ask.title} {test.test_id}: {test.asserts}" for test in evidence.contested[:5]]
        return {**turned_down, "findings": said, "question": ask.dump()}
    return {**turned_down, **_next_attempt(state, evidence.note, kept)}


async def _too_large(
    state: RepairState, deps: Deps, patch: Patch, problems: tuple[str, ...]
) -> Facts:
    """Back to the fix once, before any test is run; then a person is asked."""
    said = f"The change is too large: {'; '.join(problems)}."
    evidence = Evidence(
        verdict=Verdict.NOT_RUN, tree_hash=patch.tree_hash, base_sha=patch.base_sha, note=said
    )
    seen = state.get("oversize", 0) + 1
    kept = await salvaged_proof(state, deps, patch, evidence)
    update: Facts = {
        "evidence": await deps.keep(
            evidence, verdict=evidence.verdict, note=said, reviewable=False
        ),
        "oversize": seen,
        "findings": [said],
        "rejected": [state["patch"]["proposal"]],
        **kept,
    }
    if seen <= SIZE_RETURNS:
        return {**update, **_next_attempt(state, said, kept)}
    title = "The change is too large again."
    ask = questions.exhausted(state["task_id"], title, said, state["patch"]["ref"])
    return {**update, "question": ask.dump()}


async def review(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Have the exact diff read, hold it against the definition of done, prepare the question."""
    deps, rules = runtime.context, runtime.context.rules
    patch = await deps.need(Patch, state.get("patch"))
    evidence = await deps.need(Evidence, state.get("evidence"))
    answer = await deps.engine.review(await case_of(state, deps), patch, evidence)
    profile = profile_named(rules.profile)
    lacking = unmet(
        diagnosis=state.get("diagnosis", {}),
        patch=patch,
        evidence=evidence,
        review=answer,
        oversize=size_problems(patch, profile),
    )
    protected = protected_paths(patch, profile)
    risk = risk_of(
        patch,
        protected=bool(protected),
        proven=evidence.verdict is Verdict.FIXED,
        multi_service=state.get("triage", {}).get("blast_radius") == "multi_service",
    )
    await deps.tell("review", state["task_id"], **_review_event(answer))
    update: Facts = {
        "review": await deps.keep(answer, verdict=answer.verdict, scores=answer.scores),
        "review_rounds": state.get("review_rounds", 0) + 1,
        "unmet": list(lacking),
        "patch": {**state["patch"], "risk": risk, "protected": list(protected)},
    }
    if answer.verdict is ReviewVerdict.APPROVE and not lacking:
        question = await _release(state, deps, patch, evidence, answer, risk, protected)
        return {**update, "question": question.dump()}
    said = [*lacking, *(issue.message for issue in answer.issues)] or [str(answer.verdict)]
    update |= {"findings": said}
    spent = update["review_rounds"] >= rules.max_review_rounds
    if state.get("diagnosis"):
        update |= {"rejected": [state["patch"]["proposal"]]}
    else:
        spent = True  # no other patch would make up for the step that broke
    if spent or answer.verdict is ReviewVerdict.NEEDS_DISCUSSION:
        body = "\n".join(f"- {line}" for line in said)
        ask = questions.exhausted(
            state["task_id"], "The review does not pass.", body, state["patch"]["ref"]
        )
        return {**update, "question": ask.dump()}
    return {**update, **_next_attempt(state, said[0])}


async def _release(
    state: RepairState,
    deps: Deps,
    patch: Patch,
    evidence: Evidence,
    review: Review,
    risk: Risk,
    protected: tuple[str, ...],
) -> Question:
    facts = DocumentFacts(
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
    )
    body_ref = await deps.artifacts.put(briefing(facts).encode())
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
    return questions.release(
        state["task_id"],
        f"Release: {one_line(facts.title, 100)}",
        patch=state["patch"],
        body_ref=body_ref,
        risk=risk,
        protected=", ".join(protected),
    )


def _next_attempt(state: RepairState, last: str, kept: Facts | None = None) -> Facts:
    """Nothing while attempts are left; then the question of how to go on, with the best patch.

    `kept` is the update that keeps a better one than the state has, if there is one.
    """
    if state.get("attempts", 0) < state.get("max_attempts", 1):
        return {}
    tried = f"{state.get('attempts', 0)} attempts gave no fix that holds."
    body, partial = last[:3000], (kept or {}).get("partial") or state.get("partial")
    if partial:
        body += f"\n\nThe best partial patch is shown: {in_words(partial)}."
    ref = (partial or state.get("patch") or {}).get("ref", "")
    ask = questions.exhausted(state["task_id"], tried, body, ref)
    return {"question": ask.dump()}


def _no_evidence() -> Facts:
    return {"v": 1, "verdict": Verdict.NOT_RUN, "reviewable": False}


def _event(evidence: Evidence) -> Facts:
    runs = {"before": evidence.base, "after": evidence.fixed}
    return {
        "verdict": evidence.verdict,
        "tree_hash": evidence.tree_hash,
        "regression_tests": list(evidence.regression_tests[:10]),
        "contested": [test.test_id for test in evidence.contested[:CONTESTED_KEPT]],
        "note": evidence.note,
        **{
            phase: {
                "tree_hash": run.tree_hash,
                "exit_code": run.exit_code,
                "verdict": run.end,
                "passed": len(run.passed),
                "failed": list(run.failed[:10]),
                "ms": round(run.seconds * 1000),
            }
            for phase, run in runs.items()
            if run
        },
    }


def _review_event(review: Review) -> Facts:
    return {
        "verdict": review.verdict,
        "patch_hash": review.patch_hash,
        "scores": review.scores,
        "reviewer": review.reviewer,
        "issues": [issue.model_dump(exclude={"v"}) for issue in review.issues[:20]],
    }

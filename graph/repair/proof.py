"""The step qa: what the sandbox says of a patch; code decides, never words."""

from langgraph.runtime import Runtime

from core.evidence import Evidence, Verdict
from core.findings import Reproduction
from core.patches import Patch
from core.trees import Tree
from graph import questions
from graph.deps import Deps, Rules
from graph.repair.attempts import next_attempt
from graph.repair.guards import profile_named, size_problems
from graph.repair.salvage import salvaged_proof
from graph.repair.showing import evidence_facts, run_facts
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
    """Put the patch to the proof, and say what becomes of it."""
    deps, rules = runtime.context, runtime.context.rules
    patch = await deps.recall(Patch, state.get("patch"))
    if patch is None:
        last = "\n".join(["No change was found.", *state.get("findings", [])[-1:]])
        return {**next_attempt(state, last), "evidence": _no_evidence()}
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
    tests = contested_tests(base, patch.apply(base), evidence.regressions, evidence.fixed.cases)
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
    return {**turned_down, **next_attempt(state, evidence.note, kept)}


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
        return {**update, **next_attempt(state, said, kept)}
    title = "The change is too large again."
    ask = questions.exhausted(state["task_id"], title, said, state["patch"]["ref"])
    return {**update, "question": ask.dump()}


def _no_evidence() -> Facts:
    return {"v": 1, "verdict": Verdict.NOT_RUN, "reviewable": False}


def _event(evidence: Evidence) -> Facts:
    runs = {"before": run_facts(evidence.base), "after": run_facts(evidence.fixed)}
    return {**evidence_facts(evidence), **{phase: run for phase, run in runs.items() if run}}

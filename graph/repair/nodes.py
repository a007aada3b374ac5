"""The steps from intake to fix; proof and closing stand in files of their own."""

from dataclasses import replace

from langgraph.runtime import Runtime

from core.errors import EnvironmentUnprepared, IntegrationError, TimeUp
from core.evidence import Verdict
from core.findings import Diagnosis, FixAttempt, Reading, RefusedEdit, Reproduction, Triage
from core.patches import Patch
from core.ports import Case
from core.precedents import Precedent
from core.services import Rung
from core.tasks import Outcome, TaskRequest
from graph import questions
from graph.deps import Deps
from graph.policies import STOPS_THE_DRIVE
from graph.repair.admission import Admission, about, admit
from graph.repair.autonomy import held_at
from graph.repair.remembered import remembered
from graph.repair.repeats import repeats_of, weighed
from graph.repair.revision import ci_of
from graph.repair.salvage import nearest, salvaged
from graph.repair.showing import SUSPECTS_TOLD, diagnosis_facts
from graph.repair.state import RepairState
from graph.state import Facts
from repair.refused import REFUSALS_MAX
from repair.validate import with_files

REFUSALS_TOLD = 5
NO_OTHER_TEST = "No other test that is red on the base was found; the earlier one stays."
NOTHING_MAY_RUN = "The {} decides by running tests, and the request forbids to run anything."


async def intake(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Pin the commit that everything after this speaks of; no model, no opinion."""
    deps, request = runtime.context, TaskRequest.load(state["request"])
    if deps.engine.needs_sandbox and not request.use_sandbox:
        return _end(Outcome.NEEDS_INFORMATION, NOTHING_MAY_RUN.format(deps.engine.name))
    try:
        snapshot = await deps.host.snapshot(request.base, worktree=request.worktree)
    except STOPS_THE_DRIVE:
        raise
    except IntegrationError as error:
        return {"outcome": Outcome.BLOCKED, "reason": str(error)}
    deps.trees[snapshot.sha] = snapshot.tree
    return {
        "precedent": await remembered(state["task_id"], request, snapshot.tree, deps),
        "base_sha": snapshot.sha,
        "base_branch": snapshot.default_branch,
        "ci": await ci_of(deps, request, snapshot),
        "notes": list(snapshot.notes),
        "max_attempts": request.max_iterations,
    }


async def triage(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Say what kind of report this is; a duplicate is one only of a task that code found."""
    deps = runtime.context
    repeats = await repeats_of(state["task_id"], deps.tasks)
    case = replace(await case_of(state, deps), repeats=repeats)
    answer = weighed(await deps.engine.triage(case), repeats)
    update: Facts = {
        "triage": await deps.keep(answer, **_triage_facts(answer)),
        "notes": [f"Triage: {answer.reasoning}"] if answer.defaulted else [],
    }
    if answer.duplicate_of:
        said = f"Task {answer.duplicate_of[:8]}, which is open, is about the same. "
        return {**update, **_end(Outcome.DUPLICATE, f"{said}{answer.reasoning}".strip())}
    if answer.verdict != "real":
        return {**update, **_end(Outcome(answer.verdict), answer.reasoning)}
    if answer.question:
        return {**update, "question": questions.clarify(state["task_id"], answer.question).dump()}
    return {**update, **held_at(Rung.NOTIFY, {**state, **update}, deps.rules)}  # type: ignore[typeddict-item]


async def diagnose(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Find out why it happens."""
    deps = runtime.context
    case = await case_of(state, deps, reproduced=False, reminded=True)
    before = deps.bench.seconds
    answer = await deps.engine.diagnose(case)
    told = diagnosis_facts(answer, state["base_sha"], await deps.base(state))
    await deps.tell("diagnosis", state["task_id"], **told)
    return {
        "diagnosis": await deps.keep(answer, **_diagnosis_facts(answer)),
        "seconds_sandbox": deps.bench.seconds - before,
    }


async def reproduce(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Get a test that shows the fault; one that proved a fix already stays when no other comes."""
    deps = runtime.context
    case = await case_of(state, deps, diagnosed=False)
    try:
        answer = await deps.engine.reproduce(case)
    except EnvironmentUnprepared as error:
        return {"outcome": Outcome.BLOCKED, "reason": str(error)}
    except TimeUp as error:
        return {"outcome": Outcome.OUT_OF_BUDGET, "reason": str(error)}
    again = state.get("reproductions", 0) + 1
    proven = (state.get("evidence") or {}).get("verdict") == Verdict.FIXED
    if proven and answer.reading is not Reading.REPRODUCED:
        return {"reproductions": again, "notes": [NO_OTHER_TEST], "findings": [NO_OTHER_TEST]}
    facts = {
        "reading": answer.reading,
        "origin": answer.origin,
        "written": answer.written,
        "contradicted": answer.contradicted[:1000],
        "tests": list(answer.tests[:20]),
        "note": answer.note[:1000],
        "help_wanted": answer.help_wanted[:1000],
    }
    update: Facts = {
        "reproduction": await deps.keep(answer, **facts),
        "reproductions": again,
        "notes": [answer.note] if answer.note and answer.note not in state.get("notes", []) else [],
    }
    if answer.reading is Reading.REPRODUCED and answer.files:
        base = await deps.base(state)
        patch = Patch.between(state["base_sha"], base, with_files(base, answer.files))
        update |= await salvaged(state, deps, patch, "reproduction", red=answer.tests)
    return update


async def fix(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Look for changes that turn the red test green; what the edit gate refuses is asked anew."""
    deps, before = runtime.context, runtime.context.bench.seconds
    attempt, admission = await _attempted(state, deps)
    attempts = state.get("attempts", 0) + 1
    update: Facts = {
        "attempt": await deps.keep(
            attempt,
            engine=attempt.engine,
            explanation=attempt.explanation[:1000],
            root_cause=attempt.root_cause[:1000],
            confidence=attempt.confidence,
            figures=attempt.figures.dump(),
            refused=len({edit.proposal for edit in attempt.refused}),
        ),
        "attempts": attempts,
        "patch": {},
        "evidence": {},
        "review": {},
        "unmet": [],
        "trouble": "",
        "rejected": list(admission.turned_down),
        "seconds_sandbox": deps.bench.seconds - before,
    }
    if admission.chosen and admission.patch:
        facts = await patch_facts(deps, admission.patch)
        return {**update, "patch": {**facts, "proposal": admission.chosen.patch.sha256}}
    if attempt.partial:
        update |= await nearest(state, deps, attempt.partial)
    if attempt.final and not state.get("human_rounds"):
        return {**update, **_end(attempt.final, attempt.explanation)}
    if attempt.final or attempt.abstains or attempt.speechless:
        update["attempts"] = max(attempts, state.get("max_attempts", 1))
    said = [attempt.explanation or "No candidate was found."]
    if admission.edits_refused >= REFUSALS_MAX:
        said.append("The attempt ended with its third refused edit.")
    messages = dict.fromkeys(refused.message for refused in attempt.refused)
    return {**update, "findings": [*said, *list(messages)[:REFUSALS_TOLD]]}


async def _attempted(state: RepairState, deps: Deps) -> tuple[FixAttempt, Admission]:
    """One attempt: the engine is asked until the gate lets an edit pass, has refused three, or
    nothing new comes.
    """
    base = await deps.base(state)
    reproduction = await deps.recall(Reproduction, state.get("reproduction"))
    last = await deps.recall(FixAttempt, state.get("attempt"))
    case = await case_of(state, deps, reminded=True)
    rejected, unwanted = case.rejected, state.get("unwanted", ())
    case = replace(case, refused=last.refused if last else ())
    whole, own = Admission(), tuple[RefusedEdit, ...]()
    while True:
        attempt = await deps.engine.fix(case)
        own += attempt.refused
        await deps.tell("search", state["task_id"], **_search_event(attempt))
        left = REFUSALS_MAX - len(whole.turned_down)
        known = (*rejected, *whole.turned_down)
        answer = admit(attempt, base, reproduction, known, unwanted, left, deps.rules.recipe)
        whole = whole.followed_by(answer)
        if answer.chosen:
            attempt = about(attempt, answer.chosen)
        if answer.chosen or not answer.turned_down or len(whole.turned_down) >= REFUSALS_MAX:
            return attempt.but(refused=(*own, *whole.refused)), whole
        refused = (*own, *whole.refused)
        case = replace(case, refused=refused, rejected=(*rejected, *whole.turned_down))


async def patch_facts(deps: Deps, patch: Patch) -> Facts:
    """A patch for the state: the whole as artifact, its measures beside it."""
    added, deleted = patch.size
    return await deps.keep(
        patch,
        hash=patch.sha256,
        tree_hash=patch.tree_hash,
        base_sha=patch.base_sha,
        files=list(patch.paths[:50]),
        added=added,
        deleted=deleted,
    )


async def case_of(
    state: RepairState,
    deps: Deps,
    *,
    diagnosed: bool = True,
    reproduced: bool = True,
    reminded: bool = False,
) -> Case:
    """What a role is told; the two branches are not told of each other.

    Only who is `reminded` learns of an earlier task that was alike.
    """
    request = TaskRequest.load(state["request"])
    reported = None
    if request.revision:
        reported = (await deps.host.snapshot(request.revision)).tree
    return Case(
        task_id=state["task_id"],
        title=request.headline,
        report=request.text,
        repository=request.repository,
        base_sha=state["base_sha"],
        tree=await deps.base(state),
        reported=reported,
        ticket=request.ticket,
        tests=request.tests,
        reproduction_command=request.reproduction,
        seed=request.seed,
        rejected=tuple(state.get("rejected", ())),
        findings=tuple(state.get("findings", ())),
        words=tuple(state.get("words", ())),
        attempt=state.get("attempts", 0) + 1,
        recipe=deps.rules.recipe,
        ci=str(state.get("ci", {}).get("failures", "")),
        precedent=await deps.recall(Precedent, state.get("precedent")) if reminded else None,
        triage=await deps.recall(Triage, state.get("triage")),
        diagnosis=await deps.recall(Diagnosis, state.get("diagnosis")) if diagnosed else None,
        reproduction=(
            await deps.recall(Reproduction, state.get("reproduction")) if reproduced else None
        ),
    )


def _end(outcome: Outcome, reason: str) -> Facts:
    return {"outcome": outcome, "reason": reason}


def _triage_facts(answer: Triage) -> Facts:
    return {
        "verdict": answer.verdict,
        "severity": answer.severity,
        "component": answer.component,
        "blast_radius": answer.blast_radius,
        "occurrences_24h": answer.occurrences_24h,
        "duplicate_of": answer.duplicate_of,
        "defaulted": answer.defaulted,
        "summary": answer.context_summary[:500],
    }


def _diagnosis_facts(answer: Diagnosis) -> Facts:
    return {
        "root_cause": answer.root_cause[:1000],
        "confidence": answer.confidence,
        "category": answer.category,
        "works_as_meant": answer.works_as_meant,
        "method": answer.method[:300],
    }


def _search_event(attempt: FixAttempt) -> Facts:
    return {
        "done": True,
        **attempt.figures.model_dump(exclude={"v"}),
        "suspects": [s.model_dump(exclude={"v"}) for s in attempt.suspects[:SUSPECTS_TOLD]],
    }

"""The step join: what diagnosis and reproduction found, weighed against each other."""

from langgraph.runtime import Runtime

from core.findings import Reading
from core.services import Rung
from core.tasks import Outcome, TaskRequest
from graph import questions
from graph.deps import Deps, Rules
from graph.repair.autonomy import held_at
from graph.repair.state import RepairState
from graph.state import Facts


async def join(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Go on, ask, or end without a change; where autonomy ends, any doubt is told with it."""
    rules = runtime.context.rules
    facts = weighed(state, rules)
    if facts.get("outcome") or (facts.get("question") and state.get("trouble")):
        return facts
    return {**facts, **held_at(Rung.DIAGNOSE, state, rules, facts.get("question"))}


def weighed(state: RepairState, rules: Rules) -> Facts:
    """What follows from both; proof outranks opinion, and a written test is no proof by itself."""
    reproduction = state.get("reproduction", {})
    reading, note = reproduction.get("reading"), reproduction.get("note", "")
    if state.get("outcome"):
        return {"trouble": ""}
    if reading == Reading.FIXED_SINCE:
        said = f"Red on the reported revision, green on the base. {note}"
        return _end(Outcome.ALREADY_FIXED, said.strip())
    contradicted = reproduction.get("contradicted", "")
    if (reproduction.get("written") or contradicted) and _no_fault(state, rules):
        # A test that was written from the report alone says no more than the report does.
        said = f"{state['diagnosis']['root_cause']} {contradicted}"
        return _end(Outcome.NOT_A_CODE_FAULT, said.strip())
    if reading == Reading.REPRODUCED:
        return {"trouble": ""}
    if trouble := state.get("trouble"):
        return {"question": questions.trouble(state["task_id"], trouble).dump()}
    if contradicted:
        cause = state.get("diagnosis", {}).get("root_cause", "not recorded")
        return {"question": questions.contradicted(state["task_id"], contradicted, cause).dump()}
    if reading == Reading.PASSES and TaskRequest.load(state["request"]).tests:
        return _end(Outcome.CANNOT_REPRODUCE, note or "What was named passes on the base.")
    return _without_proof(state, rules)


def _without_proof(state: RepairState, rules: Rules) -> Facts:
    """What follows from the diagnosis alone, where no test shows the fault."""
    diagnosis, reproduction = state.get("diagnosis", {}), state.get("reproduction", {})
    if _no_fault(state, rules):
        return _end(Outcome.NOT_A_CODE_FAULT, diagnosis["root_cause"])
    if _sure(diagnosis, rules):
        return {}
    reading, category = reproduction.get("reading"), diagnosis.get("category", "code")
    cause = diagnosis.get("root_cause", "not recorded")
    if category != "code":
        ask = questions.unsure(state["task_id"], cause, str(reading), category)
        return {"question": ask.dump()}
    if reading == Reading.PASSES:
        said = reproduction.get("note") or f"It passes on the base ({reproduction['origin']})."
        return _end(Outcome.CANNOT_REPRODUCE, said)
    if reading == Reading.NOTHING_TO_RUN:
        return _end(Outcome.NEEDS_INFORMATION, reproduction["help_wanted"])
    return {"question": questions.unsure(state["task_id"], cause, str(reading)).dump()}


def _no_fault(state: RepairState, rules: Rules) -> bool:
    """Whether the diagnosis is sure that the code need not change."""
    diagnosis = state.get("diagnosis", {})
    meant = diagnosis.get("works_as_meant") or diagnosis.get("category", "code") != "code"
    return bool(meant) and _sure(diagnosis, rules)


def _sure(diagnosis: Facts, rules: Rules) -> bool:
    return bool(diagnosis.get("confidence", 0.0) >= rules.confidence_threshold)


def _end(outcome: Outcome, reason: str) -> Facts:
    return {"outcome": outcome, "reason": reason}

"""Autonomy: where a task stops to be let go on, and what passes without a person."""

from core.approvals import Question, Risk
from core.evidence import Evidence, Verdict
from core.services import Rung
from core.tasks import Outcome
from graph import questions
from graph.deps import Rules
from graph.repair.edges import after_escalate
from graph.repair.state import RepairState
from graph.repair.stops import lines, stopped
from graph.state import Facts

BEYOND = {
    Rung.NOTIFY: ("diagnose", "reproduce", "fix", "review"),
    Rung.DIAGNOSE: ("fix", "review"),
}
"""Steps that a task takes only once a person let it go on."""


def held_at(rung: Rung, state: RepairState, rules: Rules, doubt: Facts | None = None) -> Facts:
    """The one question where autonomy ends at this rung; nothing where it does not.

    `doubt` is another question that was to be asked here: what it says is told in this one.
    """
    if rules.autonomy is not rung or state.get("went_on"):
        return {}
    account = stopped(state, "triage" if rung is Rung.NOTIFY else "join", Outcome.BLOCKED)
    body = [*(lines(account) if account else ())]
    if doubt:
        asked = Question.load(doubt)
        body += ["", asked.title, "", asked.body]
    return {"question": questions.go_on(state["task_id"], rung, "\n".join(body)).dump()}


def held_behind(state: RepairState, rules: Rules) -> Facts:
    """The same behind an answer that would lead beyond the rung."""
    steps = after_escalate(state)
    if state.get("outcome") or not set(steps) & set(BEYOND.get(rules.autonomy, ())):
        return {}
    return held_at(rules.autonomy, state, rules)


def passed_by(state: RepairState, risk: Risk, evidence: Evidence | None, rules: Rules) -> str:
    """The option that lets a change pass without a person; empty where somebody is asked.

    Somebody is, above medium risk, where anything is less than proven, where autonomy ends before,
    and where a person has had a say in the task already.
    """
    if rules.passes is None or rules.autonomy is not Rung.PR:
        return ""
    proven = evidence is not None and evidence.verdict is Verdict.FIXED
    whole = evidence is not None and not evidence.flaky and not evidence.scope
    within = risk.rank <= min(rules.passes.rank, Risk.MEDIUM.rank)
    unasked = proven and whole and within and not state.get("human_rounds")
    return f"AUTO_APPROVE_RISK={rules.passes}" if unasked else ""

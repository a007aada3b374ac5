"""When the budget stops a step: a person is asked, and what they give lets it be done again."""

from langgraph.runtime import Runtime

from core.approvals import Question
from core.errors import BudgetExceeded
from core.findings import PartialFix
from core.tasks import Outcome
from graph import questions
from graph.deps import Deps
from graph.repair.salvage import nearest
from graph.repair.state import Again, RepairState
from graph.repair.stops import lines, stopped
from graph.state import Facts, Step

BRANCHES: dict[Again, str] = {"diagnose": "diagnosis", "reproduce": "reproduction"}
"""Steps that run beside each other, and what each leaves in the state; `join` asks for both."""


def paid(name: Again, step: Step[RepairState]) -> Step[RepairState]:
    """The same node, which first raises the budget as was decided, and is put aside without one."""

    async def afforded(state: RepairState, runtime: Runtime[Deps]) -> Facts:
        deps = runtime.context
        if name in state.get("again", ()):
            await _raise_as_decided(state, deps)
        try:
            return await step(state, runtime)
        except BudgetExceeded as spent:
            update: Facts = {"unpaid": {name: {"said": spent.message, "scope": spent.scope}}}
            if isinstance(spent.salvage, PartialFix):
                update |= await nearest(state, deps, spent.salvage)
            if name in BRANCHES:
                return update
            asked = await _question({**state, **update}, deps)  # type: ignore[typeddict-item]
            return {**update, "question": asked.dump()}

    return afforded


def asking(join: Step[RepairState]) -> Step[RepairState]:
    """The node `join`, which first asks for the budget that one of its branches lacks."""

    async def joined(state: RepairState, runtime: Runtime[Deps]) -> Facts:
        if state.get("unpaid") and not state.get("outcome"):
            return {"question": (await _question(state, runtime.context)).dump()}
        return await join(state, runtime)

    return joined


def again(state: RepairState) -> list[Again]:
    """The steps that the budget stopped, and a branch beside them that broke."""
    unpaid = state.get("unpaid", {})
    lacking = {name for name, facts in BRANCHES.items() if not state.get(facts)}
    if not unpaid.keys() & BRANCHES.keys():
        lacking = set()
    names: tuple[Again, ...] = ("triage", "diagnose", "reproduce", "fix", "review")
    return [name for name in names if name in unpaid or name in lacking]


async def _raise_as_decided(state: RepairState, deps: Deps) -> None:
    raised = state["raised"]
    for scope in raised["scopes"]:
        key = f"{raised['round']}:{scope}"
        await deps.budgets.more(state["task_id"], raised["usd"], key=key, scope=scope)


async def _question(state: RepairState, deps: Deps) -> Question:
    """What was spent, the limit, and what was tried for it."""
    unpaid = state["unpaid"]
    scopes = [stop["scope"] for stop in unpaid.values()]
    scope = "task" if "task" in scopes else scopes[0]
    stands = await deps.budgets.standing("" if scope == "day" else state["task_id"])
    usage = await deps.budgets.usage(state["task_id"])
    account = stopped(state, " and ".join(unpaid), Outcome.OUT_OF_BUDGET)
    said = dict.fromkeys(stop["said"] for stop in unpaid.values())
    body = [
        *(f"- Limit: {words}" for words in said),
        f"- Used by this task: {usage.cost or 'nothing yet'}",
        *(lines(account) if account else ()),
    ]
    best = state.get("partial") or state.get("patch") or {}
    return questions.budget(
        state["task_id"],
        next(iter(said)),
        "\n".join(body),
        scope=scope,
        stands=stands,
        patch_ref=best.get("ref", ""),
    )

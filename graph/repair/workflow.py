"""The drawing of the repair: nodes, edges, retries."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_args, get_type_hints

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph import gates, policies
from graph.deps import Deps
from graph.repair import answers, closing, edges, joining, nodes, proof, reviewing
from graph.repair.spending import asking, paid
from graph.repair.state import RepairState
from graph.state import Step, plainly

NODES = (
    "intake",
    "triage",
    "diagnose",
    "reproduce",
    "join",
    "fix",
    "qa",
    "review",
    "approve",
    "escalate",
    "publish",
    "report",
)
"""A storage contract: a paused node that is renamed is lost."""


def drawing() -> StateGraph[RepairState, Deps, RepairState, RepairState]:
    """The graph, not yet compiled."""
    graph: StateGraph[RepairState, Deps, RepairState, RepairState] = StateGraph(
        RepairState, context_schema=Deps
    )
    _add_steps(graph)
    graph.add_node("approve", policies.traced("approve", gates.gate(answers.weigh_release)))
    graph.add_node("escalate", policies.traced("escalate", gates.gate(answers.weigh_escalation)))
    graph.add_edge(START, "intake")
    _choose(graph, "intake", edges.after_intake)
    _choose(graph, "triage", edges.after_triage)
    graph.add_edge("diagnose", "join")
    graph.add_edge("reproduce", "join")
    _choose(graph, "join", edges.after_join)
    _choose(graph, "fix", edges.after_fix)
    _choose(graph, "qa", edges.after_qa)
    _choose(graph, "review", edges.after_review)
    _choose(graph, "approve", edges.after_approve)
    _choose(graph, "escalate", edges.after_escalate)
    _choose(graph, "publish", edges.after_publish)
    graph.add_edge("report", END)
    return graph


@cache
def _compiled() -> CompiledStateGraph[RepairState, Deps, RepairState, RepairState]:
    return drawing().compile()


def workflow(
    saver: BaseCheckpointSaver[Any],
) -> CompiledStateGraph[RepairState, Deps, RepairState, RepairState]:
    """The graph, ready to run; it is drawn once in a process, whatever keeps its checkpoints."""
    return _compiled().copy({"checkpointer": saver})


def stages() -> dict[str, int]:
    """The place of each node in line; those that only lead to the same join share it."""
    joined: dict[str, list[str]] = {}
    for source, target in sorted(drawing().edges):
        joined.setdefault(target, []).append(source)
    first = {node: beside[0] for beside in joined.values() for node in beside}
    places: dict[str, int] = {}
    for node in NODES:
        places.setdefault(first.get(node, node), len(places))
    return {node: places[first.get(node, node)] for node in NODES}


def _choose(
    graph: StateGraph[RepairState, Deps, RepairState, RepairState],
    source: str,
    edge: Callable[[RepairState], str | Sequence[str]],
) -> None:
    """A conditional edge; where it may lead is read from its return type."""
    targets = get_args(get_type_hints(edge)["return"])
    names = [name for target in targets for name in (get_args(target) or (target,))]
    graph.add_conditional_edges(source, edge, names)


def _add_steps(graph: StateGraph[RepairState, Deps, RepairState, RepairState]) -> None:
    thinking: tuple[tuple[str, Step[RepairState], str], ...] = (
        ("intake", nodes.intake, "escalate"),
        ("triage", paid("triage", nodes.triage), "escalate"),
        ("diagnose", paid("diagnose", nodes.diagnose), "join"),
        ("reproduce", paid("reproduce", nodes.reproduce), "join"),
        ("fix", paid("fix", nodes.fix), "escalate"),
        ("qa", proof.qa, "escalate"),
        ("review", paid("review", reviewing.review), "escalate"),
    )
    for name, action, goto in thinking:
        graph.add_node(
            name,
            policies.traced(name, policies.stoppable(plainly(action))),
            retry_policy=policies.THINKING,
            error_handler=policies.then_go(name, goto),
        )
    join = policies.stoppable(plainly(asking(joining.join)))
    graph.add_node("join", policies.traced("join", join), defer=True)
    graph.add_node(
        "publish",
        policies.traced("publish", policies.stoppable(plainly(closing.publish))),
        retry_policy=policies.EFFECT,
        error_handler=policies.then_go("publish", "escalate"),
    )
    graph.add_node(
        "report",
        policies.traced("report", policies.stoppable(plainly(closing.report))),
        retry_policy=policies.THINKING,
    )

"""Deps: the capabilities of a node; LangGraph carries it as run context and never stores it."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.approvals import Risk
from core.errors import AntonError
from core.events import EventType, Notice
from core.ports import (
    ApprovalStore,
    ArtifactStore,
    Budgets,
    Clock,
    CodeHost,
    Effects,
    EventLog,
    Precedents,
    RepairEngine,
    TaskStore,
)
from core.recipes import Recipe
from core.services import Rung
from core.trees import Tree
from core.values import Value
from graph.state import AgentState, Facts
from observability.redaction import Redactor
from repair.runs import Tests

AnyValue = TypeVar("AnyValue", bound=Value)


@dataclass(frozen=True)
class Rules:
    """What bounds a repair in one repository."""

    max_review_rounds: int = 3
    max_human_rounds: int = 5
    max_reproductions: int = 2
    confidence_threshold: float = 0.70
    branch_prefix: str = "anton/"
    commit_style: str = "split"
    draft: bool = False
    profile: str = "default"
    autonomy: Rung = Rung.PR
    """How far a task goes by itself in this repository."""
    passes: Risk | None = None
    """Risk up to which a proven change passes without a person; None for no risk."""
    two_for: Risk | None = None
    """Risk from which on two persons have to approve; None for never."""
    monitor: str = "not applicable"
    """Entry of the service in the monitor map; no map is kept yet."""
    labels: tuple[str, ...] = ("bug", "anton")
    recipe: Recipe = field(default_factory=Recipe)
    """What the operator says of how this repository is set up and tested, without variables."""


@dataclass(frozen=True)
class Deps:
    """What a node may use; state holds facts, this holds capabilities."""

    engine: RepairEngine
    host: CodeHost
    bench: Tests
    artifacts: ArtifactStore
    approvals: ApprovalStore
    effects: Effects
    events: EventLog
    budgets: Budgets
    clock: Clock
    tasks: TaskStore
    redactor: Redactor
    """Takes secrets out of what people get to read."""
    rules: Rules = Rules()
    precedents: Precedents | None = None
    """None where nothing is remembered."""
    trees: dict[str, Tree] = field(default_factory=dict)
    """Snapshots read in this drive, by commit id."""

    async def keep(self, value: Value, **facts: Any) -> Facts:
        """Store a value; its reference, with the facts that edges read."""
        ref = await self.artifacts.put(value.model_dump_json().encode("utf-8", "surrogatepass"))
        return {"v": 1, "ref": ref, **facts}

    async def recall(self, kind: type[AnyValue], facts: Facts | None) -> AnyValue | None:
        """The whole value behind some facts."""
        if not facts:
            return None
        return kind.model_validate_json(await self.artifacts.get(facts["ref"]))

    async def need(self, kind: type[AnyValue], facts: Facts | None) -> AnyValue:
        """As `recall`, where the workflow guarantees that it is there."""
        value = await self.recall(kind, facts)
        if value is None:
            raise AntonError(f"The state lacks the {kind.__name__} that this step works on.")
        return value

    async def base(self, state: AgentState) -> Tree:
        """The files of the base commit."""
        sha = state["base_sha"]
        if sha not in self.trees:
            worktree = bool(state["request"].get("worktree"))
            self.trees[sha] = (await self.host.snapshot(sha, worktree=worktree)).tree
        return self.trees[sha]

    async def tell(self, type_: EventType, task_id: str, **data: Any) -> None:
        """Write an event into the log."""
        await self.events.append(Notice(type=type_, task_id=task_id, data=data))

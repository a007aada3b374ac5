"""A house for whole-graph tests: real stores, checkpoints and git; the thinking is scripted."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bootstrap
from config import load_settings
from control.anton import Anton
from core.approvals import Approval, ApprovalState, Choice, Decision, Person
from core.findings import Candidate, FixAttempt
from core.patches import Patch
from core.ports import Case, Channel, Clock, RepairEngine
from core.tasks import Lease, Outcome, Task, TaskRequest
from evals.scripted import REPOSITORY, Script, ScriptedEngine, ScriptedThinking
from repair.bench import Bench
from repair.runs import Tests
from sandbox.environment import Environments
from tests.fakes.repositories import git, repository

ME = Person(channel="terminal", person_id="local")


@dataclass
class House:
    """Anton over one repository, and what a test does with both."""

    anton: Anton
    thinking: ScriptedThinking
    repository: Path

    async def submit(self, **request: Any) -> Task:
        fields = {"repository": str(self.repository), "text": "total() is one too many", **request}
        return await self.anton.submit(TaskRequest(**fields))

    async def run(self, **request: Any) -> Task:
        """Submit and drive to the first pause or the end."""
        return await self.anton.drive((await self.submit(**request)).task_id)

    async def pending(self, task: Task) -> Approval:
        (approval,) = await self.anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING)
        return approval

    async def look(self) -> None:
        """Bring every channel up to date."""
        for view in self.anton.views:
            await view.look()

    async def answer(self, task: Task, choice: Choice, text: str = "") -> Task:
        """Answer what waits, and drive on."""
        approval = await self.pending(task)
        await self.decide(approval, choice, text)
        return await self.anton.drive(task.task_id)

    async def decide(self, approval: Approval, choice: Choice, text: str = "") -> Approval:
        seen = approval.question.patch_hash
        decision = Decision(choice=choice, text=text, patch_hash=seen, by=ME)
        return await self.anton.decide(approval.approval_id, decision)

    def branches(self) -> list[str]:
        """Branches that Anton made."""
        listed = git(self.repository, "for-each-ref", "--format=%(refname:short)", "refs/heads")
        return [name for name in listed.split() if name.startswith("anton/")]

    async def until(self, task: Task, node: str) -> None:
        """Wait until a node has started."""
        async with self.anton.events.listen(task.task_id) as events:
            if node in await self.steps(task, "started"):
                return
            async for event in events:
                if event and event.data.get("node") == node:
                    return

    def listing(self, folder: Path) -> list[str]:
        """Names of the files in a folder."""
        return sorted(path.name for path in folder.iterdir())

    def asked(self, task: Task) -> list[str]:
        """Roles that were asked, in order."""
        return self.thinking.engines[task.task_id].asked

    async def steps(self, task: Task, state: str = "finished") -> list[str]:
        """Nodes by the event log."""
        events = await self.anton.events.after(0, task_id=task.task_id)
        nodes = [e.data for e in events if e.type == "node"]
        return [data["node"] for data in nodes if data["state"] == state]


@dataclass
class ProvingThinking(ScriptedThinking):
    """Scripted roles over the real bench: tests run in a sandbox, and what they say counts."""

    folder: Path = Path()
    """Where environments are kept."""

    @asynccontextmanager
    async def open(self, task: Task, lease: Lease) -> AsyncIterator[tuple[RepairEngine, Tests]]:
        settings, _ = load_settings(data_dir=self.folder)
        environments = Environments(self.folder / "environments", index_allowed=False)
        bench = Bench(bootstrap.sandbox_of(settings), environments, workers=1)
        try:
            yield self.engines.setdefault(task.task_id, ScriptedEngine(self.script)), bench
        finally:
            await bench.close()
            environments.close()


@asynccontextmanager
async def house(
    tmp_path: Path,
    script: Script | None = None,
    thinking: ScriptedThinking | None = None,
    files: Mapping[str, str] = REPOSITORY,
    channels: Sequence[Channel] = (),
    clock: Clock | None = None,
    shows: bool = False,
    **options: Any,
) -> AsyncIterator[House]:
    """Open a house with further settings; the same folder again is the same house, restarted."""
    folder = tmp_path / "repository"
    if not folder.exists():
        repository(folder, files)
    settings, _ = load_settings(
        data_dir=tmp_path / "data", local_output_dir=tmp_path / "output", **options
    )
    mind = thinking or ScriptedThinking(script or Script())
    anton = await bootstrap.build(
        settings, thinking=mind, channels=channels, clock=clock, shows=shows
    )
    await anton.start(drive=False)
    try:
        yield House(anton, mind, folder)
    finally:
        await anton.stop(drain_s=1.0)


async def with_engine(here: House, engine: ScriptedEngine) -> Task:
    """A task that this engine thinks for, driven to its first pause."""
    task = await here.submit()
    here.thinking.engines[task.task_id] = engine
    return await here.anton.drive(task.task_id)


class Proposing(ScriptedEngine):
    """Proposes several whole trees at once."""

    def __init__(self, *proposals: dict[str, str], final: Outcome | None = None) -> None:
        super().__init__(Script())
        self.proposals = proposals
        self.final = final

    async def fix(self, case: Case) -> FixAttempt:
        self.asked.append("fix")
        self.cases.append(case)
        patches = [
            Patch.between(case.base_sha, case.tree, case.tree.with_texts(texts))
            for texts in self.proposals
        ]
        return FixAttempt(
            candidates=tuple(Candidate(patch=patch, operator="scripted") for patch in patches),
            explanation="What the first one does.",
            root_cause="What the first one mends.",
            engine=self.name,
            final=self.final,
        )

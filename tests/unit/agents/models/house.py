"""Models over real stores: the settings in words, the doubles at the wire, a clock that runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from agents.models.options import ModelOptions
from agents.models.roster import Roster, open_models
from core.budgets import Ceilings
from core.events import Event
from core.models import Message, ModelCall
from core.ports import Budgets
from core.tasks import Task, TaskRequest
from memory.stores.sqlite import SqliteStores
from observability.events import SqliteEventLog
from observability.interactions.sqlite import SqliteInteractionLog
from observability.live import LiveTexts
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

KEY = "sk-of-the-double-0123456789"


@dataclass
class House:
    """What a test asks and looks at."""

    roster: Roster
    budgets: Budgets
    stores: SqliteStores
    log: SqliteEventLog
    interactions: SqliteInteractionLog
    live: LiveTexts
    clock: FakeClock
    task_id: str

    def call(self, role: str = "fix", text: str = "The total is wrong.", **more: Any) -> ModelCall:
        said = (Message(author="user", text=text),)
        fields = {"messages": said, "max_tokens": 500, "node": role, **more}
        return ModelCall(task_id=self.task_id, role=role, **fields)

    async def ask(self, role: str = "fix", **more: Any) -> Any:
        return await self.roster.under(self.budgets).of(role).complete(self.call(role, **more))

    async def events(self) -> Sequence[Event]:
        return await self.log.after(0, task_id=self.task_id)

    async def ends(self) -> list[dict[str, Any]]:
        return [event.data for event in await self.events() if event.type == "llm_end"]


@asynccontextmanager
async def house(
    folder: Path, options: ModelOptions, *, ceilings: Ceilings | None = None, running: bool = True
) -> AsyncIterator[House]:
    """Open all of it, with one task."""
    clock, redactor = FakeClock(running=running), Redactor([KEY])
    stores = await SqliteStores.open(folder, clock=clock, redactor=redactor, exclusive=True)
    log = await SqliteEventLog.open(folder, clock=clock, redactor=redactor)
    task = Task(
        task_id=str(uuid4()),
        request=TaskRequest(repository="/srv/shop", text="it breaks"),
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    await stores.tasks.add(task)
    budgets = stores.budgets(ceilings or Ceilings(), log.append)
    interactions = await SqliteInteractionLog.open(folder, clock=clock, redactor=redactor)
    live = LiveTexts(redactor, clock)
    roster = await open_models(
        options,
        clock=clock,
        events=log,
        interactions=interactions,
        live=live,
        probes=stores.probes,
        masked=redactor.prompt,
    )
    try:
        yield House(roster, budgets, stores, log, interactions, live, clock, task.task_id)
    finally:
        await roster.close()
        await interactions.close()
        await log.close()
        await stores.close()

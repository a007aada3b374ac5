"""Of each role is told when it began, how it ended, and what its models took."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agents.watched import WatchedEngine
from core.budgets import Spent
from core.errors import SandboxGone
from core.models import Tokens
from core.ports import Case
from core.trees import Tree
from evals.scripted import Script, ScriptedEngine
from observability.events import SqliteEventLog
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

CASE = Case(
    task_id="1f0c9a2e-0000", title="it breaks", report="", repository="", base_sha="", tree=Tree()
)


class Till:
    """Budgets that know one figure: so much after each look."""

    def __init__(self, *spent: Spent) -> None:
        self._spent = list(spent)

    async def by_role(self, task_id: str) -> Mapping[str, Spent]:
        return {"triage": self._spent.pop(0)} if self._spent else {}


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    log = await SqliteEventLog.open(tmp_path, clock=FakeClock(), redactor=Redactor())
    yield log
    await log.close()


def watched(log: SqliteEventLog, script: Script, till: Any) -> WatchedEngine:
    return WatchedEngine(ScriptedEngine(script), log, till, FakeClock())


async def test_a_role_is_told_from_its_beginning_to_its_end(log: SqliteEventLog) -> None:
    first = Spent(1, Tokens(sent=10, received=1), 0.5, 1.0)
    second = Spent(3, Tokens(sent=40, received=4), 2.0, 2.0)
    engine = watched(log, Script(), Till(first, second))
    assert (await engine.triage(CASE)).verdict == "real"
    start, end = await log.after(0)
    assert (start.type, end.type) == ("agent_start", "agent_end")
    assert (start.role, start.data["path"], start.data["node"]) == (
        "triage",
        "1f0c9a2e/triage",
        "triage",
    )
    took = {name: end.data[name] for name in ("ok", "calls", "tokens", "cost_usd")}
    assert took == {"ok": True, "calls": 2, "tokens": 33, "cost_usd": 1.5}


async def test_an_unknown_price_is_not_a_cost_of_nothing(log: SqliteEventLog) -> None:
    engine = watched(
        log, Script(), Till(Spent(1, Tokens(), None, 1.0), Spent(2, Tokens(), None, 1.0))
    )
    await engine.triage(CASE)
    assert (await log.after(0))[-1].data["cost_usd"] is None


async def test_a_role_that_breaks_has_an_end_too(log: SqliteEventLog) -> None:
    engine = watched(log, Script(failures={"triage": SandboxGone("gone")}), Till())
    with pytest.raises(SandboxGone):
        await engine.triage(CASE)
    end = (await log.after(0))[-1]
    assert (end.type, end.data["ok"], end.data["error"]) == ("agent_end", False, "SandboxGone")

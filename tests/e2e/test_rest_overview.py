"""What the dashboard shows at once: figures, the inbox by harm, the board in one request."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path

from api.auth import Scope
from core.findings import Triage
from core.incidents import Severity
from core.tasks import Task, TaskRequest, TaskStatus
from evals.scripted import Script
from tests.e2e.rest import OPERATOR, key_file, serving


async def test_the_house_in_figures(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        empty = (await house.ask("GET", "/overview")).json()
        assert empty["open_incidents"] == empty["agents_busy"] == 0 and empty["alerts"] == []
        await house.waiting()
        seen = (await house.ask("GET", "/overview")).json()
        assert seen["tasks"]["waiting_for_input"] == 1 and seen["open_incidents"] == 1
        assert seen["started_at"] == empty["started_at"] and seen["spent_today_usd"] == 0


async def test_the_inbox_has_the_oldest_harm_first_with_tests_and_budget(tmp_path: Path) -> None:
    file, keys = key_file(tmp_path)
    headers = {"X-API-Key": OPERATOR}
    script = Script()
    async with serving(
        tmp_path, script=script, api_key=OPERATOR, api_keys_file=file, headers=headers
    ) as house:
        begun = []
        for severity in (Severity.P3, Severity.P1, Severity.P1):
            script.triage = Triage(severity=severity)
            begun.append(await house.begin(budget_usd=2.5))
            await house.until(begun[-1], "waiting_for_input")
        waiting = (await house.ask("GET", "/inbox")).json()["waiting"]
        assert [one["task"]["task_id"] for one in waiting] == [begun[1], begun[2], begun[0]]
        first = waiting[0]
        assert first["approval"]["kind"] == "release" and first["yours"]
        assert first["limit_usd"] == 2.5
        asked, due = (
            datetime.fromisoformat(at) for at in (first["approval"]["created_at"], first["due_at"])
        )
        assert due - asked == timedelta(minutes=30)
        assert first["task"]["tests"]["before"]["failures"] == 1
        assert first["task"]["tests"]["after"]["failures"] == 0
        reader = {"X-API-Key": keys[Scope.READ]}
        seen = (await house.ask("GET", "/inbox", headers=reader)).json()["waiting"]
        assert len(seen) == 3 and not any(one["yours"] for one in seen)


async def test_the_board_holds_a_thousand_tasks_in_brief(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        tasks, now = house.anton._records.tasks, house.anton.clock.now()
        for number in range(1_100):
            request = TaskRequest(repository="acme/shop", text=f"Fault {number}")
            at = now - timedelta(minutes=number)
            await tasks.add(
                Task(
                    task_id=str(uuid.uuid4()),
                    request=request,
                    status=TaskStatus.COMPLETED,
                    created_at=at,
                    updated_at=at,
                    result={"report": {"long": "x" * 2_000}},
                )
            )
        answer = await house.ask("GET", "/board")
        page = answer.json()
        assert len(page["tasks"]) == 1_000 and page["next_cursor"]
        assert page["tasks"][0]["title"] == "Fault 1099"
        assert len(answer.content) < 800_000, "in brief"
        rest = (await house.ask("GET", "/board", params={"cursor": page["next_cursor"]})).json()
        assert len(rest["tasks"]) == 100 and rest["next_cursor"] is None
        few = (await house.ask("GET", "/board", params={"limit": 3})).json()
        assert len(few["tasks"]) == 3

"""Model calls over REST: the latest ones, and conversations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.models import Message
from observability.clock import SystemClock
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.contracts.test_interactions import call, result
from tests.e2e.rest import serving

NOW = datetime.now(UTC)


@asynccontextmanager
async def log_in(folder: Path) -> AsyncIterator[SqliteInteractionLog]:
    """The log of a house, beside it."""
    log = await SqliteInteractionLog.open(folder / "data", clock=SystemClock(), redactor=Redactor())
    yield log
    await log.close()


async def logged(folder: Path, task_id: str) -> None:
    """Five calls of a task, and one of another."""
    async with log_in(folder) as log:
        for n in range(5):
            prompt = (
                Message(author="system", text="You mend."),
                Message(author="user", text=f"q{n}"),
            )
            given: dict[str, Any] = {"messages": prompt, "response": f"a{n}" + "." * 500}
            given["ended_at"] = NOW + timedelta(seconds=n)
            if n == 3:
                given |= {"success": False, "error": "HTTP 503", "role": "qa"}
            log.record(call(task_id=task_id, interaction_id=f"id{n}", **given))
        last = NOW + timedelta(seconds=9)
        log.record(call(ended_at=last, task_id="another", interaction_id="other"))
        log.record(result(task_id=task_id, outcome="fixed"))


async def test_the_latest_calls_are_listed_and_can_be_narrowed(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        task_id = await house.begin()
        await logged(tmp_path, task_id)

        async def ids(**narrowed: Any) -> list[str]:
            answer = await house.ask("GET", "/logs", params=narrowed)
            assert answer.status_code == 200, answer.text
            return [one["id"] for one in answer.json()["calls"]]

        assert await ids() == ["other", "id4", "id3", "id2", "id1", "id0"]
        assert await ids(limit=2) == ["other", "id4"]
        assert await ids(task=task_id[:8], role="fix") == ["id4", "id2", "id1", "id0"]
        assert await ids(success="false") == ["id3"]
        assert await ids(task=task_id, success="true") == ["id4", "id2", "id1", "id0"]
        newest = (await house.ask("GET", "/logs", params={"role": "fix"})).json()["calls"][1]
        assert (newest["preview"], newest["outcome"]) == ("a4" + "." * 398, "fixed")
        assert "messages" not in newest
        assert (await house.ask("GET", "/logs", params={"task": "0" * 8})).status_code == 404
        assert (await house.ask("GET", "/logs", params={"limit": 0})).status_code == 422


async def test_a_conversation_is_read_page_by_page_to_its_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        task_id = await house.begin()
        path = f"/tasks/{task_id}/conversation"
        empty = (await house.ask("GET", path)).json()
        assert (empty["calls"], empty["next_cursor"]) == ([], None)
        await logged(tmp_path, task_id)
        seen, cursor = [], ""
        while cursor is not None:
            answer = await house.ask("GET", path, params={"limit": 2, "cursor": cursor})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            seen += page["calls"]
            cursor = page["next_cursor"]
        assert [one["messages"][0]["text"] for one in seen] == [f"q{n}" for n in range(5)]
        assert seen[0]["system"] == "You mend."
        assert len(seen[0]["response"]) == 502
        assert seen[3]["error"] == "HTTP 503"
        overflows = "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCB4"
        for odd in ("x", "AAAA", "bm9uc2Vuc2U=", overflows):
            answer = await house.ask("GET", path, params={"cursor": odd})
            assert answer.status_code == 422, odd


async def test_what_was_said_too_long_ago_is_gone(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        task_id = await house.begin()
        await logged(tmp_path, task_id)
        async with log_in(tmp_path) as log:
            assert await log.forget(NOW + timedelta(days=1), []) == 6
        answer = await house.ask("GET", f"/tasks/{task_id}/conversation")
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:anton:expired")
        assert len((await house.ask("GET", "/logs")).json()["calls"]) == 6


async def test_a_conversation_shows_beginnings_and_each_call_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        task_id = await house.begin()
        path = f"/tasks/{task_id}/calls"
        empty = (await house.ask("GET", path)).json()
        assert (empty["calls"], empty["next_cursor"], empty["more"]) == ([], "", False)
        await logged(tmp_path, task_id)
        first = (await house.ask("GET", path, params={"limit": 2})).json()
        assert (len(first["calls"]), first["more"]) == (2, True)
        rest = (await house.ask("GET", path, params={"cursor": first["next_cursor"]})).json()
        assert [one["id"] for one in rest["calls"]] == ["id2", "id3", "id4"]
        nothing = (await house.ask("GET", path, params={"cursor": rest["next_cursor"]})).json()
        assert (nothing["calls"], nothing["next_cursor"]) == ([], rest["next_cursor"])
        brief = first["calls"][0]
        assert [one["preview"] for one in brief["heard"]] == ["q0"]
        assert (len(brief["preview"]), brief["response_chars"]) == (400, 502)
        whole = (await house.ask("GET", f"{path}/id0")).json()
        assert (whole["system"], len(whole["response"])) == ("You mend.", 502)
        assert (await house.ask("GET", f"{path}/other")).status_code == 404
        async with log_in(tmp_path) as log:
            await log.forget(NOW + timedelta(days=1), [])
        left = (await house.ask("GET", path)).json()["calls"]
        assert [one["forgotten"] for one in left] == [True] * 5
        assert (await house.ask("GET", f"{path}/id0")).status_code == 410

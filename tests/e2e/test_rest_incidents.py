"""Incidents over REST: listed, shown, dismissed, reopened, merged, fixed; 404 and 409 as told."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from evals.scripted import Script
from tests.e2e.rest import OPERATOR, PATIENCE_S, Served, key_file, serving

NOTHING = Script(fixes=(None,))


async def incident_of(house: Served, task_id: str) -> dict[str, Any]:
    """The incident of a task."""
    task = (await house.ask("GET", f"/tasks/{task_id}")).json()
    found: dict[str, Any] = (await house.ask("GET", f"/incidents/{task['incident_id']}")).json()
    return found


async def idle(house: Served, incident_id: str) -> dict[str, Any]:
    """The incident once nothing works on it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: dict[str, Any] = (await house.ask("GET", f"/incidents/{incident_id}")).json()
            if found["task_id"] is None:
                return found
            await asyncio.sleep(0.05)


async def stopped(house: Served, **more: Any) -> dict[str, Any]:
    """An open incident whose task was cancelled."""
    task_id = await house.begin(**more)
    await house.until(task_id, "waiting_for_input")
    await house.ask("DELETE", f"/tasks/{task_id}")
    return await idle(house, (await incident_of(house, task_id))["incident_id"])


async def act(house: Served, incident: dict[str, Any], name: str, **body: Any) -> httpx.Response:
    return await house.ask("POST", f"/incidents/{incident['incident_id'][:8]}/{name}", json=body)


async def test_a_report_may_join_the_task_at_work(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        task_id = await house.begin()
        await house.until(task_id, "waiting_for_input")
        body = {"task_description": "total() is off by one", "repo": str(house.repo), "join": True}
        for _ in range(2):
            joined = await house.ask("POST", "/tasks", json=body, headers={"Idempotency-Key": "k"})
            assert (joined.status_code, joined.json()["task_id"]) == (200, task_id)
            assert joined.json()["joined"] is True
        other = await house.ask("POST", "/tasks", json={**body, "test": "test_app.py::test_two"})
        own = await house.ask("POST", "/tasks", json={**body, "join": False})
        assert [other.status_code, own.status_code] == [201, 201]
        assert len({task_id, other.json()["task_id"], own.json()["task_id"]}) == 3

        incident = await incident_of(house, task_id)
        assert (incident["count"], incident["task_id"]) == (2, task_id)
        assert incident["state"] == "awaiting_fix_approval" and incident["may"] == []
        apart = await incident_of(house, own.json()["task_id"])
        assert apart["apart_from"] == incident["incident_id"]
        kinds = [(entry["kind"], entry["state"]) for entry in incident["history"]]
        assert kinds[0] == ("reported", "awaiting_fix_approval")
        assert kinds[-1] == ("reported", "open")
        assert incident["history"][0]["text"] == "total() is off by one"
        assert [task["task_id"] for task in incident["tasks"]] == [task_id]

        listed = (await house.ask("GET", "/incidents", params={"q": "TOTAL()", "limit": 2})).json()
        assert len(listed["incidents"]) == 2 and listed["next_cursor"]
        assert sum(listed["counts"].values()) == 3 and listed["as_of_seq"] > 0
        after = {"q": "TOTAL()", "limit": 2, "cursor": listed["next_cursor"]}
        rest = (await house.ask("GET", "/incidents", params=after)).json()
        assert [one["incident_id"] for one in rest["incidents"]] == [incident["incident_id"]]
        none = await house.ask("GET", "/incidents", params={"state": ["noise", "resolved"]})
        assert none.json()["incidents"] == []


async def test_acts_are_told_and_illegal_ones_are_409_and_change_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, script=NOTHING) as house:
        one = await stopped(house)
        assert one["may"] == ["fix", "dismiss", "resolve", "merge"]
        two = await stopped(house, task_description="The sum is wrong")

        gone = await act(house, one, "dismiss", reason="known", until="2099-01-01T00:00:00Z")
        assert gone.status_code == 200 and gone.json()["state"] == "noise"
        assert gone.json()["silent"] and gone.json()["dismissal"]["by"].startswith("rest:")
        body = {"task_description": "total() is off by one", "repo": str(house.repo), "join": True}
        key = {"Idempotency-Key": "once"}
        silenced, repeated = [
            await house.ask("POST", "/tasks", json=body, headers=key) for _ in range(2)
        ]
        assert silenced.status_code == 409 and silenced.json()["type"] == "urn:anton:dismissed"
        refused = await act(house, one, "fix")
        assert refused.status_code == 409 and "Reopen it first" in refused.json()["detail"]
        shown = (await house.ask("GET", f"/incidents/{one['incident_id']}")).json()
        assert (shown["state"], shown["count"]) == ("noise", 2)

        assert (await act(house, one, "reopen")).json()["state"] == "open"
        heard = await house.ask("POST", "/tasks", json=body, headers=key)
        for answer in (repeated, heard):
            assert {**answer.json(), "trace_id": ""} == {**silenced.json(), "trace_id": ""}
        assert (await act(house, one, "reopen")).status_code == 409
        begun = await act(house, one, "fix")
        assert begun.status_code == 201
        again = await act(house, one, "fix")
        assert again.status_code == 409 and "works on it already" in again.json()["detail"]
        assert (await act(house, one, "dismiss", reason="x")).status_code == 409
        await house.until(begun.json()["task_id"], "waiting_for_input")
        await house.ask("DELETE", f"/tasks/{begun.json()['task_id']}")
        await idle(house, one["incident_id"])

        merged = await act(house, one, "merge", into=two["incident_id"])
        assert merged.json()["merged_into"] == two["incident_id"]
        stays = (await house.ask("GET", f"/incidents/{two['incident_id']}")).json()
        assert (stays["count"], stays["first_seen_at"]) == (3, one["first_seen_at"])
        assert stays["forgotten"] is False, "older is what it took over, and not what it lost"
        settled = await act(house, two, "resolve", reason="Mended by hand.")
        assert settled.json()["state"] == "resolved"

        events = (await house.ask("GET", "/events", params={"limit": 500})).json()["events"]
        told = [e for e in events if e["incident_id"] == two["incident_id"]]
        assert [e["data"]["state"] for e in told][-2:] == ["open", "resolved"]
        assert told[-1]["type"] == "incident" and told[-2]["data"]["occurrences"] == 3


async def test_a_task_may_name_its_incident(tmp_path: Path) -> None:
    async with serving(tmp_path, script=NOTHING) as house:
        incident = await stopped(house)
        body = {"task_description": "Other words for it", "incident": incident["incident_id"][:8]}
        answer = await house.ask("POST", "/tasks", json=body)
        assert answer.status_code == 201
        assert answer.json()["incident_id"] == incident["incident_id"]
        unknown = await house.ask("POST", "/tasks", json={**body, "incident": "00000000"})
        assert unknown.status_code == 404


async def test_what_is_not_there_or_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, script=NOTHING) as house:
        one = await stopped(house)
        for path in ("/incidents/00000000", "/incidents/00000000/reopen"):
            method = "POST" if path.endswith("reopen") else "GET"
            assert (await house.ask(method, path)).status_code == 404
        for body in (
            {},
            {"reason": " "},
            {"reason": "x", "until": "soon"},
            {"reason": "x", "until": "2099-01-01T00:00:00"},
            {"reason": "x", "until": "2001-01-01T00:00:00Z"},
        ):
            assert (await act(house, one, "dismiss", **body)).status_code == 422, body
        assert (await act(house, one, "merge", into="00000000")).status_code == 404
        assert (await act(house, one, "merge", into=one["incident_id"])).status_code == 409
        for bad in ({"state": "gone"}, {"limit": 0}, {"q": "x" * 201}):
            assert (await house.ask("GET", "/incidents", params=bad)).status_code == 422
        assert (await house.ask("GET", "/incidents", params={"cursor": "x"})).status_code == 404


async def test_readers_see_and_do_not_act(tmp_path: Path) -> None:
    file, keys = key_file(tmp_path)
    headers = {"X-API-Key": keys["read"]}
    async with serving(tmp_path, api_key=OPERATOR, api_keys_file=file, headers=headers) as house:
        assert (await house.ask("GET", "/incidents")).status_code == 200
        for name in ("dismiss", "reopen", "resolve", "merge", "fix"):
            answer = await house.ask("POST", f"/incidents/00000000/{name}", json={"reason": "x"})
            assert answer.status_code == 403, name

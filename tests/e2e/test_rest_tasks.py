"""A repair over REST: from the report to the branch, with consent in between."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.findings import Diagnosis, ReviewVerdict
from evals.scripted import MENDED, Script
from tests.e2e.rest import OPERATOR, Served, digest, serving
from tests.fakes.repositories import git
from tests.unit.api.test_schemas import API_4


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as served:
        yield served


async def test_a_report_becomes_a_branch_after_consent(house: Served) -> None:
    task_id = await house.begin(ticket="BUG-42")
    task = await house.until(task_id, "waiting_for_input")
    assert task["needs_human_input"] is True
    assert task["human_input_prompt"]
    assert task["branch"] is None
    assert git(house.repo, "branch", "--list", "anton/*") == ""
    answer = await house.ask("POST", f"/tasks/{task_id}/approve")
    assert (answer.status_code, answer.json()["status"]) == (200, "approving")
    task = await house.until(task_id, "completed")
    assert (task["outcome"], task["tests_passing"], task["approved"]) == ("fixed", True, True)
    assert task["branch"] == f"anton/bug-42-{task_id[:8]}"
    assert git(house.repo, "show", f"{task['branch']}:app.py") + "\n" == MENDED
    assert git(house.repo, "status", "--porcelain") == ""


async def test_a_task_shows_every_fact_before_during_and_after(house: Served) -> None:
    task_id = await house.begin()
    for status in ("waiting_for_input", "completed"):
        task = await house.until(task_id, status)
        assert set(API_4) <= task.keys()
        assert task["as_of_seq"] > 0
        done = {step["node"] for step in task["pipeline"] if step["state"] == "finished"}
        assert {"intake", "triage", "fix", "qa", "review"} <= done
        assert task["agent_stats"]["fix"]["runs"] == 1
        assert task["agent_timeline"]
        listed = (await house.ask("GET", "/tasks")).json()["tasks"][0]
        for shown in (task, listed):
            assert shown["tests"]["before"]["failed"] == ["test_app.py::test_total"]
            assert shown["tests"]["after"]["failed"] == []
        await house.ask("POST", f"/tasks/{task_id}/approve")
    assert task["size"] == {"files": 1, "added": 1, "deleted": 1}
    assert task["evidence"]["base"]["failed"] == ["test_app.py::test_total"]
    assert (task["total_cost_usd"], task["cost_known"]) == (0.0, True)


async def test_a_task_is_found_by_id_by_its_beginning_and_as_the_latest(house: Served) -> None:
    task_id = await house.begin()
    for reference in (task_id, task_id[:8], task_id[:8].upper(), "latest"):
        for path in ("tasks", "runs"):
            answer = await house.ask("GET", f"/{path}/{reference}")
            assert answer.json()["task_id"] == task_id


async def test_what_is_no_task_is_404(house: Served) -> None:
    for reference in (
        "00000000",
        "00000000-0000-4000-8000-000000000000",
        "lates",
        "%00",
        "..%2f..%2fetc",
        "a" * 500,
    ):
        for method, path in (
            ("GET", f"/tasks/{reference}"),
            ("GET", f"/tasks/{reference}/events"),
            ("GET", f"/tasks/{reference}/artifacts"),
            ("POST", f"/tasks/{reference}/approve"),
            ("DELETE", f"/tasks/{reference}"),
        ):
            answer = await house.ask(method, path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json"


async def test_tasks_are_listed_newest_first_by_pages_and_filters(house: Served) -> None:
    made = [await house.begin() for _ in range(5)]
    found: list[str] = []
    cursor = ""
    while True:
        page = (await house.ask("GET", "/tasks", params={"limit": 2, "cursor": cursor})).json()
        found += [task["task_id"] for task in page["tasks"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made[::-1]
    await asyncio.gather(*(house.until(task_id, "waiting_for_input") for task_id in made))
    waiting = await house.ask("GET", "/tasks", params={"status": "waiting_for_input"})
    assert len(waiting.json()["tasks"]) == 5
    for narrow in ({"outcome": "fixed"}, {"workflow": "build"}, {"repo": "/x"}, {"source": "cli"}):
        assert (await house.ask("GET", "/tasks", params=narrow)).json()["tasks"] == []


async def test_a_bad_filter_is_422(house: Served) -> None:
    for query in (
        "limit=0",
        "limit=201",
        "limit=x",
        "status=done",
        "outcome=x",
    ):
        assert (await house.ask("GET", f"/tasks?{query}")).status_code == 422, query


async def test_a_cursor_that_leads_nowhere_is_404(house: Served) -> None:
    assert (await house.ask("GET", "/tasks?cursor=%27%20OR%201=1")).status_code == 404


async def test_the_same_idempotency_key_finds_the_same_task(house: Served) -> None:
    body = {"task_description": "total() is off by one", "repo": str(house.repo)}
    key = {"Idempotency-Key": "once"}
    answers = [await house.ask("POST", "/tasks", json=body, headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    other = await house.ask("POST", "/tasks", json={**body, "seed": 1}, headers=key)
    assert other.status_code == 409


async def test_without_a_repository_a_task_is_a_build_and_needs_a_model(house: Served) -> None:
    for body in ({"task_description": "A shop."}, {"task_description": "x", "workflow": "build"}):
        answer = await house.ask("POST", "/tasks", json=body)
        assert answer.status_code == 422
        problem = answer.json()
        assert problem["type"].endswith("model_required")
        for way in ("ANTHROPIC_API_KEY", "OLLAMA_BASE_URL", "OPENAI_API_BASE"):
            assert way in problem["detail"]


async def test_a_report_is_as_long_as_the_settings_allow(tmp_path: Path) -> None:
    async with serving(tmp_path, max_task_description_length=10) as house:
        for text, status in (("x" * 10, 201), ("x" * 11, 422)):
            body = {"task_description": text, "repo": str(house.repo)}
            assert (await house.ask("POST", "/tasks", json=body)).status_code == status


async def test_a_bad_field_is_named_and_not_repeated(house: Served) -> None:
    body = {"task_description": "x", "repo": str(house.repo), "max_iterations": "s3cret"}
    answer = await house.ask("POST", "/tasks", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.max_iterations"
    assert "s3cret" not in answer.text


async def test_more_tasks_than_may_run_are_refused_unless_they_queue(tmp_path: Path) -> None:
    slow = Script(delays_s={"fix": 20})
    async with serving(tmp_path, script=slow, max_concurrent_tasks=1) as house:
        key = {"Idempotency-Key": "once"}
        first = {"task_description": "total() is off by one", "repo": str(house.repo)}
        begun = await house.ask("POST", "/tasks", json=first, headers=key)
        await house.until(begun.json()["task_id"], "running")
        repeated = await house.ask("POST", "/tasks", json=first, headers=key)
        assert (repeated.status_code, repeated.json()["task_id"]) == (201, begun.json()["task_id"])
        body = {"task_description": "again", "repo": str(house.repo)}
        refused = await house.ask("POST", "/tasks", json=body)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        queued = await house.ask("POST", "/tasks", json={**body, "queue": True})
        assert queued.json()["status"] == "queued"


async def test_a_cancelled_task_ends_and_cannot_be_cancelled_again(tmp_path: Path) -> None:
    async with serving(tmp_path, script=Script(delays_s={"fix": 20})) as house:
        task_id = await house.begin()
        await house.until(task_id, "running")
        answer = await house.ask("DELETE", f"/tasks/{task_id}")
        assert (answer.status_code, answer.json()["cancel_requested"]) == (200, True)
        assert (await house.until(task_id, "cancelled"))["outcome"] == "cancelled"
        assert (await house.ask("DELETE", f"/tasks/{task_id}")).status_code == 409


async def test_a_cancelled_task_leaves_no_question(house: Served) -> None:
    question = await house.waiting()
    await house.ask("DELETE", f"/tasks/{question['task_id']}")
    await house.until(question["task_id"], "cancelled")
    answer = await house.ask("POST", f"/tasks/{question['task_id']}/approve")
    assert answer.status_code == 409
    assert git(house.repo, "branch", "--list", "anton/*") == ""


async def test_consent_given_twice_is_given_once(house: Served) -> None:
    question = await house.waiting()
    path = f"/tasks/{question['task_id']}/approve"
    first, second = await asyncio.gather(house.ask("POST", path), house.ask("POST", path))
    assert {first.status_code, second.status_code} == {200}
    assert {first.json()["status"], second.json()["status"]} <= {"approving", "already_approved"}
    await house.until(question["task_id"], "completed")
    again = (await house.ask("POST", path)).json()
    assert again["status"] == "already_approved"
    assert again["patch_hash"] == question["patch_hash"]
    assert again["branch"].startswith("anton/")


async def test_consent_to_another_diff_is_refused(house: Served) -> None:
    question = await house.waiting()
    path = f"/tasks/{question['task_id']}/approve"
    wrong = await house.ask("POST", path, json={"patch_hash": digest("another")})
    assert wrong.status_code == 409
    right = await house.ask("POST", path, json={"patch_hash": question["patch_hash"]})
    assert right.json()["patch_hash"] == question["patch_hash"]


async def test_the_latest_approve_takes_the_only_release_and_never_guesses(house: Served) -> None:
    assert (await house.ask("POST", "/tasks/latest/approve")).status_code == 404
    first, second = await house.waiting(), await house.waiting()
    several = await house.ask("POST", "/tasks/latest/approve")
    assert several.status_code == 409
    assert set(several.json()["task_ids"]) == {first["task_id"], second["task_id"]}
    await house.ask("POST", f"/tasks/{second['task_id']}/approve")
    await house.until(second["task_id"], "completed")
    only = (await house.ask("POST", "/tasks/latest/approve")).json()
    assert (only["status"], only["task_id"]) == ("approving", first["task_id"])


async def test_no_get_decides(house: Served) -> None:
    question = await house.waiting()
    for path in (
        f"/tasks/{question['task_id']}/approve",
        f"/approvals/{question['approval_id']}/decision",
        f"/tasks/{question['task_id']}/reply",
    ):
        assert (await house.ask("GET", path)).status_code == 405
        assert (await house.ask("HEAD", path)).status_code == 405
    assert (await house.ask("GET", "/approvals?state=pending")).json()["approvals"]


async def test_plain_words_are_repeated_as_they_were_understood(tmp_path: Path) -> None:
    async with serving(tmp_path, script=Script(fixes=(MENDED, MENDED))) as house:
        task_id = (await house.waiting())["task_id"]
        for words, status in (("", 422), ("   ", 422)):
            answer = await house.ask("POST", f"/tasks/{task_id}/reply", json={"text": words})
            assert answer.status_code == status
        mixed = {"text": "ship it, but rename total to add_up"}
        answer = await house.ask("POST", f"/tasks/{task_id}/reply", json=mixed)
        assert (answer.json()["state"], answer.status_code) == ("changes_requested", 200)
        assert "rename total" in answer.json()["understood"]
        await house.until(task_id, "waiting_for_input")
        answer = await house.ask("POST", f"/tasks/{task_id}/reply", json={"text": "no"})
        while answer.status_code == 409:
            await asyncio.sleep(0.05)
            answer = await house.ask("POST", f"/tasks/{task_id}/reply", json={"text": "no"})
        assert answer.json()["understood"]
        assert (await house.until(task_id, "completed", "failed"))["outcome"] is not None
        late = await house.ask("POST", f"/tasks/{task_id}/reply", json={"text": "yes"})
        assert late.status_code == 409


async def test_unclear_words_are_asked_back(house: Served) -> None:
    task_id = (await house.waiting())["task_id"]
    answer = await house.ask("POST", f"/tasks/{task_id}/reply", json={"text": "?"})
    assert answer.status_code == 422
    assert "approve" in answer.json()["detail"]


async def test_what_a_task_leaves_behind_can_be_downloaded_and_never_runs(house: Served) -> None:
    task_id = (await house.waiting())["task_id"]
    await house.ask("POST", f"/tasks/{task_id}/approve")
    await house.until(task_id, "completed")
    listed = (await house.ask("GET", f"/tasks/{task_id}/artifacts")).json()["artifacts"]
    assert {"patch.json", "report.json", "incident.md"} <= {entry["name"] for entry in listed}
    assert not [entry for entry in listed if "ref" in entry]
    for entry in listed:
        answer = await house.ask("GET", f"/tasks/{task_id}/artifacts/{entry['id']}")
        assert answer.status_code == 200
        assert answer.content
        assert answer.headers["content-disposition"] == f'attachment; filename="{entry["name"]}"'
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"
    archive = (await house.ask("GET", f"/tasks/{task_id}/artifacts.zip")).content
    assert archive == (await house.ask("GET", f"/tasks/{task_id}/artifacts.zip")).content
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist() == [entry["name"] for entry in listed]


async def test_no_path_of_a_client_reaches_the_disk(house: Served) -> None:
    task_id = (await house.waiting())["task_id"]
    for path in (
        "../../anton.db",
        "..%2f..%2fanton.db",
        "%2e%2e/%2e%2e/anton.db",
        "%2fetc%2fpasswd",
        "patch.json%00",
        "sha256:" + "0" * 64,
        "%00",
        "C:%5cboot.ini",
    ):
        answer = await house.ask("GET", f"/tasks/{task_id}/artifacts/{path}")
        assert answer.status_code == 404, path
        assert "SQLite" not in answer.text


async def test_an_artifact_of_another_task_is_not_found(house: Served) -> None:
    listed: list[set[str]] = []
    for _ in range(2):
        task_id = (await house.waiting())["task_id"]
        await house.ask("POST", f"/tasks/{task_id}/approve")
        await house.until(task_id, "completed")
        found = (await house.ask("GET", f"/tasks/{task_id}/artifacts")).json()["artifacts"]
        listed.append({entry["id"] for entry in found})
    first, second = listed
    assert first - second
    for artifact_id in first - second:
        answer = await house.ask("GET", f"/tasks/{task_id}/artifacts/{artifact_id}")
        assert answer.status_code == 404


async def test_a_restart_loses_nothing_and_consent_still_counts(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        question = await house.waiting()
        before = await house.until(question["task_id"], "waiting_for_input")
    async with serving(tmp_path) as house:
        after = await house.until(question["task_id"], "waiting_for_input")
        for name in ("pipeline", "artifacts", "size", "confidence", "human_input_prompt"):
            assert after[name] == before[name]
        answer = await house.ask("POST", f"/tasks/{question['task_id']}/approve")
        assert answer.json()["status"] == "approving"
        assert (await house.until(question["task_id"], "completed"))["outcome"] == "fixed"


async def test_only_listed_repositories_are_worked_on(tmp_path: Path) -> None:
    listed = str(tmp_path / "repo")
    async with serving(tmp_path, repositories=listed) as house:
        await house.begin(repo=f"{listed}/../repo")
        body = {"task_description": "x", "repo": str(tmp_path)}
        refused = await house.ask("POST", "/tasks", json=body)
        assert refused.status_code == 422
        assert listed in refused.json()["detail"]


async def test_a_repository_is_taken_by_default_where_one_is_set(tmp_path: Path) -> None:
    async with serving(tmp_path, repo_cwd=str(tmp_path / "repo")) as house:
        task_id = await house.begin(repo=None, ticket="BUG-1")
        task = (await house.ask("GET", f"/tasks/{task_id}")).json()
        assert task["repo"] == str(tmp_path / "repo")


async def test_an_escalation_is_answered_over_rest(tmp_path: Path) -> None:
    script = Script(fixes=(None,), reviews=(ReviewVerdict.APPROVE,))
    headers = {"X-API-Key": OPERATOR}
    async with serving(tmp_path, script=script, api_key=OPERATOR, headers=headers) as house:
        task_id = await house.begin()
        await house.until(task_id, "waiting_for_input")
        asked = (await house.ask("GET", "/approvals", params={"task": task_id})).json()
        question = asked["approvals"][0]
        assert question["kind"] == "escalation"
        assert (await house.ask("POST", f"/tasks/{task_id}/approve")).status_code == 409
        answer = await house.ask(
            "POST", f"/approvals/{question['approval_id']}/decision", json={"decision": "stop"}
        )
        assert answer.status_code == 200
        decision = answer.json()["decision"]
        assert (decision["by"], decision["channel"]) == ("operator", "rest")
        assert (await house.until(task_id, "completed", "failed"))["outcome"] != "fixed"


async def test_no_secret_leaves_with_an_artifact(tmp_path: Path) -> None:
    quoted = 'a"quoted-secret-0123456789'
    script = Script(
        diagnosis=Diagnosis(root_cause=f"{OPERATOR} is used, and {quoted}", confidence=0.9)
    )
    given: dict[str, Any] = {"api_key": OPERATOR, "slack_signing_secret": quoted}
    async with serving(tmp_path, script=script, headers={"X-API-Key": OPERATOR}, **given) as house:
        task_id = await house.begin()
        await house.until(task_id, "waiting_for_input")
        found = (await house.ask("GET", f"/tasks/{task_id}/artifacts")).json()["artifacts"]
        texts = {
            entry["name"]: (
                await house.ask("GET", f"/tasks/{task_id}/artifacts/{entry['id']}")
            ).text
            for entry in found
        }
        assert "is used, and" in json.loads(texts["diagnosis.json"])["root_cause"]
        packed = (await house.ask("GET", f"/tasks/{task_id}/artifacts.zip")).content
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            texts |= {f"zip {name}": archive.read(name).decode() for name in archive.namelist()}
        for name, text in texts.items():
            assert OPERATOR not in text, name
            assert "quoted-secret" not in text, name

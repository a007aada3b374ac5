"""Questions over REST: one answer counts, and who comes late is told the truth."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.trees import File
from evals.scripted import MENDED, TEST, Script
from tests.e2e.rest import OPERATOR, Served, digest, key_file, serving
from tests.fakes.repositories import git


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as served:
        yield served


async def decide(house: Served, question: dict[str, Any], decision: str, **more: Any) -> Any:
    body = {"decision": decision, "patch_hash": question["patch_hash"], **more}
    return await house.ask("POST", f"/approvals/{question['approval_id']}/decision", json=body)


async def test_a_question_shows_its_briefing_and_what_it_is_bound_to(house: Served) -> None:
    question = await house.waiting()
    shown = (await house.ask("GET", f"/approvals/{question['approval_id']}")).json()
    assert (shown["kind"], shown["state"], shown["may_decide"]) == ("release", "pending", True)
    assert "total() adds one too many." in shown["body"]
    assert "diff --git a/app.py b/app.py" in shown["diff"]
    assert digest(shown["diff"]) == shown["patch_hash"]
    assert len(shown["patch_hash"]) == 64
    assert shown["options"] == ["approve", "request_changes", "reject", "noise"]
    assert "nonce" not in shown


async def test_an_approval_leads_to_a_branch(house: Served) -> None:
    question = await house.waiting()
    answer = await decide(house, question, "approve")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["may_decide"]) == ("approved", False)
    assert answer.json()["seq"] > question.get("as_of_seq", 0)
    await house.until(question["task_id"], "completed")
    assert question["details"]["branch"] in git(house.repo, "branch", "--list", "anton/*")


async def test_a_rejection_publishes_nothing(house: Served) -> None:
    question = await house.waiting()
    await decide(house, question, "reject")
    task = await house.until(question["task_id"], "completed")
    assert task["outcome"] == "rejected"
    assert git(house.repo, "branch", "--list", "anton/*") == ""


async def test_a_report_is_called_noise_beside_its_patch(house: Served) -> None:
    question = await house.waiting()
    unbound = await decide(house, {**question, "patch_hash": None}, "noise")
    assert unbound.status_code == 422
    answer = await decide(house, question, "noise", text="Nobody calls total() so.")
    assert (answer.status_code, answer.json()["state"]) == (200, "answered")
    task = await house.until(question["task_id"], "completed")
    assert (task["outcome"], task["reason"]) == ("noise", "Nobody calls total() so.")
    assert git(house.repo, "branch", "--list", "anton/*") == ""


async def test_words_lead_back_to_the_fix(house: Served) -> None:
    first = await house.waiting()
    no_words = await decide(house, first, "request_changes")
    assert no_words.status_code == 422
    comment = {"path": "app.py", "line": 2, "text": "say why"}
    answer = await decide(house, first, "request_changes", line_comments=[comment])
    assert answer.json()["decision"]["text"] == "app.py:2: say why"
    late = await decide(house, first, "approve")
    assert (late.status_code, late.json()["state"]) == (409, "changes_requested")
    async with asyncio.timeout(30):
        while True:
            task = await house.until(first["task_id"], "waiting_for_input")
            if task["agent_stats"]["fix"]["runs"] > 1:
                break
            await asyncio.sleep(0.02)
    assert git(house.repo, "branch", "--list", "anton/*") == ""


async def test_a_revision_shows_what_it_changed_and_its_files(tmp_path: Path) -> None:
    longer = "def total(items):\n    # Say why.\n    return sum(items)\n"
    async with serving(tmp_path, script=Script(fixes=(MENDED, longer))) as house:
        first = await house.waiting()
        ref = first["task_id"]
        files = (await house.ask("GET", f"/tasks/{ref}/files")).json()
        assert [(one["path"], one["change"], one["text"]) for one in files["files"]] == [
            ("app.py", "modified", MENDED)
        ]
        proof = (await house.ask("GET", f"/tasks/{ref}/evidence")).json()["proof"]
        assert proof["fixed"]["end"] == "passed"
        await decide(house, first, "request_changes", text="say why")
        async with asyncio.timeout(30):
            while True:
                if found := await asked_again(house, ref):
                    break
                await asyncio.sleep(0.02)
        path = f"/approvals/{found['approval_id']}/changes"
        changes = (await house.ask("GET", path, params={"since": 1})).json()
        assert (changes["revision"], changes["since"], changes["same_base"]) == (2, 1, True)
        assert [line for line in changes["diff"].splitlines() if line.startswith("+ ")] == [
            "+    # Say why."
        ]
        assert (await house.ask("GET", path, params={"since": 7})).status_code == 404


async def asked_again(house: Served, ref: str) -> dict[str, Any] | None:
    """The second question of a task, once it waits."""
    waiting = (await house.ask("GET", "/approvals", params={"task": ref})).json()["approvals"]
    return next((one for one in waiting if one["revision"] == 2), None)


async def test_an_answer_to_an_older_revision_is_superseded(house: Served) -> None:
    question = await house.waiting()
    stale = await decide(house, question, "approve", revision=7)
    assert stale.status_code == 409
    assert stale.json()["type"].endswith("superseded")
    assert stale.json()["revision"] == 1
    assert (await decide(house, question, "approve", revision=1)).status_code == 200


async def test_an_answer_that_does_not_fit_is_422_and_changes_nothing(house: Served) -> None:
    question = await house.waiting()
    path = f"/approvals/{question['approval_id']}"
    for body in (
        {},
        {"decision": "approve"},
        {"decision": "reject"},
        {"decision": "ship"},
        {"decision": "approve", "patch_hash": "x"},
        {"decision": "raise_budget", "patch_hash": "0" * 64, "amount_usd": 1},
        {"decision": "approve", "patch_hash": "0" * 64, "by": {"channel": "terminal"}},
    ):
        answer = await house.ask("POST", f"{path}/decision", json=body)
        assert answer.status_code == 422, body
        assert (await house.ask("GET", path)).json()["state"] == "pending"


async def test_consent_to_another_diff_is_superseded(house: Served) -> None:
    question = await house.waiting()
    answer = await decide(house, question, "approve", patch_hash=digest("another"))
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"].endswith("superseded")
    assert problem["patch_hash"] == question["patch_hash"]


async def test_a_repeated_tap_is_harmless_and_a_late_one_is_told_who_won(house: Served) -> None:
    question = await house.waiting()
    for _ in range(2):
        assert (await decide(house, question, "approve", key="tap-1")).status_code == 200
    late = await decide(house, question, "reject")
    assert late.status_code == 409
    problem = late.json()
    assert problem["type"].endswith("already_decided")
    assert (problem["by"], problem["channel"], problem["state"]) == ("local", "rest", "approved")
    assert problem["at"]


async def test_an_answer_to_a_cancelled_task_is_told_why(house: Served) -> None:
    question = await house.waiting()
    await house.ask("DELETE", f"/tasks/{question['task_id']}")
    answer = await decide(house, question, "approve")
    assert answer.status_code == 409
    assert "cancel" in answer.json()["detail"].lower()


async def test_unknown_questions_and_nonces_are_404(house: Served) -> None:
    question = await house.waiting()
    nonce = (await house.anton.approval(question["approval_id"])).nonce
    for unknown in (nonce, "nothing", "%00", "0" * 32):
        assert (await house.ask("GET", f"/approvals/{unknown}")).status_code == 404
        body = {"decision": "approve", "patch_hash": question["patch_hash"]}
        answer = await house.ask("POST", f"/approvals/{unknown}/decision", json=body)
        assert answer.status_code == 404


async def test_questions_are_listed_pending_first_and_narrowed(house: Served) -> None:
    first, second = await house.waiting(), await house.waiting()
    await decide(house, second, "reject")
    listed = (await house.ask("GET", "/approvals")).json()["approvals"]
    assert [one["state"] for one in listed] == ["pending", "rejected"]
    pending = (await house.ask("GET", "/approvals?state=pending")).json()["approvals"]
    assert [one["approval_id"] for one in pending] == [first["approval_id"]]
    assert (await house.ask("GET", "/approvals?task=00000000")).status_code == 404


@pytest.mark.slow
async def test_fifty_waiting_tasks_get_the_answers_that_were_meant_for_them(house: Served) -> None:
    made = [await house.begin(queue=True) for _ in range(50)]
    await asyncio.gather(*(house.until(task_id, "waiting_for_input") for task_id in made))
    listed = (await house.ask("GET", "/approvals?state=pending")).json()["approvals"]
    meant = {
        one["task_id"]: choice
        for one, choice in zip(listed, ["approve", "reject"] * 25, strict=True)
    }
    random.Random(7).shuffle(listed)
    answers = await asyncio.gather(*(decide(house, one, meant[one["task_id"]]) for one in listed))
    assert {answer.status_code for answer in answers} == {200}
    tasks = await asyncio.gather(*(house.until(task_id, "completed") for task_id in made))
    assert {task["task_id"]: task["outcome"] for task in tasks} == {
        task_id: "fixed" if choice == "approve" else "rejected" for task_id, choice in meant.items()
    }
    assert len(git(house.repo, "branch", "--list", "anton/*").splitlines()) == 25


async def test_who_decided_is_the_name_of_the_key(tmp_path: Path) -> None:
    file, keys = key_file(tmp_path)
    headers = {"X-API-Key": OPERATOR}
    async with serving(tmp_path, api_key=OPERATOR, api_keys_file=file, headers=headers) as house:
        question = await house.waiting()
        mine = {"X-API-Key": keys["approve"]}
        path = f"/approvals/{question['approval_id']}"
        for name, may in (("read", False), ("operate", False), ("approve", True)):
            shown = await house.ask("GET", path, headers={"X-API-Key": keys[name]})
            assert shown.json()["may_decide"] is may
        body = {"decision": "approve", "patch_hash": question["patch_hash"]}
        answer = await house.ask("POST", f"{path}/decision", json=body, headers=mine)
        assert answer.json()["decision"]["by"] == "approve"


async def test_two_keys_approve_where_two_persons_have_to(tmp_path: Path) -> None:
    file, keys = key_file(tmp_path)
    options: dict[str, Any] = {
        "api_key": OPERATOR,
        "api_keys_file": file,
        "approval_two_for": "high",
    }
    unproven = Script(reproduction=Reproduction(reading=Reading.NOTHING_TO_RUN))
    async with serving(
        tmp_path, script=unproven, headers={"X-API-Key": OPERATOR}, **options
    ) as house:
        question = await house.waiting()
        assert (question["risk"], question["voices_needed"]) == ("high", 2)
        first = await decide(house, question, "approve")
        assert (first.status_code, first.json()["state"]) == (200, "pending")
        assert [voice["by"] for voice in first.json()["voices"]] == ["operator"]
        again = await decide(house, question, "approve")
        assert (again.status_code, again.json()["type"]) == (409, "urn:anton:voice_counted")
        path = f"/approvals/{question['approval_id']}/decision"
        body = {"decision": "approve", "patch_hash": question["patch_hash"]}
        other = {"X-API-Key": keys["approve"]}
        mine = (await house.ask("GET", path.removesuffix("/decision"))).json()
        theirs = (await house.ask("GET", path.removesuffix("/decision"), headers=other)).json()
        assert (mine["voiced"], "approve" in mine["deciders"]) == (True, True)
        assert theirs["voiced"] is False
        assert not {"operator", "approve", "read"} & set(theirs["deciders"])
        second = await house.ask("POST", path, json=body, headers=other)
        assert (second.status_code, second.json()["state"]) == (200, "approved")
        await house.until(question["task_id"], "completed")


async def test_whoever_asked_is_told_beforehand_that_they_may_not_approve(tmp_path: Path) -> None:
    async with serving(tmp_path, approval_forbid_requester=True) as house:
        question = await house.waiting()
        shown = (await house.ask("GET", f"/approvals/{question['approval_id']}")).json()
        assert "APPROVAL_FORBID_REQUESTER" in shown["barred"]
        assert (await decide(house, question, "approve")).status_code == 403
        assert (await decide(house, question, "reject")).json()["barred"] is None


async def test_nobody_is_to_approve_what_nobody_can_see(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        question = await house.waiting()
        rmtree(await asyncio.to_thread(lambda: next(tmp_path.rglob("artifacts"))))
        shown = (await house.ask("GET", f"/approvals/{question['approval_id']}")).json()
        assert (shown["state"], shown["forgotten"], shown["diff"]) == ("pending", True, None)
        assert "nobody can see" in shown["barred"]
        assert (await decide(house, question, "reject")).json()["barred"] is None


async def test_protected_paths_are_released_only_by_the_hash_that_was_seen(tmp_path: Path) -> None:
    guarded = FileChange.of("auth/test_total.py", File(b"def test_total():\n    assert True\n"))
    shown = Reproduction(
        reading=Reading.REPRODUCED, origin="example", tests=(TEST,), files=(guarded,)
    )
    async with serving(tmp_path, script=Script(reproduction=shown)) as house:
        question = await house.waiting()
        assert question["risk"] == "critical"
        task = f"/tasks/{question['task_id']}"
        for path, body in (("approve", {}), ("approve", None), ("reply", {"text": "ship it"})):
            refused = await house.ask("POST", f"{task}/{path}", json=body)
            assert refused.status_code == 422, refused.text
        latest = await house.ask("POST", "/tasks/latest/approve")
        assert latest.status_code == 422
        assert (await house.ask("GET", task)).json()["status"] == "waiting_for_input"
        assert question["proof_needed"] is True
        body = {"patch_hash": question["patch_hash"]}
        untyped = await house.ask("POST", f"{task}/approve", json=body)
        assert untyped.status_code == 422
        assert untyped.json()["type"].endswith("confirmation_wrong")
        assert "This changes: auth/test_total.py" in untyped.json()["detail"]
        assert (await decide(house, question, "approve")).status_code == 422
        wrong = await decide(house, question, "approve", confirmation="000000")
        assert "1 of 5 tries" in wrong.json()["detail"]
        body["confirmation"] = question["patch_hash"][-6:]
        assert (await house.ask("POST", f"{task}/approve", json=body)).status_code == 200
        assert (await house.until(question["task_id"], "completed"))["outcome"] == "fixed"

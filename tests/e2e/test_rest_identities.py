"""What roles have learned, over REST."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from core import figures
from core.identities import Identity, Origin, RuleStats
from core.interactions import RoleResult
from memory.identities.sqlite import SqliteIdentityStore
from memory.stores.sqlite import SqliteStores
from memory.stores.sqlite.lessons import SqliteLessonStore
from observability.clock import SystemClock
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.e2e.rest import OPERATOR, key_file, serving
from tests.fakes.clock import START

RULES = [
    {"text": "Look at the callers first.", "pinned": False, "correction": False},
    {"text": "Never touch the vendored folder.", "pinned": True, "correction": True},
]


@asynccontextmanager
async def store_in(folder: Path) -> AsyncIterator[SqliteIdentityStore]:
    """The identities of a house, beside it."""
    clock = SystemClock()
    stores = await SqliteStores.open(
        folder / "data", clock=clock, redactor=Redactor(), exclusive=False
    )
    yield SqliteIdentityStore(stores.database, clock)
    await stores.close()


async def learned(folder: Path) -> None:
    """Let the role `fix` learn something by itself."""
    identity = Identity.model_validate(
        {
            "role": "fix",
            "learned_rules": ("Read the failing test first.", "Be quick."),
            "rule_stats": {"Read the failing test first.": RuleStats(use_count=8, success_count=8)},
            "code_style": "small functions\u202e",
            "mood": "calm",
        }
    )
    async with store_in(folder) as store:
        await store.save(identity, by="reflection", reason="t")


async def test_every_role_is_listed_also_those_that_have_learned_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await learned(tmp_path)
        found = (await house.ask("GET", "/identities")).json()["identities"]
        by_role = {one["role"]: one for one in found}
        assert {"triage", "diagnosis", "qa", "fix", "reviewer", "scribe"} <= by_role.keys()
        assert (by_role["qa"]["version"], by_role["qa"]["rules"]) == (0, [])
        one = (await house.ask("GET", "/identities/fix")).json()
        assert one["version"] == 1
        assert [rule["text"] for rule in one["rules"]] == [
            "Read the failing test first.",
            "Be quick.",
        ]
        assert one["rules"][0]["confidence"] == 0.9
        assert one["code_style"] == "small functions<U+202E>"


async def test_how_a_rule_serves_is_shown_with_and_without_it(tmp_path: Path) -> None:
    rule, young = "Read the failing test first.", "Be quick."
    origin = Origin(learned_at=START, model="large", tasks=("t1", "t2"))
    async with serving(tmp_path) as house:
        async with store_in(tmp_path) as store:
            identity = Identity(role="fix", learned_rules=(rule, young), origins={rule: origin})
            await store.save(identity, by="reflection")
            lessons = SqliteLessonStore(store._database, SystemClock())
            for number in range(30):
                shown = number < 20
                await lessons.used(
                    f"t{number}",
                    "fix",
                    shown=[young, rule] if shown else [young],
                    withheld=[] if shown else [rule],
                )
                well = number % 4 > 0 if shown else number % 2 > 0
                await lessons.conclude(f"t{number}", ["fix"], well=well, ended_at=START)
        told = (await house.ask("GET", "/identities/fix")).json()["rules"]
        by_text = {one["text"]: one for one in told}
        one, other = by_text[rule], by_text[young]
        assert (one["use_count"], one["success_count"]) == (20, 15)
        assert (one["withheld_count"], one["withheld_success_count"]) == (10, 5)
        assert one["effect"] == 0.25
        assert (one["learned_by"], one["learned_from"]) == ("large", ["t1", "t2"])
        assert one["learned_at"].startswith("2026-03-01T12:00:00")
        assert (other["use_count"], other["effect"]) == (30, None), "not enough data"
        assert (other["learned_at"], other["learned_by"]) == (None, "")


async def test_rules_are_edited_pinned_and_deleted_by_a_person(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await learned(tmp_path)
        kept = {"text": "Read the failing test first."}
        body = {"version": 1, "rules": [*RULES, kept]}
        answer = await house.ask("PUT", "/identities/fix/rules", json=body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["version"] == 2
        assert [(rule["text"], rule["pinned"], rule["use_count"]) for rule in told["rules"]] == [
            ("Never touch the vendored folder.", True, 0),
            ("Read the failing test first.", False, 8),
            ("Look at the callers first.", False, 0),
        ]
        async with store_in(tmp_path) as store:
            assert (await store.get("fix")).dump()["mood"] == "calm"
        newest, first = (await house.ask("GET", "/identities/fix/versions")).json()["versions"]
        assert (newest["saved_by"], newest["reason"]) == ("rest:local", "rules set by a person")
        assert (first["saved_by"], first["version"]) == ("reflection", 1)


async def test_a_stale_version_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await learned(tmp_path)
        for version, status in ((1, 200), (1, 409), (0, 409), (7, 409)):
            body = {"version": version, "rules": RULES}
            answer = await house.ask("PUT", "/identities/fix/rules", json=body)
            assert answer.status_code == status, answer.text
        assert "version 2" in answer.json()["detail"]
        assert (await house.ask("GET", "/identities/fix")).json()["version"] == 2


async def test_an_older_content_can_stand_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await learned(tmp_path)
        await house.ask("PUT", "/identities/fix/rules", json={"version": 1, "rules": []})
        answer = await house.ask("POST", "/identities/fix/rollback", json={"version": 1})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["version"], len(told["rules"])) == (3, 2)
        assert told["rules"][0]["use_count"] == 8
        answer = await house.ask("POST", "/identities/fix/rollback", json={"version": 9})
        assert answer.status_code == 404
        assert "kept are: 3, 2, 1" in answer.json()["detail"]


async def test_two_versions_are_told_apart_and_why_a_rule_went(tmp_path: Path) -> None:
    first, second = "Read the failing test first.", "Be quick."
    async with serving(tmp_path) as house:
        await learned(tmp_path)
        rules = [{"text": first, "pinned": True}, RULES[0]]
        await house.ask("PUT", "/identities/fix/rules", json={"version": 1, "rules": rules})
        path = "/identities/fix/difference"
        told = (await house.ask("GET", f"{path}?version=2&against=1")).json()
        nothing = {"use_count": 0, "success_count": 0, "pinned": False}
        assert told["added"] == [{"text": RULES[0]["text"], "after": nothing}]
        before = {"use_count": 8, "success_count": 8, "pinned": False}
        assert told["changed"] == [
            {"text": first, "before": before, "after": {**before, "pinned": True}}
        ]
        assert told["removed"] == [
            {"text": second, "before": nothing, "reason": "rules set by a person"}
        ]
        back = (await house.ask("GET", f"{path}?version=1&against=2")).json()
        assert [(one["text"], one["reason"]) for one in back["removed"]] == [
            (RULES[0]["text"], "")
        ], "that a rule came later is no reason why it went"
        assert (await house.ask("GET", f"{path}?version=2&against=9")).status_code == 404
        changes = (await house.ask("GET", "/memory-changes")).json()["changes"]
        assert [(one["role"], one["version"], one["removed"]) for one in changes] == [
            ("fix", 2, [second])
        ]
        assert (await house.ask("GET", "/memory-changes?role=nobody")).status_code == 404


async def test_a_card_tells_model_tasks_and_weak_rules(tmp_path: Path) -> None:
    rule, pinned = "Always guess.", "Guess twice."
    async with serving(tmp_path) as house:
        async with store_in(tmp_path) as store:
            identity = Identity(role="fix", learned_rules=(rule, pinned), pinned=(pinned,))
            await store.save(identity, by="reflection")
            lessons = SqliteLessonStore(store._database, SystemClock())
            for number in range(10):
                await lessons.used(f"t{number}", "fix", shown=[rule, pinned], withheld=[])
                await lessons.conclude(f"t{number}", ["fix"], well=number < 5, ended_at=START)
        for number, outcome in enumerate(("fixed", "fixed", "failed")):
            house.anton.interactions.record(
                RoleResult(
                    task_id=f"t{number}",
                    role="fix",
                    ended_at=START,
                    outcome=outcome,
                    success=outcome == "fixed",
                    calls=1,
                    cost_usd=0.25,
                )
            )
        told = (await house.ask("GET", "/identities/fix")).json()
        assert (told["tasks"], told["success_rate"], told["cost_usd"]) == (3, 0.6667, 0.75)
        assert (told["model"], told["fallbacks"]) == (None, [])
        by_text = {one["text"]: one for one in told["rules"]}
        assert (by_text[rule]["weak"], by_text[pinned]["weak"]) == (True, False)
        low, high = by_text[rule]["success_low"], by_text[rule]["success_high"]
        assert (low, high) == (0.2366, 0.7634)
        assert (await house.ask("GET", "/identities/qa")).json()["success_rate"] is None


async def test_a_roll_back_that_was_decided_on_an_older_version_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await learned(tmp_path)
        await house.ask("PUT", "/identities/fix/rules", json={"version": 1, "rules": []})
        stale = await house.ask("POST", "/identities/fix/rollback", json={"version": 1, "seen": 1})
        assert stale.status_code == 409
        assert "Version 2 stands by now" in stale.json()["detail"]
        fresh = await house.ask("POST", "/identities/fix/rollback", json={"version": 1, "seen": 2})
        assert fresh.status_code == 200


async def test_a_role_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/versions", None),
            ("POST", "/rollback", {"version": 1}),
            ("PUT", "/rules", {"version": 0, "rules": []}),
        ):
            answer = await house.ask(method, f"/identities/nobody{path}", json=body)
            assert answer.status_code == 404, (method, path)
            assert "known are triage" in answer.json()["detail"]


async def test_every_change_is_in_the_audit_log_and_among_the_diffs(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await house.ask("PUT", "/identities/qa/rules", json={"version": 0, "rules": RULES})
        await house.ask("PUT", "/identities/qa/rules", json={"version": 1, "rules": RULES[:1]})
        await house.ask("POST", "/identities/qa/rollback", json={"version": 1})
        told = (await house.ask("GET", "/events")).json()["events"]
    changes = [event["data"] for event in told if event["type"] == "identity"]
    assert [(one["version"], one["previous"], one["cause"]) for one in changes] == [
        (1, 0, "person"),
        (2, 1, "person"),
        (3, 2, "rollback"),
    ]
    data = tmp_path / "data"
    log = await SqliteInteractionLog.open(data, clock=SystemClock(), redactor=Redactor())
    diffs = await log.ask(figures.memory_diffs("qa"))
    await log.close()
    callers, vendored = (rule["text"] for rule in RULES)
    assert [(diff.version, diff.added, diff.removed) for diff in diffs] == [
        (3, [vendored], []),
        (2, [], [vendored]),
        (1, [vendored, callers], []),
    ]
    with closing(sqlite3.connect(data / "anton.db")) as connection:
        rows = connection.execute("SELECT entry FROM audit ORDER BY number").fetchall()
    entries = [one for row in rows if (one := json.loads(row[0]))["action"].startswith("identity")]
    assert [(one["action"], one["actor"], one["detail"]["version"]) for one in entries] == [
        ("identity_rules_set", "rest:local", 1),
        ("identity_rules_set", "rest:local", 2),
        ("identity_rolled_back", "rest:local", 3),
    ]


async def test_secrets_and_hidden_signs_in_a_rule_do_not_stay(tmp_path: Path) -> None:
    async with serving(tmp_path, api_key=OPERATOR, headers={"X-API-Key": OPERATOR}) as house:
        rule = {"text": f"The key is\n {OPERATOR}\u202e."}
        body = {"version": 0, "rules": [rule, rule]}
        told = (await house.ask("PUT", "/identities/qa/rules", json=body)).json()
        assert [rule["text"] for rule in told["rules"]] == ["The key is [secret]<U+202E>."]
        blank = {"version": 1, "rules": [{"text": " \n "}]}
        assert (await house.ask("PUT", "/identities/qa/rules", json=blank)).status_code == 422
        heavy = {"version": blank["version"], "rules": [{"text": "\U0001f600" * 400}]}
        refused = await house.ask("PUT", "/identities/qa/rules", json=heavy)
        assert (refused.status_code, "1500 bytes" in refused.text) == (422, True)


async def test_who_may_only_read_changes_nothing(tmp_path: Path) -> None:
    file, keys = key_file(tmp_path)
    options: dict[str, Any] = {"api_key": OPERATOR, "api_keys_file": file}
    async with serving(tmp_path, headers={"X-API-Key": keys["read"]}, **options) as house:
        assert (await house.ask("GET", "/identities/fix")).status_code == 200
        body = {"version": 0, "rules": RULES}
        assert (await house.ask("PUT", "/identities/fix/rules", json=body)).status_code == 403
        answer = await house.ask("POST", "/identities/fix/rollback", json={"version": 1})
        assert answer.status_code == 403

"""Every address by every kind of key; every way in that is not a key."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.http import trusted
from tests.e2e.rest import OPERATOR, Served, key_file, serving

NEEDS = {
    "POST /tasks": "operate",
    "GET /tasks": "read",
    "GET /tasks/{ref}": "read",
    "DELETE /tasks/{ref}": "operate",
    "POST /tasks/{ref}/demo": "approve or operate",
    "POST /tasks/{ref}/correction": "operate",
    "POST /tasks/{ref}/reply": "approve",
    "POST /tasks/{ref}/approve": "approve",
    "GET /tasks/{ref}/events": "read",
    "GET /tasks/{ref}/artifacts": "read",
    "GET /tasks/{ref}/artifacts.zip": "read",
    "GET /tasks/{ref}/artifacts/{artifact_id}": "read",
    "GET /tasks/{ref}/evidence": "read",
    "GET /tasks/{ref}/files": "read",
    "GET /tasks/{ref}/confidence": "read",
    "GET /tasks/{ref}/calls": "read",
    "GET /tasks/{ref}/calls/{call_id}": "read",
    "GET /overview": "read",
    "GET /inbox": "read",
    "GET /board": "read",
    "GET /incidents": "read",
    "GET /incidents/{ref}": "read",
    "POST /incidents/{ref}/dismiss": "operate",
    "POST /incidents/{ref}/reopen": "operate",
    "POST /incidents/{ref}/resolve": "operate",
    "POST /incidents/{ref}/merge": "operate",
    "POST /incidents/{ref}/fix": "operate",
    "GET /approvals": "read",
    "GET /approvals/{approval_id}": "read",
    "GET /approvals/{approval_id}/changes": "read",
    "POST /approvals/{approval_id}/decision": "approve",
    "GET /identities": "read",
    "GET /identities/{role}": "read",
    "GET /identities/{role}/versions": "read",
    "GET /identities/{role}/difference": "read",
    "GET /memory-changes": "read",
    "POST /identities/{role}/rollback": "operate",
    "PUT /identities/{role}/rules": "operate",
    "GET /logs": "read",
    "GET /tasks/{ref}/conversation": "read",
    "GET /events": "read",
    "GET /events/search": "read",
    "GET /audit": "read",
    "GET /metrics": "read",
    "GET /stats": "read",
    "GET /settings": "read",
    "GET /doctor": "operate",
    "POST /channels/{name}/test": "operate",
    "GET /stream": "read",
    "POST /stream/ticket": "read",
    "GET /session": "read",
    "POST /session": "read",
    "DELETE /session": "read",
    "GET /openapi.json": "read",
    "GET /docs": "read",
    "GET /health": "",
    "GET /ready": "",
}
"""Every address and the scope that it needs; one that is missing here fails the tests."""
BODIES: dict[str, dict[str, Any]] = {
    "POST /tasks": {"task_description": "x", "workflow": "build"},
    "POST /tasks/{ref}/reply": {"text": "x"},
    "POST /tasks/{ref}/correction": {"text": "x"},
    "POST /approvals/{approval_id}/decision": {"decision": "approve"},
    "POST /identities/{role}/rollback": {"version": 1},
    "PUT /identities/{role}/rules": {"version": 0, "rules": []},
    "POST /incidents/{ref}/dismiss": {"reason": "x"},
    "POST /incidents/{ref}/resolve": {"reason": "x"},
    "POST /incidents/{ref}/merge": {"into": "00000000"},
}


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[tuple[Served, dict[str, str]]]:
    file, keys = key_file(tmp_path)
    async with serving(tmp_path, api_key=OPERATOR, api_keys_file=file) as served:
        yield served, keys


async def asked(house: Served, route: str, headers: dict[str, str]) -> int:
    """The status that an address answers with, for a task and a question that are not there."""
    house.client.cookies.clear()
    method, path = route.split(" ")
    path = (
        path.replace("{ref}", "0" * 8).replace("{approval_id}", "0").replace("{artifact_id}", "0")
    )
    if path.endswith("/difference"):
        path += "?version=1&against=2"
    if path == "/stream":
        async with house.client.stream(method, path, headers=headers) as answer:
            return answer.status_code
    answer = await house.ask(method, path, headers=headers, json=BODIES.get(route))
    return answer.status_code


async def test_every_address_that_is_served_stands_in_the_table(closed: Any) -> None:
    house, _ = closed
    hidden = {"GET /openapi.json", "GET /docs"}
    described = house.app.openapi()["paths"]
    served = {
        f"{method.upper()} {path}" for path, methods in described.items() for method in methods
    }
    assert served | hidden == NEEDS.keys()


async def test_each_address_by_no_wrong_low_and_right_key(closed: Any) -> None:
    house, keys = closed
    for number, (route, need) in enumerate(NEEDS.items(), 2):
        # Failures are counted by address, and there are more of them here than one may have.
        transport = httpx.AsyncHTTPTransport(local_address=f"127.0.0.{number}", verify=trusted())
        async with httpx.AsyncClient(base_url=house.base, transport=transport) as client:
            one = replace(house, client=client)
            for name, key in keys.items():
                status = await asked(one, route, {"X-API-Key": key})
                enough = need in ("", "read") or name in (*need.split(" or "), "admin")
                assert (status not in (401, 403)) is enough, (route, name, status)
            operator = await asked(one, route, {"Authorization": f"Bearer {OPERATOR}"})
            assert operator not in (401, 403), route
            assert await asked(one, route, {}) == (401 if need else 200), route
            assert await asked(one, route, {"X-API-Key": "wrong"}) == 401, route


async def test_no_address_of_the_table_fails_for_a_right_key(closed: Any) -> None:
    house, keys = closed
    for route in NEEDS:
        assert await asked(house, route, {"X-API-Key": keys["admin"]}) < 500, route


async def test_health_is_short_without_a_key_and_holds_no_secret_with_one(closed: Any) -> None:
    house, keys = closed
    short = (await house.ask("GET", "/health")).json()
    assert short.keys() == {"status", "as_of_seq"}
    full = await house.ask("GET", "/health", headers={"X-API-Key": keys["read"]})
    assert {"status", "service", "version", "active_tasks", "queue"} <= full.json().keys()
    for secret in (OPERATOR, *keys.values()):
        assert secret not in full.text


async def test_ready_names_what_is_missing_and_why_only_to_those_with_a_key(closed: Any) -> None:
    house, keys = closed
    assert (await house.ask("GET", "/ready")).json()["ready"] is True
    house.app.state.front.streams.close()
    anybody = await house.ask("GET", "/ready")
    assert (anybody.status_code, anybody.json()["parts"]["server"]) == (503, "failing")
    known = await house.ask("GET", "/ready", headers={"X-API-Key": keys["read"]})
    assert known.json()["parts"]["server"] == "It is going down."


async def test_a_house_without_its_store_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await house.anton.stop(0)
        health = await house.ask("GET", "/health")
        assert (health.status_code, health.json()["status"]) == (200, "failing")
        assert (await house.ask("GET", "/ready")).status_code == 503
        for path in ("/tasks", "/approvals", "/events", "/stream", "/session"):
            answer = await house.ask("GET", path)
            assert answer.status_code == 503
            assert str(tmp_path) not in answer.text
            assert "retry-after" in answer.headers


async def test_a_removed_key_is_out_with_the_next_request(closed: Any, tmp_path: Path) -> None:
    house, keys = closed
    headers = {"X-API-Key": keys["read"]}
    assert (await house.ask("GET", "/tasks", headers=headers)).status_code == 200
    file = tmp_path / "keys"
    kept = [line for line in file.read_text().splitlines() if not line.startswith("read:")]
    file.write_text("\n".join(kept))
    os.utime(file, (1, 1))
    assert (await house.ask("GET", "/tasks", headers=headers)).status_code == 401


async def test_any_local_path_is_for_the_admin_alone(closed: Any) -> None:
    house, keys = closed
    body = {"task_description": "x", "repo": str(house.repo)}
    for name, status in (("operate", 422), ("admin", 201)):
        answer = await house.ask("POST", "/tasks", json=body, headers={"X-API-Key": keys[name]})
        assert answer.status_code == status


async def test_a_forged_host_is_400(tmp_path: Path) -> None:
    async with serving(tmp_path, allowed_hosts="anton.example") as house:
        for host, status in (("anton.example", 200), ("evil.example", 400)):
            for header in ("Host", "X-Forwarded-Host"):
                expected = status if header == "Host" else 200
                answer = await house.ask("GET", "/health", headers={header: host})
                assert answer.status_code == expected


@pytest.mark.parametrize(("proxies", "shared"), [("", True), ("127.0.0.1", False)])
async def test_forwarded_addresses_count_only_behind_a_trusted_proxy(
    tmp_path: Path, proxies: str, shared: bool
) -> None:
    async with serving(tmp_path, api_key=OPERATOR, trusted_proxies=proxies) as house:
        from_everywhere = (
            house.ask("GET", "/tasks", headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(100)
        )
        answers = await asyncio.gather(*from_everywhere)
        assert (429 in {answer.status_code for answer in answers}) is shared


async def test_a_page_of_another_site_cannot_approve(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        question = await house.waiting()
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for method, path in (
                ("POST", "/tasks/latest/approve"),
                ("POST", f"/approvals/{question['approval_id']}/decision"),
                ("DELETE", f"/tasks/{question['task_id']}"),
            ):
                answer = await house.ask(method, path, headers=headers)
                assert answer.status_code == 403
        form = await house.ask("POST", "/tasks/latest/approve", data={"patch_hash": "x"})
        assert form.status_code == 415
        preflight = await house.ask("OPTIONS", "/tasks", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in preflight.headers


async def test_unknown_addresses_and_methods_are_problems(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        for method, path, status in (
            ("GET", "/nowhere", 404),
            ("GET", "/tasks/", 404),
            ("PUT", "/tasks", 405),
            ("TRACE", "/tasks", 405),
        ):
            answer = await house.ask(method, path)
            assert answer.status_code == status
            assert answer.json()["trace_id"] == answer.headers["x-trace-id"]


async def test_a_fault_of_ours_is_told_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path) as house:

        async def break_down() -> None:
            raise ZeroDivisionError("s3cret")

        house.app.add_api_route("/broken", break_down, methods=["GET"])
        answer = await house.ask("GET", "/broken")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().keys() == {"type", "title", "status", "detail", "trace_id"}
        assert "s3cret" not in answer.text
        assert "Zero" not in answer.text
        record = next(one for one in caplog.records if one.name == "api.problems")
        assert record.trace_id == answer.json()["trace_id"]  # type: ignore[attr-defined]


async def test_a_whole_repair_logs_no_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"X-API-Key": OPERATOR}
    async with serving(tmp_path, api_key=OPERATOR, headers=headers) as house:
        ticket = (await house.ask("POST", "/stream/ticket")).json()["ticket"]
        task_id = (await house.waiting())["task_id"]
        async with httpx.AsyncClient(base_url=house.base, verify=trusted()) as bare:
            url = f"/tasks/{task_id}/events?ticket={ticket}"
            async with bare.stream("GET", url) as stream:
                assert stream.status_code == 200
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    )
    assert "GET /tasks" in ours
    assert OPERATOR not in ours
    assert ticket not in ours


async def test_the_description_is_for_keys_and_loads_nothing(closed: Any) -> None:
    house, keys = closed
    for path in ("/docs", "/openapi.json"):
        assert (await house.ask("GET", path)).status_code == 401
        answer = await house.ask("GET", path, headers={"X-API-Key": keys["read"]})
        assert answer.status_code == 200
    page = (await house.ask("GET", "/docs", headers={"X-API-Key": keys["read"]})).text
    for route in NEEDS:
        if route not in ("GET /docs", "GET /openapi.json"):
            assert route in page
    assert not re.search(r"<script|src=|href=\"http", page)


async def test_a_large_body_is_refused_while_it_is_read(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:

        async def much() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"a" * 50_000
                await asyncio.sleep(0)

        for content in (b"a" * 1_000_001, much()):
            try:
                answer = await house.ask(
                    "POST", "/tasks", content=content, headers={"Content-Type": "application/json"}
                )
            except (httpx.ReadError, httpx.WriteError):
                continue
            assert answer.status_code == 413
        assert (await house.ask("GET", "/health")).status_code == 200

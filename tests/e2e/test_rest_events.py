"""The event log over REST: pages and streams that lose nothing over cuts and restarts."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.events import AuditEntry
from core.models import ModelCall
from tests.e2e.rest import OPERATOR, Served, key_file, serving
from tests.event_models import held

Told = tuple[str, dict[str, Any]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as served:
        yield served


async def told(house: Served, path: str, **more: Any) -> AsyncGenerator[Told, None]:
    """Name (or type) and data of each server-sent event."""
    async with house.client.stream("GET", path, **more) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
                yield name or data["type"], data
                name = ""


async def finished(house: Served) -> str:
    task_id: str = (await house.waiting())["task_id"]
    await house.ask("POST", f"/tasks/{task_id}/approve")
    await house.until(task_id, "completed")
    return task_id


async def test_a_repair_is_told_from_its_beginning_to_its_end(house: Served) -> None:
    task_id = await finished(house)
    story = [one async for one in told(house, f"/tasks/{task_id}/events")]
    names = [name for name, _ in story]
    assert (names[0], names[-2:]) == ("hello", ["end", "bye"])
    assert {
        "agent_start",
        "agent_end",
        "status",
        "node",
        "diagnosis",
        "evidence",
        "review",
        "approval",
    } <= set(names)
    numbers = [data["seq"] for _, data in story if "seq" in data]
    assert numbers == sorted(set(numbers))
    assert {data["task_id"] for _, data in story if "seq" in data} == {task_id}
    end = next(data for name, data in story if name == "end")
    assert end["data"]["outcome"] == "fixed"


async def test_every_event_of_a_run_is_what_its_model_says(house: Served) -> None:
    await finished(house)
    await house.ask("POST", "/tasks", json={"task_description": "x", "repo": str(house.repo)})
    found = held(await house.anton.events.after(0))
    assert {"status", "node", "agent_start", "agent_end", "diagnosis", "search", "evidence"} < found
    assert {"review", "patch", "approval", "effect", "pull_request", "end"} < found


async def test_a_stream_that_is_cut_goes_on_where_it_was(house: Served) -> None:
    task_id = await finished(house)
    whole = [
        data["seq"] async for _, data in told(house, f"/tasks/{task_id}/events") if "seq" in data
    ]
    for number in (whole[0], whole[len(whole) // 2], whole[-1]):
        rest = [seq for seq in whole if seq > number]
        by_query = told(house, f"/tasks/{task_id}/events?after={number}")
        by_header = told(
            house, f"/tasks/{task_id}/events?after=0", headers={"Last-Event-ID": str(number)}
        )
        for again in (by_query, by_header):
            found = []
            async with aclosing(again) as parts:
                async for name, data in parts:
                    found += [data["seq"]] if "seq" in data else []
                    if name == "bye" or len(found) == len(rest) == 0:
                        break
            assert found == rest


async def test_who_watches_sees_the_same_as_who_reads_the_pages(house: Served) -> None:
    seen: list[int] = []

    async def watch() -> None:
        async with aclosing(told(house, "/stream?after=0")) as parts:
            async for _name, data in parts:
                if "seq" in data:
                    seen.append(data["seq"])
                if data.get("type") == "end":
                    return

    watching = asyncio.create_task(watch())
    await finished(house)
    await asyncio.wait_for(watching, 20)
    paged: list[int] = []
    while True:
        page = (await house.ask("GET", f"/events?after={paged[-1] if paged else 0}&limit=7")).json()
        if not page["events"]:
            break
        paged += [event["seq"] for event in page["events"]]
        assert page["next_after"] == paged[-1]
    assert seen == [seq for seq in paged if seq <= seen[-1]]


async def test_snapshot_and_stream_leave_no_gap(house: Served) -> None:
    task_id = await house.begin()
    snapshot = (await house.ask("GET", f"/tasks/{task_id}")).json()
    after = snapshot["as_of_seq"]
    async with aclosing(told(house, f"/stream?after={after}")) as parts:
        async for name, data in parts:
            if name == "hello":
                assert data["from"] == after
            else:
                assert data["seq"] == after + 1
                break


async def test_only_tasks_that_there_are_can_be_watched(house: Served) -> None:
    task_id = await house.begin()
    assert (await house.ask("GET", "/stream?watch=00000000")).status_code == 404
    async with aclosing(told(house, f"/stream?watch={task_id[:8]}&watch=latest")) as parts:
        assert (await anext(parts))[0] == "hello"


async def test_events_of_one_task_are_narrowed_and_unknown_ones_404(house: Served) -> None:
    first, second = await finished(house), await finished(house)
    page = (await house.ask("GET", f"/events?task={second[:8]}")).json()
    assert {event["task_id"] for event in page["events"]} == {second}
    assert first != second
    assert (await house.ask("GET", "/events?task=00000000")).status_code == 404


async def test_bad_questions_are_422_before_the_first_byte(house: Served) -> None:
    for path, headers in (
        ("/events?after=-1", {}),
        ("/events?after=9223372036854775808", {}),
        ("/events?limit=0", {}),
        ("/events?limit=501", {}),
        ("/stream?after=x", {}),
        ("/stream?" + "&watch=latest" * 9, {}),
        ("/stream", {"Last-Event-ID": "x"}),
        ("/stream", {"Last-Event-ID": "-1"}),
    ):
        answer = await house.ask("GET", path, headers=headers)
        assert answer.status_code == 422, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stream_is_never_compressed_nor_kept(house: Served) -> None:
    headers = {"Accept-Encoding": "gzip, br"}
    async with house.client.stream("GET", "/stream", headers=headers) as answer:
        assert answer.headers["cache-control"] == "no-cache, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in answer.headers


async def test_a_ticket_opens_one_stream_for_who_cannot_send_headers(tmp_path: Path) -> None:
    headers = {"X-API-Key": OPERATOR}
    async with (
        serving(tmp_path, api_key=OPERATOR, headers=headers) as house,
        httpx.AsyncClient(base_url=house.base) as bare,
    ):
        ticket = (await house.ask("POST", "/stream/ticket")).json()["ticket"]
        async with bare.stream("GET", f"/stream?ticket={ticket}") as answer:
            assert answer.status_code == 200
        again = await bare.get(f"/stream?ticket={ticket}")
        assert again.status_code == 401
        assert again.headers["content-type"] == "application/problem+json"


async def test_a_key_without_rights_gets_a_real_status(tmp_path: Path) -> None:
    file, keys = key_file(tmp_path)
    async with serving(tmp_path, api_keys_file=file) as house:
        for headers, status in (({}, 401), ({"X-API-Key": "no"}, 401)):
            assert (await house.ask("GET", "/stream", headers=headers)).status_code == status
        mine = {"X-API-Key": keys["read"]}
        async with house.client.stream("GET", "/stream", headers=mine) as answer:
            assert answer.status_code == 200


async def test_on_the_way_down_a_stream_says_goodbye_and_after_it_nothing_is_lost(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as house:
        await finished(house)
        last = (await house.ask("GET", "/events")).json()["next_after"]
        parts = told(house, "/stream")
        assert (await anext(parts))[0] == "hello"
        house.server.should_exit = True
        name, data = await anext(parts)
        assert (name, data["reason"]) == ("bye", "restart")
        await parts.aclose()
    async with serving(tmp_path) as house:
        await house.begin()
        async with aclosing(told(house, f"/stream?after={last}")) as parts:
            numbers = []
            async for _name, data in parts:
                numbers += [data["seq"]] if "seq" in data else []
                if len(numbers) == 3:
                    break
    assert numbers == [last + 1, last + 2, last + 3]


async def test_too_many_streams_are_refused_before_the_first_byte(
    house: Served,
) -> None:
    async with httpx.AsyncClient(
        base_url=house.base, limits=httpx.Limits(max_connections=100), timeout=20
    ) as many:
        streams = [
            await many.send(many.build_request("GET", "/stream"), stream=True) for _ in range(51)
        ]
        assert [answer.status_code for answer in streams] == [200] * 50 + [429]
        assert "retry-after" in streams[-1].headers
        for answer in streams:
            await answer.aclose()
    async with asyncio.timeout(10):
        while True:
            if house.app.state.front.streams.count == 0:
                break
            await asyncio.sleep(0.05)


async def first_live(house: Served, path: str) -> dict[str, Any]:
    """The first of what models say on a stream."""
    async with aclosing(told(house, path)) as parts, asyncio.timeout(20):
        async for name, data in parts:
            if name == "live":
                return data
    raise AssertionError("the stream ended")


async def test_what_a_model_says_reaches_who_watches_its_task(house: Served) -> None:
    task_id = (await house.waiting())["task_id"]
    call = ModelCall(task_id=task_id, role="fix", node="fix", messages=(), max_tokens=10)
    with house.anton.live.of_call("c1", call) as live:
        live.hear("text", "The total is off by one. So")
        for path in (f"/tasks/{task_id}/events", f"/stream?watch={task_id}"):
            heard = await first_live(house, path)
            assert (heard["type"], heard["offset"]) == ("llm_snapshot", 0)
            assert heard["text"] == "The total is off by one. "
        stored = (await house.ask("GET", "/events")).json()["events"]
    assert "off by one. So" not in str(stored)


async def test_events_are_searched_backwards_and_narrowed(house: Served) -> None:
    task_id = await finished(house)
    page = (await house.ask("GET", "/events/search?limit=5")).json()
    seqs = [event["seq"] for event in page["events"]]
    assert seqs == sorted(seqs, reverse=True)
    assert page["next_before"] == seqs[-1]
    older = (await house.ask("GET", f"/events/search?before={page['next_before']}")).json()
    assert older["events"][0]["seq"] == seqs[-1] - 1
    assert older["next_before"] is None
    query = f"task={task_id[:8]}&type=evidence&type=review&q=APPROVE"
    found = (await house.ask("GET", f"/events/search?{query}")).json()["events"]
    assert [event["type"] for event in found] == ["review"]
    for bad, status in (("type=nothing", 422), ("task=ffffffff", 404), ("before=-1", 422)):
        assert (await house.ask("GET", f"/events/search?{bad}")).status_code == status


async def test_the_audit_log_is_shown_without_what_became_a_secret(tmp_path: Path) -> None:
    later = "hunter2-hunter2-later"
    async with serving(tmp_path) as house:
        await finished(house)
        await house.anton.note(AuditEntry(action="refused", actor="rest:x", detail={"k": later}))
    settings = {"api_key": later, "headers": {"X-API-Key": later}}
    async with serving(tmp_path, **settings) as house:  # type: ignore[arg-type]
        told = (await house.ask("GET", "/audit?action=refused")).json()
        assert [(one["actor"], one["detail"]) for one in told["entries"]] == [
            ("rest:x", {"k": "[secret]"})
        ]
        decided = (await house.ask("GET", "/audit?action=decision")).json()["entries"]
        assert len(decided) == 1
        assert decided[0]["task_id"]
        page = (await house.ask("GET", "/audit?limit=1")).json()
        older = (await house.ask("GET", f"/audit?before={page['next_before']}")).json()
        assert older["entries"][0]["number"] == page["entries"][0]["number"] - 1

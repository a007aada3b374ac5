"""Every request passes the door, or gets a real status and the reason."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from api.auth import Caller, Keys, Tickets
from api.auth import Scope as Right
from api.door import BODY_MAX_BYTES, Door
from api.sessions import COOKIE, Sessions
from api.visitors import AGAIN_S, REFUSED_PER_MINUTE, Visitors
from core.errors import StoreUnusable
from core.events import AuditEntry
from tests.fakes.clock import FakeClock

KEY = "kJ8f-2Lq9_xZp0Wm4TsV"
HERE = "http://localhost:8000"
ELSEWHERE = "http://localhost:3000"


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that tells what came through."""
    request = Request(scope, receive)
    body = await request.body()
    caller: Caller | None = scope["state"]["caller"]
    told = {"path": scope["path"], "body": body.decode(), "caller": caller and caller.name}
    await JSONResponse(told)(scope, receive, send)


class Room:
    """A door before the application, and a client outside."""

    def __init__(self, key: str = KEY, patience_s: float = 30.0) -> None:
        self.clock = FakeClock()
        self.audit: list[AuditEntry] = []
        self.visitors = Visitors(self.written, self.clock.monotonic)
        self.tickets = Tickets(self.clock.monotonic)
        self.keys = Keys(key)
        self.sessions = Sessions(self.keys, self.clock.now)
        self.door = Door(
            inside,
            keys=self.keys,
            tickets=self.tickets,
            sessions=self.sessions,
            origins=(ELSEWHERE,),
            hosts=("anton.example",),
            now=self.clock.monotonic,
            visitors=self.visitors,
            patience_s=patience_s,
        )

    async def written(self, entry: AuditEntry) -> None:
        """Take an entry for the audit log."""
        self.audit.append(entry)

    async def ask(
        self, method: str = "GET", path: str = "/tasks", *, key: str | None = KEY, **more: Any
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.door, client=("192.0.2.7", 5000))
        headers = {**({"X-API-Key": key} if key else {}), **more.pop("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, path, headers=headers, **more)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer  {KEY} "},
        {"X-API-Key": KEY, "Authorization": f"Bearer {KEY}"},
    ],
)
async def test_the_right_key_comes_through(headers: dict[str, str]) -> None:
    answer = await Room().ask(key=None, headers=headers)
    assert (answer.status_code, answer.json()["caller"]) == (200, "operator")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "wrong"},
        {"X-API-Key": b"\xff\xfe"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
        {"X-API-Key": KEY, "Authorization": "Bearer wrong"},
    ],
)
async def test_anything_else_is_401(headers: dict[str, Any]) -> None:
    answer = await Room().ask(key=None, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() == {"type", "title", "status", "detail", "trace_id"}
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    assert KEY not in answer.text


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/ui", "/ui/", "/ui/tasks/1"])
async def test_open_paths_need_no_key_but_refuse_a_wrong_one(path: str) -> None:
    room = Room()
    assert (await room.ask(path=path, key=None)).json()["caller"] is None
    assert (await room.ask(path=path)).json()["caller"] == "operator"
    assert (await room.ask(path=path, key="wrong")).status_code == 401


async def test_a_path_that_nobody_declared_is_closed() -> None:
    assert (await Room().ask(path="/secret/new", key=None)).status_code == 401


async def test_where_no_key_is_set_everybody_is_the_one_at_the_machine() -> None:
    assert (await Room(key="").ask(key=None)).json()["caller"] == "local"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8000", 200),
        ("anton.example", 200),
        ("evil.example", 400),
        ("anton.example.evil.example", 400),
        ("localhost.", 400),
        ("localhost:80:80", 400),
        ("user@localhost", 400),
        ("", 400),
    ],
)
async def test_only_its_own_names_are_answered(host: str, status: int) -> None:
    assert (await Room().ask(headers={"Host": host})).status_code == status


async def test_two_host_headers_are_refused() -> None:
    answer = await asgi(Room().door, [(b"host", b"localhost"), (b"host", b"evil.example")])
    assert answer[0]["status"] == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": HERE}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "http://localhost:8000.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_pages_of_other_sites_cannot_write(headers: dict[str, str], status: int) -> None:
    for method in ("POST", "DELETE"):
        answer = await Room(key="").ask(method, "/tasks/latest/approve", key=None, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_a_form_could_send_is_refused(kind: str) -> None:
    answer = await Room().ask("POST", content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 415


async def test_json_arrives_as_it_was_sent() -> None:
    answer = await Room().ask("POST", json={"ü": [1, 2]})
    assert answer.json()["body"] == '{"ü":[1,2]}'


async def test_hostile_json_is_400_with_the_reason() -> None:
    answer = await Room().ask(
        "POST", content=b'{"a":1,"a":2}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert "twice" in answer.json()["detail"]


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x"])
async def test_encoded_bodies_are_refused(coding: str) -> None:
    answer = await Room().ask("POST", json={}, headers={"Content-Encoding": coding})
    assert answer.status_code == 415


@pytest.mark.parametrize(("size", "status"), [(BODY_MAX_BYTES, 200), (BODY_MAX_BYTES + 1, 413)])
async def test_a_body_has_a_limit(size: int, status: int) -> None:
    body = b'"' + b"a" * (size - 2) + b'"'
    answer = await Room().ask("POST", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


async def test_a_body_of_unknown_length_is_counted_while_it_is_read() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b"a" * 65_536

    answer = await Room().ask(
        "POST", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert sent < BODY_MAX_BYTES + 2 * 65_536


async def test_the_body_is_not_even_read_without_a_key() -> None:
    async def never() -> Message:
        raise AssertionError("the body was read")

    answer = await asgi(Room().door, [(b"host", b"localhost")], method="POST", receive=never)
    assert answer[0]["status"] == 401


async def test_failed_attempts_are_slowed_down_and_a_right_key_still_comes_through() -> None:
    room = Room()
    statuses = [(await room.ask(key="wrong")).status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    refused = await room.ask(key=None)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert (await room.ask()).status_code == 200
    room.clock.advance(60)
    assert (await room.ask(key="wrong")).status_code == 401


async def test_one_key_may_ask_600_times_a_minute() -> None:
    room = Room()
    statuses = [(await room.ask()).status_code for _ in range(601)]
    assert statuses == [200] * 600 + [429]


async def test_a_ticket_opens_a_stream_once_and_nothing_else() -> None:
    room = Room()
    ticket = room.tickets.issue(Caller("operator", frozenset(Right), b""))
    assert (await room.ask(path=f"/stream?ticket={ticket}", key=None)).status_code == 401
    operator = Keys(KEY).find(KEY.encode())
    assert operator is not None
    ticket = room.tickets.issue(operator)
    assert (await room.ask(path=f"/tasks?ticket={ticket}", key=None)).status_code == 401
    assert (await room.ask("POST", f"/stream?ticket={ticket}", key=None)).status_code == 401
    assert (await room.ask(path=f"/stream?after=3&ticket={ticket}", key=None)).status_code == 200
    assert (await room.ask(path=f"/stream?ticket={ticket}", key=None)).status_code == 401


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/runs", "/tasks"),
        ("/runs/latest/events", "/tasks/latest/events"),
        ("/runserver", "/runserver"),
    ],
)
async def test_runs_are_tasks(asked: str, meant: str) -> None:
    assert (await Room().ask(path=asked)).json()["path"] == meant


async def test_every_answer_carries_the_headers_of_the_house() -> None:
    for answer in (await Room().ask(), await Room().ask(key=None)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def test_neither_key_nor_ticket_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="api")
    await Room().ask(path="/stream?ticket=s3cret-ticket")
    assert KEY not in caplog.text
    assert "s3cret-ticket" not in caplog.text
    assert "GET /stream 200 for operator" in caplog.text


async def asgi(
    app: Door,
    headers: list[tuple[bytes, bytes]],
    *,
    method: str = "GET",
    receive: Callable[[], Any] | None = None,
    send: Callable[[Message], Any] | None = None,
) -> list[Message]:
    """One request without an HTTP client in between."""
    sent: list[Message] = []

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def keep(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": "/tasks",
        "raw_path": b"/tasks",
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.7", 5000),
    }
    await app(scope, receive or nothing, send or keep)
    return sent


async def test_a_client_that_never_ends_its_body_gets_408() -> None:
    headers = [(b"host", b"localhost"), (b"x-api-key", KEY.encode())]
    impatient = Room(patience_s=0.05).door
    asked = asgi(impatient, headers, method="POST", receive=asyncio.Event().wait)
    assert (await asyncio.wait_for(asked, 2))[0]["status"] == 408


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async def stuck(message: Message) -> None:
        await asyncio.Event().wait()

    headers = [(b"host", b"localhost"), (b"x-api-key", KEY.encode())]
    await asyncio.wait_for(asgi(Room(patience_s=0.05).door, headers, send=stuck), 2)


async def test_a_client_that_leaves_in_its_body_ends_quietly() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    headers = [(b"host", b"localhost"), (b"x-api-key", KEY.encode())]
    assert await asgi(Room().door, headers, method="POST", receive=gone) == []


async def test_a_key_signs_in_once_a_visit() -> None:
    room = Room()
    for _ in range(3):
        await room.ask()
    assert [(entry.action, entry.actor) for entry in room.audit] == [("sign_in", "rest:operator")]
    assert room.audit[0].detail == {"scopes": "admin, approve, operate, read"}
    room.clock.advance(AGAIN_S - 1)
    await room.ask()
    assert len(room.audit) == 1
    room.clock.advance(AGAIN_S)
    await room.ask()
    assert len(room.audit) == 2


async def test_where_no_key_is_needed_nobody_signs_in() -> None:
    room = Room(key="")
    assert (await room.ask(key=None)).status_code == 200
    assert room.audit == []


async def test_a_refused_key_is_written_down_without_it_and_a_flood_is_not() -> None:
    room = Room()
    for _ in range(REFUSED_PER_MINUTE * 2):
        await room.ask(key="wrong-key")
    assert len(room.audit) == REFUSED_PER_MINUTE
    assert room.audit[0].action == "refused_sign_in"
    assert room.audit[0].detail == {"address": "192.0.2.7"}
    assert "wrong-key" not in str(room.audit)


async def test_an_audit_log_that_takes_nothing_shuts_nobody_out() -> None:
    async def full(entry: AuditEntry) -> None:
        raise StoreUnusable("The disk is full.")

    room = Room()
    room.visitors._record = full
    assert (await room.ask()).status_code == 200
    assert (await room.ask(key="wrong")).status_code == 401


OWN = {"Origin": HERE, "X-Anton": "1"}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("POST", OWN, 200),
        ("DELETE", {"Sec-Fetch-Site": "same-origin", "X-Anton": "1"}, 200),
        ("POST", {}, 403),
        ("POST", {"Origin": HERE}, 403),
        ("POST", {"X-Anton": "1"}, 403),
        ("POST", {**OWN, "Origin": "null"}, 403),
        ("POST", {**OWN, "Origin": ELSEWHERE}, 403),
        ("POST", {**OWN, "Origin": "http://localhost:8001"}, 403),
        ("POST", {**OWN, "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_a_session_acts_for_this_servers_own_page_alone(
    method: str, headers: dict[str, str], status: int
) -> None:
    room = Room()
    operator = room.keys.find(KEY.encode())
    assert operator is not None
    cookie = {"Cookie": f"theme=dark; {COOKIE}={room.sessions.begin(operator)}"}
    answer = await room.ask(method, key=None, headers={**cookie, **headers})
    assert answer.status_code == status


@pytest.mark.parametrize("cookie", ["", "x", "anton_session=", "anton_session=x", 'a="; ;=;'])
async def test_a_cookie_that_was_not_given_out_is_401(cookie: str) -> None:
    room = Room()
    assert (await room.ask(key=None, headers={"Cookie": cookie})).status_code == 401
    assert (await room.ask(path="/ui/", key=None, headers={"Cookie": cookie})).status_code == 200


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (ELSEWHERE, True),
        ("http://localhost:30000", False),
        ("http://localhost:3000.evil.example", False),
        ("https://localhost:3000", False),
        ("null", False),
    ],
)
async def test_a_listed_page_may_ask_with_a_key_and_no_other(origin: str, allowed: bool) -> None:
    room, headers = Room(), {"Origin": origin, "Sec-Fetch-Site": "same-site"}
    asks = {"Access-Control-Request-Method": "POST", **headers}
    before = await room.ask("OPTIONS", key=None, headers=asks)
    answer = await room.ask("POST", headers=headers)
    assert (before.status_code, answer.status_code) == ((204, 200) if allowed else (401, 403))
    for one in (before, answer):
        told = one.headers.get("access-control-allow-origin")
        assert told == (origin if allowed else None)
        assert "access-control-allow-credentials" not in one.headers


async def test_without_a_key_no_listed_page_acts() -> None:
    room = Room(key="")
    answer = await room.ask("POST", key=None, headers={"Origin": ELSEWHERE})
    assert answer.status_code == 403

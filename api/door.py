"""The door: what every request passes before any route sees it."""

import asyncio
import logging
import re
import uuid
from collections.abc import Callable, Collection, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import LOCAL, Caller, Keys, Tickets
from api.limits import Buckets
from api.origins import Origins
from api.problems import Problem
from api.sessions import Sessions, cookie_of
from api.visitors import Visitors
from core.strict_json import JsonRefused, read_json
from observability.records import ids

BODY_MAX_BYTES = 1_000_000
PATIENCE_S = 30.0
FAILURES_PER_MINUTE = 60
REQUESTS_PER_MINUTE = 600
OPEN_PATHS = frozenset({"/", "/health", "/ready", "/ui"})
PAGES = "/ui/"
"""Below this lies the dashboard, which holds nothing secret."""
SIGNED_PATHS = frozenset(
    {"/slack/commands", "/slack/actions", "/slack/events", "/webhooks/telegram"}
)
"""Who sends here proves it in its own way; the route looks at that, and no key is asked for."""
ALIASES = {"/runs": "/tasks"}
STREAM_PATHS = re.compile(r"/stream|/tasks/[^/]+/events")
TICKET = re.compile(rb"(?:^|&)ticket=([\w-]+)(?:&|$)")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
HOST = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([A-Za-z0-9._-]+)(?::\d{1,5})?")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

log = logging.getLogger(__name__)


class TooSlow(ConnectionError):
    """The client does not take what it asked for."""


class Door:
    """ASGI middleware: host, origin, key, rate and body, in this order, each with a real status.

    A request that comes through has `trace_id` and `caller` in its state, and a JSON body that
    was read whole and strictly.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        tickets: Tickets,
        sessions: Sessions,
        hosts: Collection[str],
        origins: Collection[str] = (),
        now: Callable[[], float],
        visitors: Visitors | None = None,
        answered: Callable[[str, int], None] = lambda path, status: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`hosts` are the names that are answered to, beside those of loopback.

        Pages of `origins` may ask too, where they show a key.
        `answered` is told the path and the status of each answer.
        """
        self._app = app
        self._keys = keys
        self._tickets = tickets
        self._sessions = sessions
        self._origins = Origins(origins)
        self._hosts = {*LOOPBACK_NAMES, *(host.lower() for host in hosts)}
        self._now = now
        self._visitors = visitors
        self._answered = answered
        self._patience_s = patience_s
        self._failures = Buckets(FAILURES_PER_MINUTE, now)
        self._requests = Buckets(REQUESTS_PER_MINUTE, now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = uuid.uuid4().hex
        scope.setdefault("state", {}).update(trace_id=trace_id, caller=None)
        _resolve_alias(scope)
        more = self._origins.told(Headers(scope=scope))
        answer = _Answer(send, {**HEADERS, **more, "X-Trace-Id": trace_id}, self._patience_s)
        begun = self._now()
        with ids(trace_id=trace_id):
            await self._pass(scope, receive, answer)
            self._log(scope, answer.status, begun)
            self._answered(scope["path"], answer.status)

    async def _pass(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if allowed := self._origins.preflight(scope["method"], Headers(scope=scope)):
            await Response(status_code=204, headers=allowed)(scope, receive, answer.send)
            return
        try:
            try:
                scope["state"]["caller"] = await self._met(scope)
                receive = await _with_body(scope, receive, self._patience_s)
            except Problem as problem:
                response = problem.response(scope["state"]["trace_id"])
                await response(scope, receive, answer.send)
            else:
                await self._app(scope, receive, answer.send)
        except (ClientDisconnect, TooSlow):
            log.info("the client left")

    async def _met(self, scope: Scope) -> Caller | None:
        """Who comes in, once the audit log knows; raises Problem for whoever does not."""
        try:
            caller = self._admit(scope)
        except Problem as problem:
            if problem.code == "unauthorized" and self._visitors:
                await self._visitors.refused(_address(scope))
            raise
        if caller is not None and caller is not LOCAL and self._visitors:
            await self._visitors.entered(caller)
        return caller

    def _log(self, scope: Scope, status: int, begun: float) -> None:
        caller = scope["state"]["caller"]
        log.info(
            "%s %s %s for %s in %d ms",
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            status,
            caller.name if caller else "nobody",
            (self._now() - begun) * 1000,
        )

    def _admit(self, scope: Scope) -> Caller | None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        shown = _shown(headers)
        self._origins.check(scope["method"], headers, key_shown=bool(shown))
        return self._authenticate(scope, headers, shown)

    def _check_host(self, headers: Headers) -> None:
        named = headers.getlist("host")
        match = HOST.fullmatch(named[0]) if len(named) == 1 else None
        if match is None or (match[1] or match[2]).lower() not in self._hosts:
            raise Problem(
                400, "host_refused", "This server does not go by that name; see ALLOWED_HOSTS."
            )

    def _authenticate(self, scope: Scope, headers: Headers, shown: list[bytes]) -> Caller | None:
        if scope["path"] in SIGNED_PATHS:
            return None
        if not self._keys.required:
            return LOCAL
        ticket, cookie = _ticket(scope), cookie_of(headers.get("cookie", ""))
        if shown:
            caller = self._keys.find(shown[0]) if len(set(shown)) == 1 else None
        elif ticket:
            caller = self._tickets.redeem(ticket)
            caller = caller if caller and self._sessions.still(caller) else None
        else:
            caller = self._sessions.find(cookie) if cookie else None
            if caller is not None:
                self._origins.check_page(scope["method"], headers)
            elif _is_open(scope["path"]):
                return None
        if caller is None:
            raise self._refusal(scope, bool(shown or ticket or cookie))
        if wait := self._requests.take(caller.name):
            raise Problem(429, "too_many_requests", "This key asks too often.", retry_after_s=wait)
        return caller

    def _refusal(self, scope: Scope, tried: bool) -> Problem:
        """A failed attempt counts against its address, but never locks out a right key.

        A key is too long to be guessed at any speed, whereas a lock-out would hand the switch of
        everybody behind one proxy to whoever sends wrong keys through it.
        """
        if wait := self._failures.take(_address(scope)):
            return Problem(
                429, "too_many_requests", "Too many attempts without a key.", retry_after_s=wait
            )
        return Problem(
            401,
            "unauthorized",
            "This key is not known." if tried else "Show a key as X-API-Key or as a Bearer token.",
            headers={"WWW-Authenticate": 'Bearer realm="anton"'},
        )


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(PAGES)


def _address(scope: Scope) -> str:
    """Where a request comes from."""
    return str(scope["client"][0]) if scope.get("client") else ""


class _Answer:
    """The way back: adds the headers of the house, and gives up on a client that does not read."""

    def __init__(self, send: Send, headers: Mapping[str, str], patience_s: float) -> None:
        self._send = send
        self._headers = headers
        self._patience_s = patience_s
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        try:
            async with asyncio.timeout(self._patience_s):
                await self._send(message)
        except TimeoutError:
            raise TooSlow from None


def _resolve_alias(scope: Scope) -> None:
    for alias, path in ALIASES.items():
        if scope["path"] == alias or scope["path"].startswith(f"{alias}/"):
            scope["path"] = path + scope["path"].removeprefix(alias)


def _shown(headers: Headers) -> list[bytes]:
    keys = [value.encode("latin-1") for value in headers.getlist("x-api-key")]
    for value in headers.getlist("authorization"):
        scheme, _, credentials = value.partition(" ")
        keys.append(credentials.strip().encode("latin-1") if scheme.lower() == "bearer" else b"")
    return keys


def _ticket(scope: Scope) -> bytes:
    if not STREAM_PATHS.fullmatch(scope["path"]) or scope["method"] != "GET":
        return b""
    match = TICKET.search(scope["query_string"])
    return bytes(match[1]) if match else b""


async def _with_body(scope: Scope, receive: Receive, patience_s: float) -> Receive:
    """The same request with its body read, checked, and ready to be read again."""
    if scope["method"] not in ("POST", "PUT", "PATCH"):
        return receive
    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "encoded_body", "Send the body as it is, without Content-Encoding.")
    try:
        async with asyncio.timeout(patience_s):
            body = await _read(receive, int(headers.get("content-length", "0")))
    except TimeoutError:
        raise Problem(
            408, "too_slow", "The body took too long.", headers={"Connection": "close"}
        ) from None
    if body and scope["path"] not in SIGNED_PATHS:
        _check_json(headers.get("content-type", ""), body)
    return _Replay(body, receive).receive


async def _read(receive: Receive, announced: int) -> bytes:
    chunks: list[bytes] = []
    size, more = announced, announced <= BODY_MAX_BYTES
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        size = sum(map(len, chunks))
        more = message.get("more_body", False) and size <= BODY_MAX_BYTES
    if size > BODY_MAX_BYTES:
        raise Problem(
            413,
            "too_large",
            f"A body holds at most {BODY_MAX_BYTES} bytes.",
            headers={"Connection": "close"},
        )
    return b"".join(chunks)


def _check_json(content_type: str, body: bytes) -> None:
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "not_json", "Send the body with Content-Type: application/json.")
    try:
        read_json(body)
    except JsonRefused as refused:
        raise Problem(400, "bad_json", str(refused)) from None


class _Replay:
    """Hands a body out once, then listens for the client's leaving."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def receive(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

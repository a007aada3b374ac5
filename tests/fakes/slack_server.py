"""A strict double of Slack over HTTP: the Web API, and what it sends to a server of ours.

Runs in a thread. Each request is held against the published API and the limits of Block Kit; what
people see and do is in `tests/fakes/slack_person.py`.
"""

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.github_contract import published
from tests.fakes.github_faults import Fault, Faults
from tests.fakes.slack_contract import Contract, decoded
from tests.fakes.slack_limits import MESSAGE_TEXT, UPDATE_TEXT, wrong_blocks, wrong_view
from tests.fakes.slack_store import Shown, SlackStore

BOT_TOKEN = "xoxb-of-the-slack-double"
TEAM, APP, BOT, BOT_USER = "T0TEAM0001", "A0APP00001", "B0BOT00001", "U0BOTUSER01"
SCOPES = (
    "chat:write",
    "chat:write.public",
    "commands",
    "files:write",
    "channels:history",
    "users:read",
    "channels:read",
)
NEEDED = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "conversations.info": "channels:read",
    "users.info": "users:read",
}
TRIGGER_LIFE_S = 3.0
RESPONSES = 5
"""How often an answer address can be used."""

Method = Callable[["SlackDouble", Mapping[str, Any]], dict[str, Any]]
METHODS: dict[str, Method] = {}


class ApiError(Exception):
    """What Slack answers with `ok: false`."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}


def method(name: str) -> Callable[[Method], Method]:
    def add(handler: Method) -> Method:
        METHODS[name] = handler
        return handler

    return add


class SlackDouble:
    """One workspace on one address; as a context manager it serves from a thread."""

    def __init__(self, *, contracts: Path | None = None, port: int = 0) -> None:
        self.contract = Contract(contracts or published())
        self.reset()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def reset(self) -> None:
        """A workspace in which nothing has happened yet."""
        self.faults = Faults()
        self.store = SlackStore()
        self.scopes = list(SCOPES)
        self.journal: list[dict[str, Any]] = []
        """Every call, with its arguments and when it came."""
        self.violations: list[str] = []
        self.trigger_life_s = TRIGGER_LIFE_S
        self.token = BOT_TOKEN
        self._triggers: dict[str, float] = {}
        self._responses: dict[str, dict[str, Any]] = {}

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        self.close()

    def close(self) -> None:
        """Give the address back."""
        self._socket.close()

    @property
    def api_url(self) -> str:
        """Base of the Web API."""
        return f"{self.url}/api"

    def called(self, name: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [call["arguments"] for call in self.journal if call["method"] == name]

    def trigger(self) -> str:
        """A fresh trigger id."""
        name = f"{secrets.randbelow(10**12)}.{secrets.token_hex(8)}"
        self._triggers[name] = time.monotonic()
        return name

    def response_url(self, channel: str, person: str, ts: str = "") -> str:
        """Where a command or a click may be answered, five times."""
        name = secrets.token_urlsafe(12)
        self._responses[name] = {"channel": channel, "person": person, "ts": ts, "left": RESPONSES}
        return f"{self.url}/actions/{TEAM}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        path = scope["path"]
        name = path.removeprefix("/api/")
        fault = self.faults.next(request.method, name)
        arguments = _arguments(request, body)
        entry = {"method": name, "arguments": decoded(arguments), "at": time.monotonic()}
        self.journal.append(entry)
        reply: Response | None = None
        if fault is None or fault.when != "receipt":
            reply = await run_in_threadpool(self._answer, request, path, arguments, body)
        if fault and fault.when != "answer":
            await fault.strike()
            reply = _broken(fault) if fault.status or fault.message != NO_MESSAGE else reply
        if reply is None or (fault and fault.when != "answer" and (fault.drop or fault.kill)):
            await _hang_up(send)
            return
        await reply(scope, receive, send)
        if fault and fault.when == "answer":
            await fault.strike()

    def _answer(
        self, request: Request, path: str, arguments: dict[str, Any], body: bytes
    ) -> Response:
        if path.startswith("/actions/"):
            return self._respond(path.rsplit("/", 1)[1], body)
        if path.startswith("/upload/"):
            return self._upload(path.rsplit("/", 1)[1], body)
        name = path.removeprefix("/api/")
        try:
            found = self._call(request, name, arguments)
        except ApiError as error:
            return JSONResponse(error.body, headers=self._headers())
        wrong = self.contract.answer(name, found)
        if wrong:
            self.violations.append(f"answer to {name}: {wrong}")
        return JSONResponse(found, headers=self._headers())

    def _call(self, request: Request, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name not in METHODS:
            self.violations.append(f"{name}: nothing here does that")
            raise ApiError("unknown_method")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise ApiError("not_authed")
        if token != self.token:
            raise ApiError("invalid_auth")
        wrong = self.contract.request(name, arguments)
        if wrong:
            self.violations.append(wrong)
            raise ApiError("invalid_arguments", response_metadata={"messages": [wrong]})
        needed = NEEDED.get(name, "")
        if needed and needed not in self.scopes:
            raise ApiError("missing_scope", needed=needed, provided=",".join(self.scopes))
        return METHODS[name](self, decoded(arguments))

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(self.scopes)}

    def _respond(self, name: str, body: bytes) -> Response:
        """What is sent to an answer address: a message for one person, or for all."""
        address = self._responses.get(name)
        given = json.loads(body)
        known = {"text", "blocks", "response_type", "replace_original", "delete_original"}
        unknown = set(given) - known - {"thread_ts", "unfurl_links", "unfurl_media"}
        wrong = wrong_blocks(given.get("blocks", [])) + [f"no {name}" for name in unknown]
        if wrong:
            self.violations.append(f"response_url: {wrong}")
            return PlainTextResponse("invalid_payload", 400)
        if address is None or address["left"] == 0:
            return PlainTextResponse("used_url", 404)
        address["left"] -= 1
        edition = {"text": given.get("text", ""), "blocks": given.get("blocks", [])}
        original = self.find_any(address["channel"], address["ts"])
        if given.get("delete_original") and original:
            original.deleted = True
        elif given.get("replace_original") and original:
            original.history.append(edition)
        else:
            alone = "" if given.get("response_type") == "in_channel" else address["person"]
            thread = str(given.get("thread_ts", ""))
            self.store.add(address["channel"], only_for=alone, thread_ts=thread, history=[edition])
        return PlainTextResponse("ok")

    def find_any(self, channel: str, ts: str) -> Shown | None:
        """A message, for one person or for all."""
        same = (m for m in self.store.messages if (m.channel, m.ts) == (channel, ts))
        return next(same, None)

    def _upload(self, name: str, body: bytes) -> Response:
        file = self.store.files.get(name)
        if file is None or len(body) != file["length"]:
            self.violations.append(f"upload of {len(body)} bytes to {name}")
            return PlainTextResponse("wrong length", 400)
        file["content"] = body
        return PlainTextResponse(f"OK - {len(body)}")

    def use_trigger(self, name: str) -> None:
        """A trigger id is good once, and not for long."""
        issued = self._triggers.get(name)
        if issued is None:
            raise ApiError("invalid_trigger_id")
        if issued < 0:
            raise ApiError("exchanged_trigger_id")
        if time.monotonic() - issued > self.trigger_life_s:
            raise ApiError("expired_trigger_id")
        self._triggers[name] = -1.0


NO_MESSAGE = Fault().message


@method("auth.test")
def auth_test(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ok": True,
        "url": "https://acme.slack.com/",
        "team": "Acme",
        "user": "anton",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


@method("chat.postMessage")
def post_message(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    channel = double.store.channel(given["channel"])
    if not channel:
        raise ApiError("channel_not_found")
    if "chat:write.public" not in double.scopes and channel != "C0INCIDENTS":
        raise ApiError("not_in_channel")
    edition = _edition(double, given, MESSAGE_TEXT)
    thread = str(given.get("thread_ts", ""))
    if thread and double.store.find(channel, thread) is None:
        raise ApiError("thread_not_found")
    options = {k: v for k, v in given.items() if k not in ("text", "blocks")}
    shown = double.store.add(channel, thread_ts=thread, history=[edition], options=options)
    return {"ok": True, "channel": channel, "ts": shown.ts, "message": _message(shown)}


@method("chat.update")
def update(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    if given["channel"] not in double.store.channels:
        raise ApiError("channel_not_found")  # no names here
    shown = double.store.find(given["channel"], given["ts"])
    if shown is None:
        raise ApiError("message_not_found")
    edition = _edition(double, given, UPDATE_TEXT)
    kept = {} if "blocks" in given else {"blocks": shown.blocks}
    shown.history.append({**edition, **kept})
    message = _message(shown)
    text = edition["text"]
    return {"ok": True, "channel": shown.channel, "ts": shown.ts, "text": text, "message": message}


@method("views.open")
def open_view(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    wrong = wrong_view(given["view"])
    if wrong:
        double.violations.append(f"views.open: {wrong}")
        raise ApiError("invalid_arguments", response_metadata={"messages": wrong})
    double.use_trigger(given["trigger_id"])
    view = {**given["view"], "id": f"V0VIEW{len(double.store.views):04d}", "team_id": TEAM}
    view |= {"hash": secrets.token_hex(4), "app_id": APP, "bot_id": BOT, "state": {"values": {}}}
    double.store.views.append(view)
    return {"ok": True, "view": view}


@method("files.getUploadURLExternal")
def upload_url(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    name = f"F0FILE{len(double.store.files):05d}"
    double.store.files[name] = {
        "name": given["filename"],
        "length": int(given["length"]),
        "content": None,
        "channel": "",
        "thread_ts": "",
    }
    return {"ok": True, "upload_url": f"{double.url}/upload/{name}", "file_id": name}


@method("files.completeUploadExternal")
def complete_upload(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    done = []
    for item in given["files"]:
        file = double.store.files.get(item["id"])
        if file is None or file["content"] is None:
            raise ApiError("file_not_found")
        channel = str(given.get("channel_id", ""))
        if channel and channel not in double.store.channels:
            raise ApiError("channel_not_found")
        file |= {"channel": channel, "thread_ts": str(given.get("thread_ts", ""))}
        done.append({"id": item["id"], "title": item.get("title", "")})
    return {"ok": True, "files": done}


@method("conversations.info")
def conversation(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    name = double.store.channels.get(given["channel"])
    if name is None:
        raise ApiError("channel_not_found")
    return {"ok": True, "channel": {"id": given["channel"], "name": name, "is_member": True}}


@method("users.info")
def user(double: SlackDouble, given: Mapping[str, Any]) -> dict[str, Any]:
    name = double.store.users.get(given["user"])
    if name is None:
        raise ApiError("user_not_found")
    return {"ok": True, "user": {"id": given["user"], "name": name, "team_id": TEAM}}


def _edition(double: SlackDouble, given: Mapping[str, Any], most: int) -> dict[str, Any]:
    text, blocks = str(given.get("text", "")), given.get("blocks") or []
    if not text and not blocks:
        raise ApiError("no_text")
    if len(text) > most:
        raise ApiError("msg_too_long")
    wrong = wrong_blocks(blocks)
    if wrong:
        double.violations.append(f"blocks: {wrong}")
        raise ApiError("invalid_blocks", errors=wrong, response_metadata={"messages": wrong})
    return {"text": text, "blocks": blocks}


def _message(shown: Shown) -> dict[str, Any]:
    thread = {"thread_ts": shown.thread_ts} if shown.thread_ts else {}
    text = shown.history[-1]["text"]
    return {
        "type": "message", "user": BOT_USER, "bot_id": BOT, "app_id": APP, "team": TEAM,
        "ts": shown.ts, "text": text, "blocks": shown.blocks, **thread,
    }  # fmt: skip


def _arguments(request: Request, body: bytes) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json" and body:
        given |= json.loads(body)
    elif kind == "application/x-www-form-urlencoded":
        given |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return given


def _broken(fault: Fault) -> Response:
    """A fault's answer: its status, or `ok: false` with its message as the error."""
    if fault.status == 429:
        headers = {"Retry-After": "30", **fault.headers}
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers)
    if fault.status:
        return PlainTextResponse("upstream failure", fault.status, fault.headers)
    return JSONResponse({"ok": False, "error": fault.message})


async def _hang_up(send: Send) -> None:
    """Promise a body that never comes; the server then closes the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})

"""A double of E2B over HTTP: the control plane, and the daemon that answers in each sandbox.

Runs in a thread. Whatever would let a secret or the internet into a sandbox is noted as a violation
and refused. Commands run for real, in `tests/fakes/e2b_machine.py`.
"""

import asyncio
import base64
import json
import secrets
import shutil
import socket
import struct
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from tests.fakes.e2b_machine import Machine, Said, Started
from tests.fakes.github_faults import Fault, Faults

KEY = "e2b_" + "0123456789abcdef" * 2 + "01234567"
ENVD = "0.6.7"
HEAD = struct.Struct(">BI")
LAST = 2
SECRETS = ("key", "token", "secret", "password")


class E2BDouble:
    """One account on one address; as a context manager it serves from a thread."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.machines: dict[str, Machine] = {}
        self.ended: list[str] = []
        self.journal: list[str] = []
        """Method and path of every call."""
        self.violations: list[str] = []
        self.takes_public = False
        """Whether a sandbox may be asked for whose ports anybody reaches."""
        self._folder = Path(tempfile.mkdtemp(prefix="anton-e2b-"))
        self._folder.chmod(0o755)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._app = Starlette(
            routes=[
                Route("/v2/sandboxes", self._create, methods=["POST"]),
                Route("/v2/sandboxes", self._list, methods=["GET"]),
                Route("/sandboxes/{sandbox_id}", self._kill, methods=["DELETE"]),
                Route("/sandboxes/{sandbox_id}/timeout", self._keep, methods=["POST"]),
                Route("/health", self._health),
                Route("/files", self._upload, methods=["POST"]),
                Route("/process.Process/Start", self._start, methods=["POST"]),
                Route("/process.Process/Connect", self._connect, methods=["POST"]),
                Route("/process.Process/SendInput", self._input, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(self, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def access(self) -> dict[str, Any]:
        """What a client needs to find it."""
        return {"api_key": KEY, "api_url": self.url, "sandbox_url": self.url}

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        for sandbox_id in list(self.machines):
            self.lose(sandbox_id)
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def lose(self, sandbox_id: str) -> None:
        """End a sandbox as E2B does when its time is over."""
        self._do(self._end(sandbox_id))

    def cut(self, sandbox_id: str) -> None:
        """Break the connections on which its commands are heard; they themselves go on."""

        async def cut() -> None:
            connections = self.machines[sandbox_id].connections
            while connections:
                connections.pop().set_result(None)

        self._do(cut())

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        assert self._loop
        asyncio.run_coroutine_threadsafe(what, self._loop).result(20)

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[self._socket])

        asyncio.run(serve())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.journal.append(f"{scope['method']} {path}")
        fault = self.faults.next(scope["method"], path)
        if fault:
            await fault.strike()
        if fault and fault.drop:
            if fault.when == "effect":
                await self._app(scope, receive, _unheard)
            await _hang_up(send)
            return
        request = Request(scope, receive)
        reply = _broken(fault) if fault and fault.status else self._refusal(request, path)
        await (reply or self._app)(scope, receive, send)

    def _refusal(self, request: Request, path: str) -> Response | None:
        if "/sandboxes" in path:
            is_known = request.headers.get("x-api-key") == KEY
            return None if is_known else _error(401, "invalid API key")
        if KEY in str(request.headers.raw):
            self.violations.append("the key was sent into a sandbox")
        machine = self.machines.get(request.headers.get("e2b-sandbox-id", ""))
        if machine is None:
            return _error(502, "The sandbox was not found")
        if request.headers.get("x-access-token") != machine.token:
            return _error(401, "the sandbox's own token is missing")
        return None

    async def _create(self, request: Request) -> Response:
        asked = await request.json()
        is_public = asked.get("network", {}).get("allowPublicTraffic") is not False
        found = {
            "variables are sent": bool(asked.get("envVars")),
            "the internet is on": asked.get("allow_internet_access") is not False,
            "it is public": is_public and not self.takes_public,
            "metadata may hold a secret": any(w in str(asked["metadata"]).lower() for w in SECRETS),
        }
        if wrong := [what for what, is_so in found.items() if is_so]:
            self.violations += wrong
            return _error(400, ", ".join(wrong))
        sandbox_id = f"i{secrets.token_hex(10)}"
        machine = Machine(sandbox_id, self._folder / sandbox_id, asked)
        self.machines[sandbox_id] = machine
        return JSONResponse(
            {
                "templateID": asked["templateID"],
                "sandboxID": sandbox_id,
                "clientID": "c0",
                "envdVersion": ENVD,
                "envdAccessToken": machine.token,
                "trafficAccessToken": None if is_public else "traffic",
                "domain": "e2b.example",
            },
            201,
        )

    async def _list(self, request: Request) -> Response:
        query = parse_qsl(request.query_params.get("metadata", ""))
        wanted = {unquote(name): unquote(value) for name, value in query}
        return JSONResponse(
            [
                {
                    "templateID": "base",
                    "sandboxID": machine.sandbox_id,
                    "clientID": "c0",
                    "startedAt": "2026-01-01T00:00:00Z",
                    "endAt": "2026-01-01T01:00:00Z",
                    "cpuCount": 2,
                    "memoryMB": 512,
                    "diskSizeMB": 1024,
                    "state": "running",
                    "envdVersion": ENVD,
                    "metadata": machine.metadata,
                }
                for machine in self.machines.values()
                if wanted.items() <= machine.metadata.items()
            ]
        )

    async def _kill(self, request: Request) -> Response:
        sandbox_id = request.path_params["sandbox_id"]
        if sandbox_id not in self.machines:
            return _error(404, "not found")
        await self._end(sandbox_id)
        return Response(status_code=204)

    async def _keep(self, request: Request) -> Response:
        machine = self.machines.get(request.path_params["sandbox_id"])
        if machine is None:
            return _error(404, "not found")
        machine.lifetimes.append((await request.json())["timeout"])
        return Response(status_code=204)

    async def _health(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _upload(self, request: Request) -> Response:
        if request.headers["content-type"] != "application/octet-stream":
            return _error(400, "the double takes octet streams alone")
        path = request.query_params["path"]
        target = self._machine(request).path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            async for part in request.stream():
                file.write(part)
        return JSONResponse([{"name": target.name, "type": "file", "path": path}])

    async def _start(self, request: Request) -> Response:
        body = await request.body()
        asked = json.loads(body[HEAD.size :])
        config = asked["process"]
        if config.get("envs"):
            self.violations.append(f"a command was given variables: {sorted(config['envs'])}")
        credentials = request.headers["authorization"].removeprefix("Basic ")
        user = base64.b64decode(credentials).decode().removesuffix(":")
        machine = self._machine(request)
        argv = [config["cmd"], *config["args"]]
        started = await machine.start(argv, user, stdin=bool(asked.get("stdin")))
        return _stream(request, machine, started)

    async def _connect(self, request: Request) -> Response:
        body = await request.body()
        machine = self._machine(request)
        started = machine.processes.get(json.loads(body[HEAD.size :])["process"]["pid"])
        if started is None or started.process.returncode is not None:
            return JSONResponse({"code": "not_found", "message": "no such process"}, 404)
        return _stream(request, machine, started)

    async def _input(self, request: Request) -> Response:
        asked = await request.json()
        started = self._machine(request).processes.get(asked["process"]["pid"])
        process = started.process if started else None
        if process is None or process.stdin is None or process.returncode is not None:
            return JSONResponse({"code": "not_found", "message": "no such process"}, 404)
        process.stdin.write(base64.b64decode(asked["input"]["stdin"]))
        try:
            await process.stdin.drain()
        except ConnectionError:
            return JSONResponse({"code": "not_found", "message": "it takes no input"}, 404)
        return JSONResponse({})

    def _machine(self, request: Request) -> Machine:
        return self.machines[request.headers["e2b-sandbox-id"]]

    async def _end(self, sandbox_id: str) -> None:
        machine = self.machines.pop(sandbox_id)
        self.ended.append(sandbox_id)
        await machine.end()


def _stream(request: Request, machine: Machine, started: Started) -> Response:
    timeout_ms = request.headers.get("connect-timeout-ms")
    timeout_s = float(timeout_ms) / 1000 if timeout_ms else None
    cut = asyncio.get_running_loop().create_future()
    machine.connections.append(cut)
    events = _events(machine, started, started.hear(), cut, timeout_s)
    return StreamingResponse(events, media_type="application/connect+json")


async def _events(
    machine: Machine,
    started: Started,
    heard: asyncio.Queue[Said],
    cut: asyncio.Future[None],
    timeout_s: float | None,
) -> AsyncIterator[bytes]:
    """The frames of one command: its start, what it says on both streams, its end."""
    try:
        yield _frame({"event": {"start": {"pid": started.process.pid}}})
        async with asyncio.timeout(timeout_s):
            while not isinstance(said := await _next(heard, cut), int):
                name, data = said
                yield _frame({"event": {"data": {name: base64.b64encode(data).decode()}}})
    except TimeoutError:
        started.process.kill()
        error = {"code": "deadline_exceeded", "message": "the time of the command is over"}
        yield _frame({"error": error}, LAST)
        return
    finally:
        if cut in machine.connections:
            machine.connections.remove(cut)
        started.leave(heard)
    if machine.on:
        yield _frame({"event": {"end": {"exitCode": said, "exited": True, "status": "ended"}}})
        yield _frame({}, LAST)
    else:
        error = {"code": "unavailable", "message": "the connection to the sandbox ended"}
        yield _frame({"error": error}, LAST)


async def _next(heard: asyncio.Queue[Said], cut: asyncio.Future[None]) -> Said:
    next_one = asyncio.create_task(heard.get())
    either: list[asyncio.Future[Any]] = [next_one, cut]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if cut.done():
            raise ConnectionResetError("the connection was cut")
        return next_one.result()
    finally:
        next_one.cancel()


def _frame(message: dict[str, Any], flags: int = 0) -> bytes:
    text = json.dumps(message).encode()
    return HEAD.pack(flags, len(text)) + text


def _error(status: int, message: str) -> Response:
    return JSONResponse({"code": status, "message": message}, status)


def _broken(fault: Fault) -> Response:
    return JSONResponse(
        {"code": fault.status, "message": fault.message}, fault.status, fault.headers
    )


async def _unheard(message: Message) -> None:
    """Takes an answer that nobody gets."""


async def _hang_up(send: Send) -> None:
    """Promise a body that never comes; the server then closes the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})

"""What the model servers share: a script of acts, one a request, and a journal of requests."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

CHARACTERS_PER_TOKEN = 3


@dataclass(frozen=True)
class Act:
    """How one request is answered; the default is a whole, prompt, short answer."""

    text: str = "All is well."
    thinking: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Tools to be called: name and arguments, as JSON text."""
    finish: str = "stop"
    pieces: int = 3
    """Into how many parts of the stream the text is cut."""
    gap_s: float = 0.0
    """Pause before each part."""
    wait_s: float = 0.0
    """Pause before the headers."""
    hang: Literal["", "headers", "parts"] = ""
    """After what the server falls silent, with the line open."""
    cut: Literal["", "rudely", "politely"] = ""
    """The stream ends before its last parts: with a broken line, or as if it were whole."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = "the server had a bad day"
    error_type: str = "server_error"
    error_code: str = ""
    raw: bytes | None = None
    """A body that is sent as it is, whatever was asked."""
    usage: bool = True
    """Whether the tokens are told."""
    prompt_tokens: int | None = None
    """What is claimed of the prompt; None counts it."""
    cached_tokens: int = 0

    @property
    def parts(self) -> list[str]:
        """The text, cut."""
        size = max(1, -(-len(self.text) // max(1, self.pieces)))
        return [self.text[at : at + size] for at in range(0, len(self.text), size)]


def busy(retry_after: str = "") -> Act:
    """HTTP 429, with or without word of how long to stay away."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Act(status=429, headers=headers, error="slow down", error_type="rate_limit_error")


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


def tokens_in(value: object) -> int:
    """More than any tokenizer would count."""
    return len(json.dumps(value, ensure_ascii=False)) // CHARACTERS_PER_TOKEN


class ModelServer:
    """A server on loopback that follows its script; serves from a thread as a context manager."""

    def __init__(self) -> None:
        self.journal: list[Seen] = []
        self._script: deque[Act] = deque()
        self.otherwise: Callable[[Any], Act] = lambda body: Act()
        """What is done when the script is at its end."""
        self.arrived = threading.Event()
        """Set by the first request."""
        self.released = threading.Event()
        """Set at the end, so that nobody hangs any longer."""
        server = self

        class Handler(_Handler):
            house = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def script(self, *acts: Act) -> None:
        """Add acts; each serves one request."""
        self._script.extend(acts)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    @property
    def asked(self) -> list[Any]:
        """The bodies of all requests for an answer."""
        return [seen.body for seen in self.journal if seen.method == "POST" and self.answers(seen)]

    def answers(self, seen: Seen) -> bool:
        """Whether a request asks for an answer."""
        return True

    def next_act(self, body: Any) -> Act:
        return self._script.popleft() if self._script else self.otherwise(body)

    def look_up(self, seen: Seen) -> Any | None:
        """What a request that asks for no answer of a model is told; None for such that does."""
        return None

    def frames(self, seen: Seen, act: Act) -> tuple[str, Iterator[bytes]]:
        """Content type and body of a good answer, part by part."""
        raise NotImplementedError

    def failure(self, act: Act) -> Any:
        """The body of an error."""
        return {"error": {"message": act.error, "type": act.error_type, "code": act.error_code}}


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    house: ModelServer

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(json.loads(self.rfile.read(length) or b"{}"))

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def _serve(self, body: Any) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        self.house.journal.append(seen)
        self.house.arrived.set()
        found = self.house.look_up(seen)
        if found is not None:
            return self._whole(200, found, {})
        act = self.house.next_act(body)
        self.house.released.wait(act.wait_s)
        if act.status != 200:
            return self._whole(act.status, self.house.failure(act), act.headers)
        if act.raw is not None:
            return self._stream("text/event-stream", iter([act.raw]), act)
        kind, frames = self.house.frames(seen, act)
        self._stream(kind, frames, act)

    def _whole(self, status: int, value: Any, headers: Mapping[str, str]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, kind: str, frames: Iterator[bytes], act: Act) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            if act.hang == "headers":
                self.house.released.wait()
            for frame in frames:
                self.house.released.wait(act.gap_s)
                self._chunk(frame)
            if act.hang == "parts":
                self.house.released.wait()
            if act.cut == "rudely" or act.hang:
                self.close_connection = True
                return
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            self.close_connection = True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

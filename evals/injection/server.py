"""A model server on loopback that speaks OpenAI's chat completions; a mind says what it answers."""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Said:
    """One answer: words, tool calls, or both."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Name and arguments, as JSON text that may be broken."""


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    headers: Mapping[str, str]
    raw: bytes
    body: Any


class ModelServer:
    """Answers each request as the mind says; serves from a thread as a context manager."""

    def __init__(self, mind: Callable[[Any], Said]) -> None:
        self.journal: list[Asked] = []
        self._mind = mind
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            house = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def answer(self, asked: Asked) -> Said:
        """Note a request, and what is said to it."""
        with self._lock:
            self.journal.append(asked)
            return self._mind(asked.body)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    house: ModelServer

    def log_message(self, *_: object) -> None: ...

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw)
        said = self.house.answer(Asked(dict(self.headers.items()), raw, body))
        events = [json.dumps(chunk) for chunk in _chunks(said, body)]
        data = "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _chunks(said: Said, body: Any) -> list[dict[str, Any]]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def chunk(delta: Any, finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    calls = [
        {
            "index": index,
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }
        for index, (name, arguments) in enumerate(said.calls)
    ]
    prompt = len(json.dumps(body["messages"])) // CHARACTERS_PER_TOKEN
    most = body.get("max_completion_tokens") or body.get("max_tokens") or 10**9
    reply = min(most, (len(said.text) + len(json.dumps(calls))) // CHARACTERS_PER_TOKEN)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": reply,
        "total_tokens": prompt + reply,
    }
    return [
        chunk({"role": "assistant", "content": said.text}),
        *([chunk({"tool_calls": calls})] if calls else []),
        chunk({}, "tool_calls" if calls else "stop"),
        {**head, "choices": [], "usage": usage},
    ]

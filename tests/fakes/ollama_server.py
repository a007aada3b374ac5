"""A model server that speaks Ollama's own chat route, with its way of cutting long prompts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.model_server import Act, ModelServer, Seen, tokens_in

SIZES = {"qwen3:8b": "8.2B"}


class OllamaServer(ModelServer):
    """Serves `/api/chat`, `/api/tags`, `/api/show` and `/api/version`.

    A prompt longer than the context is cut, and the cut count is reported, as Ollama does;
    `context_max` is the most that it gives, whatever a request asks for.
    """

    def __init__(
        self,
        models: Mapping[str, str] | None = None,
        *,
        window: int = 40_960,
        context_max: int | None = None,
    ) -> None:
        """Take the installed models with their sizes, such as `8.2B`, and their window."""
        super().__init__()
        self.models = dict(SIZES if models is None else models)
        self.window = window
        self.context_max = context_max

    def answers(self, seen: Seen) -> bool:
        return seen.path == "/api/chat"

    def look_up(self, seen: Seen) -> Any | None:
        if seen.path == "/api/tags":
            return {"models": [_tag(name, size) for name, size in self.models.items()]}
        if seen.path == "/api/version":
            return {"version": "0.12.6"}
        if seen.path == "/api/show":
            return {
                "details": {"family": "qwen3"},
                "model_info": {
                    "general.architecture": "qwen3",
                    "qwen3.context_length": self.window,
                },
                "capabilities": ["completion", "tools"],
            }
        return None

    def failure(self, act: Act) -> Any:
        return {"error": act.error}

    def frames(self, seen: Seen, act: Act) -> tuple[str, Iterator[bytes]]:
        return "application/x-ndjson", self._lines(seen.body, act)

    def _lines(self, body: Any, act: Act) -> Iterator[bytes]:
        head = {"model": body["model"], "created_at": "2026-03-01T12:00:00Z"}

        def line(message: Any, **rest: Any) -> bytes:
            said = {"role": "assistant", "content": "", **message}
            return (json.dumps({**head, "message": said, "done": False, **rest}) + "\n").encode()

        if act.thinking:
            yield line({"thinking": act.thinking})
        for part in act.parts:
            yield line({"content": part})
        for name, arguments in act.calls:
            call = {"function": {"name": name, "arguments": json.loads(arguments)}}
            yield line({"tool_calls": [call]})
        if act.cut or act.hang:
            return
        counts = {}
        if act.usage:
            counts = {
                "prompt_eval_count": self._taken(body, act),
                "eval_count": tokens_in(act.text),
            }
        yield line({}, **{"done": True, "done_reason": act.finish, "total_duration": 1, **counts})

    def _taken(self, body: Any, act: Act) -> int:
        if act.prompt_tokens is not None:
            return act.prompt_tokens
        asked: int = (body.get("options") or {}).get("num_ctx", 4096)
        most = min(asked, self.context_max or asked, self.window)
        return min(tokens_in(body["messages"]), most)


def _tag(name: str, size: str) -> dict[str, Any]:
    family = "bert" if "embed" in name else "qwen3"
    details = {"family": family, "families": [family], "parameter_size": size}
    return {"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "details": details}

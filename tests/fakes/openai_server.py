"""A model server that speaks OpenAI's chat completions, and the tongues of Claude and Gemini."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.model_server import Act, ModelServer, Seen, tokens_in


def _event(value: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


class OpenAIServer(ModelServer):
    """Serves `chat/completions`, `models`, Anthropic's `messages`, Gemini's `generateContent`."""

    def look_up(self, seen: Seen) -> Any | None:
        if seen.path.endswith("/models"):
            return {"object": "list", "data": [{"id": "double", "object": "model"}]}
        return None

    def frames(self, seen: Seen, act: Act) -> tuple[str, Iterator[bytes]]:
        speak = _completions
        if seen.path.endswith("/messages"):
            speak = _messages
        elif ":streamGenerateContent" in seen.path:
            speak = _contents
        return "text/event-stream", speak(seen.body, act)


def _completions(body: Any, act: Act) -> Iterator[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "double"}

    def chunk(delta: Any, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event({**head, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    if act.thinking:
        yield chunk({"reasoning_content": act.thinking})
    for part in act.parts:
        yield chunk({"content": part})
    for index, (name, arguments) in enumerate(act.calls):
        call = {"index": index, "id": f"call_{index}", "type": "function"}
        yield chunk({"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]})
        half = len(arguments) // 2
        for part in (arguments[:half], arguments[half:]):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    if act.cut or act.hang:
        return
    yield chunk({}, "tool_calls" if act.calls else act.finish)
    if act.usage and (body.get("stream_options") or {}).get("include_usage"):
        prompt = tokens_in(body["messages"]) if act.prompt_tokens is None else act.prompt_tokens
        reply = tokens_in(act.text)
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": reply,
            "total_tokens": prompt + reply,
            "prompt_tokens_details": {"cached_tokens": act.cached_tokens},
        }
        yield _event({**head, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _messages(body: Any, act: Act) -> Iterator[bytes]:
    prompt = tokens_in(body["messages"]) if act.prompt_tokens is None else act.prompt_tokens
    usage = {
        "input_tokens": prompt - act.cached_tokens,
        "cache_read_input_tokens": act.cached_tokens,
        "cache_creation_input_tokens": 0,
        "output_tokens": 1,
    }
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "double"}
    start: dict[str, Any] = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    yield _event({"type": "message_start", "message": start}, "message_start")
    blocks: list[tuple[Any, list[Any]]] = []
    if act.text:
        parts = [{"type": "text_delta", "text": part} for part in act.parts]
        blocks.append(({"type": "text", "text": ""}, parts))
    for index, (name, arguments) in enumerate(act.calls):
        block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
        blocks.append((block, [{"type": "input_json_delta", "partial_json": arguments}]))
    for index, (block, deltas) in enumerate(blocks):
        begin = {"type": "content_block_start", "index": index, "content_block": block}
        yield _event(begin, "content_block_start")
        for delta in deltas:
            step = {"type": "content_block_delta", "index": index, "delta": delta}
            yield _event(step, "content_block_delta")
        yield _event({"type": "content_block_stop", "index": index}, "content_block_stop")
    if act.cut or act.hang:
        return
    reason = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal"}[act.finish]
    end = {"stop_reason": "tool_use" if act.calls else reason, "stop_sequence": None}
    told = {"output_tokens": tokens_in(act.text)}
    yield _event({"type": "message_delta", "delta": end, "usage": told}, "message_delta")
    yield _event({"type": "message_stop"}, "message_stop")


def _contents(body: Any, act: Act) -> Iterator[bytes]:
    def chunk(part: Any, **rest: Any) -> bytes:
        content = {"role": "model", "parts": [part]}
        return _event({"candidates": [{"index": 0, "content": content, **rest}], **told})

    prompt = tokens_in(body["contents"]) if act.prompt_tokens is None else act.prompt_tokens
    reply = tokens_in(act.text)
    usage = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": reply,
        "totalTokenCount": prompt + reply,
        "cachedContentTokenCount": act.cached_tokens,
    }
    told = {"usageMetadata": usage, "modelVersion": "double"}
    for part in act.parts:
        yield chunk({"text": part})
    for name, arguments in act.calls:
        yield chunk({"functionCall": {"name": name, "args": json.loads(arguments)}})
    if not act.cut and not act.hang:
        yield chunk({"text": ""}, finishReason="STOP" if act.finish == "stop" else "MAX_TOKENS")

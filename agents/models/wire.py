"""A call in the form in which LiteLLM takes it: messages, tools, and what each provider wants."""

import json
from collections.abc import Sequence
from itertools import takewhile
from math import ceil
from typing import Any

from agents.models.attempts import Request
from agents.models.providers import Endpoint
from core.models import Message, ToolCall

CACHE_MARKS_MAX = 4
"""Anthropic takes so many marks in one request."""
THINKING_ROLES = frozenset({"orchestrator", "planner", "backend", "diagnosis", "fix"})
REPLY_RESERVE = 8192
CONTEXT_STEP = 4096
"""Contexts grow in steps: Ollama loads a model anew for each size that it is asked for."""
KEEP_ALIVE = "1h"


def arguments(request: Request, endpoint: Endpoint, *, window: int, thinks: bool) -> dict[str, Any]:
    """What `acompletion` is given beside addresses, keys and limits; None takes a parameter out.

    `thinks` says whether the model can decide by itself how long to think.
    """
    call = request.call
    wanted: dict[str, Any] = {"max_tokens": request.max_tokens}
    if call.tools:
        wanted["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in call.tools
        ]
    elif call.answer_schema is not None and endpoint.provider.takes_schema:
        wanted["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": call.answer_schema},
        }
    wanted |= _of_provider(request, endpoint, window, thinks)
    wanted |= request.parameters
    if wanted.get("thinking"):
        wanted.pop("temperature", None)  # Anthropic refuses the two together
    wanted["messages"] = messages(call.messages, marks=endpoint.provider.name == "anthropic")
    return {name: value for name, value in wanted.items() if value is not None}


def _of_provider(request: Request, endpoint: Endpoint, window: int, thinks: bool) -> dict[str, Any]:
    call = request.call
    if endpoint.provider.name == "ollama":
        context = context_for(request.prompt_tokens, request.max_tokens, window)
        return {"num_ctx": context, "keep_alive": KEEP_ALIVE}
    if endpoint.provider.name == "anthropic" and thinks and call.role in THINKING_ROLES:
        # A schema may become a forced tool, which Anthropic refuses while it thinks.
        return {} if call.answer_schema and not call.tools else {"thinking": {"type": "adaptive"}}
    return {}


def context_for(prompt_tokens: int, max_tokens: int, window: int) -> int:
    """The context that Ollama is asked for: a quarter above the prompt, and room for the reply."""
    needed = ceil(1.25 * prompt_tokens) + max(REPLY_RESERVE, max_tokens)
    return min(window, CONTEXT_STEP * ceil(needed / CONTEXT_STEP))


def messages(said: Sequence[Message], *, marks: bool) -> list[dict[str, Any]]:
    """The conversation; with `marks`, what lasts is marked for the provider to keep."""
    if not marks:
        said = _one_system(said)
    lasting = [number for number, message in enumerate(said) if message.lasting and message.text]
    marked = set(lasting[-CACHE_MARKS_MAX:]) if marks else set()
    return [_message(message, number in marked) for number, message in enumerate(said)]


def _one_system(said: Sequence[Message]) -> Sequence[Message]:
    """The system messages at the beginning as one: many chat templates take no more."""
    system = list(takewhile(lambda message: message.author == "system", said))
    if len(system) < 2:
        return said
    joined = "\n\n".join(message.text for message in system)
    return [system[0].but(text=joined), *said[len(system) :]]


def _message(message: Message, marked: bool) -> dict[str, Any]:
    content: Any = message.text
    if marked:
        mark = {"type": "ephemeral"}
        content = [{"type": "text", "text": message.text, "cache_control": mark}]
    if message.author == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": content}
    if message.calls:
        calls = [_call(call) for call in message.calls]
        return {"role": "assistant", "content": content or None, "tool_calls": calls}
    return {"role": message.author, "content": content}


def _call(call: ToolCall) -> dict[str, Any]:
    """A call as it goes back to the model; providers refuse arguments that are no JSON object."""
    try:
        whole = isinstance(json.loads(call.arguments), dict)
    except ValueError:
        whole = False
    given = call.arguments if whole else json.dumps({"unreadable": call.arguments})
    function = {"name": call.name, "arguments": given}
    return {"id": call.call_id, "type": "function", "function": function}

"""A model that plays a script. It proves plumbing and nothing about any real model."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from agents.allowance import Allowance, TimedModel
from core.models import Capabilities, Finish, ModelCall, Reply, Tokens, ToolCall
from core.ports import Model

Played = Reply | str | Exception | Callable[[ModelCall], Reply]
"""A whole reply or its text alone, an error to raise, or what a call is answered with."""

STRONG = Capabilities(edits=True, answers=True, tools=True, context=True, probed=True)


class ScriptedModel:
    """Serves the Model port: each call gets the next answer of a script; the calls are kept."""

    def __init__(
        self,
        script: Iterable[Played],
        *,
        window: int = 32_000,
        characters_a_token: int = 4,
        name: str = "scripted",
        capabilities: Capabilities = STRONG,
        other: "ScriptedModel | None" = None,
    ) -> None:
        self._script = iter(script)
        self.name = name
        self.capabilities = capabilities
        self.other = other
        self.window = window
        self._characters = characters_a_token
        self.calls: list[ModelCall] = []

    def count(self, text: str) -> int:
        return -(-len(text) // self._characters)

    async def complete(self, call: ModelCall) -> Reply:
        self.calls.append(call)
        played = next(self._script, None)
        if played is None:
            raise AssertionError(f"The script ended before call {len(self.calls)}.")
        if isinstance(played, Exception):
            raise played
        if isinstance(played, str):
            played = says(played)
        reply = played if isinstance(played, Reply) else played(call)
        return reply.but(model=self.name)

    def prompt(self, number: int = -1) -> str:
        """All that was said in one call, the last one where none is named."""
        return "\n\n".join(message.text for message in self.calls[number].messages)


def timed(model: Model, time: Allowance) -> TimedModel:
    """A model for one run of a role, with the same time for whoever takes its place."""
    return TimedModel(model, time, lambda other: timed(other, time))


def says(text: str, finish: Finish = "stop", **more: Any) -> Reply:
    return Reply(text=text, finish=finish, model="scripted", **more)


def uses(*calls: tuple[str, dict[str, Any] | str], text: str = "", **more: Any) -> Reply:
    """A reply that calls tools: name and arguments, a dict or raw text."""
    made = tuple(
        ToolCall(
            call_id=f"{name}-{place}",
            name=name,
            arguments=given if isinstance(given, str) else json.dumps(given),
        )
        for place, (name, given) in enumerate(calls)
    )
    tokens = Tokens(sent=100, received=10)
    return Reply(
        text=text, calls=made, finish="tool_calls", model="scripted", tokens=tokens, **more
    )

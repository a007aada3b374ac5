"""A model that plays answers from a file: what it shows is the orchestration, and no model's wit.

The file is TOML (or JSON of the same form, by its ending). Each `[[reply]]` answers one call of a
task; one with `role` or `node` answers only calls of these, so that branches which run at once
each find their own. Replies are played in order, those with `repeat = true` again and again.

    [[reply]]
    role = "triage"
    text = '''{"verdict": "real"}'''
    delay_s = 0.5                            # before it has answered
    pieces = 5                               # in which the text comes meanwhile
    usage = {sent = 900, received = 40}      # counted where it is missing
    calls = [{name = "grep", arguments = {text = "total"}}]
    finish = "length"
    status = 429                             # fails instead, as a server would
    retry_after_s = 7
"""

import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from agents.models.attempts import Answer, AttemptFailed, Request
from agents.models.counting import count
from agents.models.failures import by_status
from agents.models.providers import Endpoint
from core.errors import ConfigError
from core.models import Finish, Tokens, ToolCall
from core.ports import Clock
from core.values import Value

WINDOW = 256_000


class ScriptedCall(Value):
    """A tool that is to be called."""

    name: str
    arguments: dict[str, Any] | str = Field(default_factory=dict)
    """Text is played as it is, so that it may be broken."""


class ScriptedReply(Value):
    """One answer."""

    role: str = ""
    node: str = ""
    repeat: bool = False
    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    finish: Finish = "stop"
    delay_s: float = Field(default=0.0, ge=0)
    pieces: int = Field(default=1, ge=1)
    usage: Tokens | None = None
    status: int = Field(default=200, ge=100, le=599)
    retry_after_s: float | None = None


class Script(Value):
    """All that a file holds."""

    window: int = Field(default=WINDOW, ge=1)
    reply: tuple[ScriptedReply, ...] = ()


class ScriptExhausted(AttemptFailed):
    """The script has no reply left for this call."""


def read_script(path: Path) -> Script:
    """The script in a file; raises ConfigError that names the place."""
    try:
        text = path.read_text("utf-8")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return Script.load(data)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The script {path} cannot be read: {error}.") from error
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"The script {path} is neither TOML nor JSON: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"The script {path} does not fit at {place}: {first['msg']}.") from error


class ScriptedAttempts:
    """Serves Attempts from a script; each task plays it from its beginning."""

    def __init__(self, endpoint: Endpoint, script: Script, clock: Clock) -> None:
        self._endpoint = endpoint
        self._script = script
        self._clock = clock
        self._played: dict[str, set[int]] = defaultdict(set)

    async def send(self, request: Request) -> Answer:
        reply = self._next(request)
        await self._play(reply, request)
        if reply.status != 200:
            raise by_status(
                reply.status, reply.text, self._endpoint, retry_after_s=reply.retry_after_s
            )
        calls = tuple(
            ToolCall(call_id=f"call_{number}", name=call.name, arguments=_text(call.arguments))
            for number, call in enumerate(reply.calls)
        )
        tokens = reply.usage or Tokens(
            sent=request.prompt_tokens, received=count(reply.text), estimated=True
        )
        finish: Literal["tool_calls"] | Finish = (
            "tool_calls" if calls and reply.finish == "stop" else reply.finish
        )
        return Answer(text=reply.text, calls=calls, finish=finish, tokens=tokens)

    async def close(self) -> None:
        self._played.clear()

    async def _play(self, reply: ScriptedReply, request: Request) -> None:
        """Let the delay pass, and the text be heard in its pieces meanwhile."""
        spoken = reply.status == 200
        for number in range(reply.pieces):
            await self._clock.sleep(reply.delay_s / reply.pieces)
            begin, end = (len(reply.text) * n // reply.pieces for n in (number, number + 1))
            if spoken and end > begin:
                request.hear("text", reply.text[begin:end])

    def _next(self, request: Request) -> ScriptedReply:
        call = request.call
        played = self._played[call.task_id]
        for number, reply in enumerate(self._script.reply):
            meant = reply.role in ("", call.role) and reply.node in ("", call.node)
            if meant and number not in played:
                if not reply.repeat:
                    played.add(number)
                return reply
        raise ScriptExhausted(
            f"{self._endpoint.model} has no reply left for role {call.role!r}"
            + (f" at node {call.node!r}" if call.node else ""),
            "exhausted",
            remedy="add a [[reply]] to the script, or let one repeat",
        )


def _text(arguments: dict[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)

"""What a model can do, found out by four small tasks with known answers, and remembered."""

import ast
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agents.models.line import Desk, Line
from agents.models.parameters import best_match
from agents.models.providers import canonical
from agents.prompting import render
from core.errors import PromptTooLong
from core.models import Capabilities, ModelCall, Reply, ToolSpec
from core.ports import Model, ProbeStore

VALID = timedelta(days=30)
REPLY_MAX = 2048
"""Room for models that think before they answer."""
LOG_LINES = 640
"""About ten thousand tokens: more than a server gives that was not asked for more."""
TOKENS_PER_LINE = 16
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
EDITED = (
    'def greet(name):\n    return "hello " + name\n\n\ndef part(name):\n    return "bye " + name\n'
)
VERDICTS = {"real", "noise"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": sorted(VERDICTS)},
        "confidence": {"type": "number"},
        "component": {"type": "string"},
    },
    "required": ["verdict", "confidence", "component"],
    "additionalProperties": False,
}
READ_FILE = ToolSpec(
    name="read_file",
    description="Read the first lines of a file.",
    parameters={
        "type": "object",
        "properties": {"path": {"type": "string"}, "lines": {"type": "integer"}},
        "required": ["path", "lines"],
    },
)


@dataclass(frozen=True)
class Cost:
    """What a probe takes at most."""

    calls: int
    tokens: int
    cost_usd: float | None
    """None when the price is unknown."""


async def cost_of(line: Line) -> Cost:
    """What a probe of this model takes at most; nothing is sent."""
    calls = _calls(line.window, "word")
    most = [line.most(await line.prepare(call)) for call in calls]
    prices = [line.cost_usd(tokens) for tokens in most]
    known = [price for price in prices if price is not None]
    return Cost(
        len(calls),
        sum(tokens.sent + tokens.received for tokens in most),
        sum(known) if len(known) == len(prices) else None,
    )


async def probe(model: Model, line: Line, store: ProbeStore, desk: Desk) -> Capabilities:
    """Put the four tasks to a model, and remember the result.

    Raises ModelUnavailable or BudgetExceeded when one of them got no answer: then nothing is known.
    """
    word = secrets.token_hex(4)
    edits, answers, tools, context = _calls(model.window, word)
    shown = Capabilities(
        edits=_edits(await model.complete(edits)),
        answers=_answers(await model.complete(answers)),
        tools=_tools(await model.complete(tools)),
        context=await _context(model, context, word),
        probed=True,
    )
    await store.keep(key_of(line, desk), shown)
    return shown


async def recalled(line: Line, desk: Desk, store: ProbeStore) -> Capabilities | None:
    """What a model showed within the last 30 days; None when it was not probed."""
    return await store.recall(key_of(line, desk), desk.clock.now() - VALID)


def key_of(line: Line, desk: Desk) -> str:
    """The same for the same model, at the same server, with the same parameters."""
    parameters = best_match(desk.by_model, line.name) or {}
    spelling = json.dumps(parameters, sort_keys=True, default=str)
    digest = hashlib.sha256(f"{line.endpoint.base}\0{spelling}".encode()).hexdigest()[:16]
    return f"{canonical(line.name)}@{digest}"


def _calls(window: int, word: str) -> tuple[ModelCall, ModelCall, ModelCall, ModelCall]:
    lines = min(LOG_LINES, window // 2 // TOKENS_PER_LINE)
    log = "\n".join(
        f"{n // 60 + 8:02}:{n % 60:02} request {n * 37 % 9973} took {n * 7 % 89} ms"
        for n in range(lines)
    )
    return (
        _call("edits"),
        _call("answers").but(answer_schema=SCHEMA),
        _call("tools").but(tools=(READ_FILE,)),
        _call("context", word=word, log=log),
    )


def _call(name: str, **values: str) -> ModelCall:
    return ModelCall(
        role="probe",
        node=name,
        messages=render(f"probe-{name}", **values),
        max_tokens=REPLY_MAX,
        temperature=0.0,
    )


def _edits(reply: Reply) -> bool:
    blocks = FENCE.findall(reply.text)
    return bool(blocks) and "greeting.py" in reply.text and _tree(blocks[-1]) == _tree(EDITED)


def _tree(code: str) -> str | None:
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError):
        return None


def _answers(reply: Reply) -> bool:
    text = reply.text
    try:
        answer = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError:
        return False
    sure = answer.get("confidence")
    return (
        set(answer) == set(SCHEMA["required"])
        and answer["verdict"] in VERDICTS
        and isinstance(sure, int | float)
        and 0 <= sure <= 1
        and isinstance(answer["component"], str)
    )


def _tools(reply: Reply) -> bool:
    if len(reply.calls) != 1 or reply.calls[0].name != READ_FILE.name:
        return False
    try:
        given = json.loads(reply.calls[0].arguments)
    except ValueError:
        return False
    return bool(given == {"path": "todo/store.py", "lines": 20})


async def _context(model: Model, call: ModelCall, word: str) -> bool:
    try:
        reply = await model.complete(call)
    except PromptTooLong:
        return False
    return word in reply.text

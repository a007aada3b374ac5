"""Loops: the same thing done again and again with the same result, whatever is said in between."""

import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass

from core.models import ToolCall
from tools.toolbox import ToolResult

REMEMBERED = 20
REPEATS = 3
"""How often one step, or one error, makes a loop."""
CYCLES = ((2, 2), (3, 2), (4, 3))
"""How long a cycle is, and how often it has to be seen."""
_FLEETING = re.compile(r"\b\d+(\.\d+)?\s?(ms|s|seconds|sec)\b|\b0x[0-9a-f]+\b", re.IGNORECASE)
"""What differs from run to run though the result is the same."""


@dataclass(frozen=True)
class Loop:
    """A loop that was found."""

    first_turn: int
    """The turn in which it began."""
    words: str


@dataclass(frozen=True)
class _Step:
    turn: int
    tool: str
    signature: str
    error: str


class LoopWatch:
    """Sees loops in the latest steps; prose plays no part."""

    def __init__(self) -> None:
        self._steps: deque[_Step] = deque(maxlen=REMEMBERED)

    def note(self, turn: int, result: ToolResult) -> Loop | None:
        """Take one step; the loop that it closes, after which all before is forgotten."""
        error = "" if result.outcome == "done" else _digest(result.text)
        signature = signature_of(result.call, result.text)
        self._steps.append(_Step(turn, result.call.name, signature, error))
        loop = self._found()
        if loop:
            self._steps.clear()
        return loop

    def _found(self) -> Loop | None:
        steps = list(self._steps)
        same = steps[-REPEATS:]
        if len(same) == REPEATS and len({step.signature for step in same}) == 1:
            words = f"{same[0].tool} was called {REPEATS} times with the same result"
            return Loop(same[0].turn, words)
        for length, times in CYCLES:
            tail = steps[-length * times :]
            signatures = [step.signature for step in tail]
            if len(tail) == length * times and signatures == signatures[:length] * times:
                tools = ", ".join(step.tool for step in tail[:length])
                return Loop(tail[0].turn, f"the same {length} calls came {times} times: {tools}")
        errors = [step for step in steps if step.error and step.error == steps[-1].error]
        if len(errors) >= REPEATS:
            words = f"the same error came {REPEATS} times, last from {steps[-1].tool}"
            return Loop(errors[0].turn, words)
        return None


def signature_of(call: ToolCall, result: str) -> str:
    """Digest of tool, sorted arguments and result; times and addresses in a result do not count."""
    try:
        arguments = json.dumps(json.loads(call.arguments), sort_keys=True)
    except ValueError:
        arguments = call.arguments.strip()
    return _digest("\0".join([call.name, arguments, _digest(result)]))


def _digest(text: str) -> str:
    plain = _FLEETING.sub("", text)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()

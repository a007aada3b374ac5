"""The reflector: looks back on the calls of a role, and proposes rules; code decides on them."""

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from agents.answers import ask
from agents.prompting import render, shortened
from core.figures import LoggedCall
from core.learning import Looked, RuleProposal, RuleRecord
from core.models import ModelCall
from core.ports import Model

ROLE = "reflector"
MAX_TOKENS = 1500
SHOWN_MAX = 40_000
"""Characters of all cases together, in any window."""
WINDOW_SHARE = 2
"""Characters of the cases for each token of the window; a token has about four."""
REASON_MAX = 300
SHARE_MIN = 200
"""Characters that are shown of a block at least."""

DUTIES: Mapping[str, str] = {
    "triage": "it says whether a report tells of a real fault, how urgent it is, and what holds "
    "when it is mended.",
    "diagnosis": "it finds out why a fault happens, and where in the code.",
    "qa": "it writes a test that shows a fault, from the report alone.",
    "fix": "it makes the smallest change that removes the cause of a fault.",
    "reviewer": "it judges a change that is proven by tests, with the whole diff before it.",
    "scribe": "it tells people in plain sentences what was wrong and what the change does.",
    "orchestrator": "it reads what people write, and says what they mean.",
}
_BLOCK = re.compile(r"<<<(\w+) ([0-9a-f]{12})\n(.*?)\n\1 \2>>>", re.DOTALL)


class NewRule(BaseModel):
    """A rule to add."""

    rule: str
    why: str = ""


class Dropped(BaseModel):
    """A rule to drop, by its number."""

    number: int
    why: str = ""


class Answer(BaseModel):
    """What the model is asked for."""

    reasoning: str = ""
    add: list[NewRule] = Field(default_factory=list)
    keep: list[int] = Field(default_factory=list)
    drop: list[Dropped] = Field(default_factory=list)


class ModelReflector:
    """Serves the port Reflector with a model."""

    def __init__(self, model: Model, *, length_max: int) -> None:
        """`length_max` is how long a rule may be, in characters."""
        self._model = model
        self._length_max = length_max

    async def reflect(
        self, role: str, rules: Sequence[tuple[str, RuleRecord]], tasks: Sequence[Looked]
    ) -> RuleProposal:
        messages = render(
            "reflector",
            role=role,
            duty=DUTIES.get(role, "it does its part of the work."),
            rules="\n".join(_line(n, *rule) for n, rule in enumerate(rules, 1)),
            cases=_cases(tasks, min(SHOWN_MAX, WINDOW_SHARE * self._model.window)),
            length_max=self._length_max,
        )
        call = ModelCall(
            task_id="",
            role=ROLE,
            messages=messages,
            max_tokens=MAX_TOKENS,
            temperature=0.2,
            charged=False,
        )
        answer, by = await ask(self._model, call, Answer)
        return _proposal(answer, [rule for rule, _ in rules], by)


def _proposal(answer: Answer, rules: Sequence[str], by: str) -> RuleProposal:
    """What was proposed, by the words of the rules; a number that none has counts for nothing."""
    kept = {number for number in answer.keep if 1 <= number <= len(rules)}
    dropped = {
        rules[one.number - 1]: one.why
        for one in answer.drop
        if 1 <= one.number <= len(rules) and one.number not in kept
    }
    reasons = {**{one.rule: one.why for one in answer.add}, **dropped}
    return RuleProposal(
        add=tuple(one.rule for one in answer.add),
        drop=tuple(dropped),
        reasons={rule: " ".join(why.split())[:REASON_MAX] for rule, why in reasons.items()},
        model=by,
    )


def _line(number: int, rule: str, record: RuleRecord) -> str:
    counts = f"used in {record.shown} tasks, of which {record.shown_well} ended well"
    return f"{number}. {rule} ({counts if record.shown else 'not used yet'})"


def _cases(tasks: Sequence[Looked], room: int) -> list[tuple[int, str, str, str, str]]:
    """The tasks, each with the same share of the room, half of it for what was shown."""
    share = room // max(1, 2 * len(tasks))
    return [
        (
            number,
            f"as `{task.outcome}`, {'well' if task.outcome.well else 'not well'}",
            task.reason,
            _shown(task.calls[0], share),
            _answers(task.calls, share),
        )
        for number, task in enumerate(tasks, 1)
    ]


def _answers(calls: Sequence[LoggedCall], room: int) -> str:
    """All that it answered, the last answer last, and what it was told in between."""
    share = room // (2 * len(calls) - 1)
    said, known = [], set(_blocks(_asked(calls[0])))
    for number, call in enumerate(calls, 1):
        if told := [one for one in _blocks(_asked(call)[-1:]) if one not in known]:
            said.append(f"Then it was told:\n{_excerpt(told, share)}")
            known.update(told)
        text = shortened(call.response, share // 2, share // 2)
        said.append(f"Answer {number}:\n{text if call.success else '(No answer came.)'}")
    return "\n\n".join(said)


def _shown(call: LoggedCall, room: int) -> str:
    """What others said in the first prompt of a call: its blocks, else all its words."""
    first = _asked(call)[:1]
    return _excerpt(_blocks(first) or [("prompt", text) for text in first], room)


def _asked(call: LoggedCall) -> list[str]:
    return [str(one.get("text", "")) for one in call.messages if one.get("author") == "user"]


def _blocks(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The marked blocks of foreign text, by their labels."""
    return [(label, found) for text in texts for label, _, found in _BLOCK.findall(text)]


def _excerpt(blocks: Sequence[tuple[str, str]], room: int) -> str:
    """The blocks, each with the same share of the room."""
    share = max(SHARE_MIN, room // max(1, len(blocks)))
    texts = (f"{label}:\n{shortened(text, share // 2, share // 2)}" for label, text in blocks)
    return "\n\n".join(texts)

"""Typed answers: a JSON object out of a model's text, held against its form; one chance to mend it.

Tolerant in syntax, strict in meaning. Code never travels inside JSON.
"""

import json
import logging
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from json_repair import repair_json
from pydantic import BaseModel, ValidationError

from agents.prompting import render
from agents.replies import IN_A_ROW, Fault, fault_of
from core.errors import AnswerInvalid, NoAnswer
from core.models import Message, ModelCall, Reply
from core.ports import Model

AnyAnswer = TypeVar("AnyAnswer", bound=BaseModel)
REPAIRS = 1
NOTHING_SAID = "(empty)"
"""What stands for an empty reply: providers refuse a message without text."""
STARTS_MAX = 500
"""Opening braces of a text that are tried."""
SCANNED_MAX = 1_000_000
"""Characters that are read in all for closing braces, each try anew; then it is no answer."""
REPAIRED_MAX = 20_000
"""Characters of one object that are read as JSON with faults."""
PROBLEMS_TOLD = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """A reply that is an answer, and the model that can be asked further."""

    reply: Reply
    model: Model


async def reply_of(
    model: Model, call: ModelCall, usable: Callable[[Reply], object] = lambda reply: False
) -> Said:
    """A reply with something in it, of this model or of one that is asked in its place.

    A reply that is no answer (empty, cut off, declined, a tool call as text) is handed back with a
    word on what is wrong, unless it is `usable` all the same. After three in a row the next model
    is asked from the beginning; raises NoAnswer where none is left. A made-up result of a tool
    counts as words.
    """
    fault: Fault | None = None
    while True:
        asked = call
        for _ in range(IN_A_ROW):
            reply = await model.complete(asked)
            fault = None if usable(reply) else fault_of(reply.but(calls=()))
            if fault in (None, Fault.RESULT):
                return Said(reply, model)
            text = Message(author="assistant", text=reply.text or NOTHING_SAID)
            asked = asked.but(messages=(*asked.messages, text, *render("reply-again", fault=fault)))
        left = f"The last {IN_A_ROW} replies of {model.name} were no answers ({fault})."
        log.warning("%s", left, extra={"task_id": call.task_id})
        if model.other is None:
            raise NoAnswer(left)
        model = model.other


async def ask(
    model: Model,
    call: ModelCall,
    form: type[AnyAnswer],
    *,
    check: Callable[[AnyAnswer], list[str]] = lambda _: [],
) -> tuple[AnyAnswer, str]:
    """The answer in this form, and the name of the model that gave it.

    Raises AnswerInvalid when a second try does not fit either. `check` says in words what is wrong
    with an answer of the right form, such as names that do not exist. The model is told once; an
    answer that still has such faults is given back as it is, for the caller to leave them out.
    """
    problems: list[str] = []
    answer: tuple[AnyAnswer, str] | None = None
    for _ in range(REPAIRS + 1):
        schema = form.model_json_schema() if model.capabilities.answers and not call.tools else None
        said = await reply_of(
            model, call.but(answer_schema=schema), lambda reply: parsed(reply, form)[0]
        )
        model, reply = said.model, said.reply
        found, problems = parsed(reply, form)
        answer = (found, reply.model) if found else answer
        problems = problems or (check(found) if found else [])
        if found and not problems:
            return found, reply.model
        again = render("answer-again", problems="\n".join(problems[:PROBLEMS_TOLD]))
        words = Message(author="assistant", text=reply.text or NOTHING_SAID)
        call = call.but(messages=(*call.messages, words, *again))
    if answer is None:
        raise AnswerInvalid(f"{reply.model} gave no usable answer: {'; '.join(problems[:3])}")
    return answer


def parsed(reply: Reply, form: type[AnyAnswer]) -> tuple[AnyAnswer | None, list[str]]:
    """The answer in a reply, or what keeps it from being one.

    The last object with fields of the form counts: one before it may be quoted from anybody.
    """
    if reply.finish == "length":
        return None, ["The answer was cut off at its limit. Be shorter."]
    problems: list[str] = []
    for found in _objects(reply.text):
        for candidate in (found, *_wrapped(found)):
            if not set(candidate) & set(form.model_fields):
                continue
            try:
                return form.model_validate(_coerced(candidate, form)), []
            except ValidationError as error:
                problems = problems or _in_words(error)
        if problems:
            break
    return None, problems or ["There is no JSON object of the asked form in the answer."]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of a text, the last one first."""
    for start, end in reversed(list(_balanced(text))):
        if found := _loaded(text[start:end]):
            yield found
    first = text.find("{")
    if first >= 0 and (found := _loaded(text[first:])):
        yield found


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = repair_json(text[:REPAIRED_MAX], return_objects=True)
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) and found else None


def _balanced(text: str) -> Iterator[tuple[int, int]]:
    """Where outermost objects with matching braces stand."""
    at, starts, left = 0, 0, SCANNED_MAX
    while (start := text.find("{", at)) >= 0 and starts < STARTS_MAX and left > 0:
        starts += 1
        end = _closing(text, start)
        left -= (end or len(text)) - start
        if end:
            yield start, end
        at = end or start + 1


def _closing(text: str, start: int) -> int:
    """Just behind the brace that closes the one at `start`; 0 when there is none."""
    depth, quoted, escaped = 0, False, False
    for at in range(start, len(text)):
        sign = text[at]
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = quoted
        elif sign == '"':
            quoted = not quoted
        elif not quoted and sign in "{}":
            depth += 1 if sign == "{" else -1
            if depth == 0:
                return at + 1
    return 0


def _wrapped(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The one object inside an object that holds nothing else."""
    inner = [value for value in found.values() if isinstance(value, dict)]
    if len(inner) == 1:
        yield inner[0]


def _coerced(found: dict[str, Any], form: type[BaseModel]) -> dict[str, Any]:
    """The object with choices in the spelling of the form, and without fields that are null."""
    plain: dict[str, Any] = {}
    for name, value in found.items():
        field = form.model_fields.get(name)
        if value is None or field is None:
            continue
        plain[name] = _fitting(value, field.annotation)
    return plain


def _fitting(value: Any, wanted: Any) -> Any:
    """A value as a field would take it, where only its spelling differs."""
    if isinstance(wanted, type) and issubclass(wanted, BaseModel) and isinstance(value, dict):
        return _coerced(value, wanted)
    kind = get_origin(wanted)
    if kind is list:
        values = value if isinstance(value, list) else [value] if value else []
        return [_fitting(one, get_args(wanted)[0]) for one in values]
    if kind in (Union, types.UnionType):
        return next(
            (_fitting(value, one) for one in get_args(wanted) if one is not type(None)), value
        )
    options = _options(wanted)
    if options and isinstance(value, str):
        return _option(value, options)
    if wanted is str and isinstance(value, int | float | bool):
        return str(value)
    return value


def _options(wanted: Any) -> tuple[str, ...]:
    if get_origin(wanted) is Literal:
        return tuple(one for one in get_args(wanted) if isinstance(one, str))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return tuple(str(one.value) for one in wanted)
    return ()


def _option(said: str, options: tuple[str, ...]) -> str:
    """The option that is meant, `unknown` where that is one and none is."""

    def plain(text: str) -> str:
        return "".join(sign for sign in text.casefold() if sign.isalnum())

    words = [plain(said), *(plain(word) for word in said.split()[:1])]
    for word in words:
        for option in options:
            if plain(option) == word:
                return option
    return "unknown" if "unknown" in options else said


def _in_words(error: ValidationError) -> list[str]:
    """What does not fit, a short line each, for the model to read."""
    said = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in one["loc"]) or "the object"
        said.append(f"{place}: {one['msg']}")
    return said

"""JSON from strangers: what two readers could understand differently is refused."""

import json
import re
from typing import Any, NoReturn

MAX_DEPTH = 64
MAX_NUMBER_LENGTH = 19
"""Digits of a whole number that every database and JSON reader still holds."""
TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
BRACKETS = re.compile(rb"[\[{]+|[\]}]+")


class JsonRefused(ValueError):
    """A body that is not JSON, or JSON that is made to harm."""


def read_json(raw: bytes) -> Any:
    """The value of a JSON text; raises JsonRefused, with the reason, for anything doubtful.

    Strict UTF-8, at most 64 levels, no repeated names, no NaN or infinity, whole numbers within 64
    bits, no lone surrogates, no NUL: what RFC 7493 (I-JSON) asks, and no more depth than a stack
    can bear.
    """
    _check_depth(raw)
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_finite,
            object_pairs_hook=_distinct,
        )
    except UnicodeDecodeError:
        raise JsonRefused("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise JsonRefused(f"The body is not JSON: {error.msg} at {error.pos}.") from None
    _check_texts(value)
    return value


def _check_depth(raw: bytes) -> None:
    depth = 0
    for run in BRACKETS.findall(TEXTS.sub(b"", raw)):
        depth += len(run) if run[0] in b"[{" else -len(run)
        if depth > MAX_DEPTH:
            raise JsonRefused(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise JsonRefused("A text holds a NUL.")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise JsonRefused("A text holds half of a surrogate pair.") from None
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_texts(name)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _no_constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is not JSON.")


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_NUMBER_LENGTH or not -(2**63) <= int(digits) < 2**63:
        raise JsonRefused("A whole number does not fit into 64 bits.")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise JsonRefused("A number is too great.")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonRefused("An object names a member twice.")
    return found

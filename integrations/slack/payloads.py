"""The parts of a request of Slack's, read strictly: a form, an object, an id, what was typed."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from core.errors import PayloadInvalid
from core.strict_json import JsonRefused, read_json

Payload = Mapping[str, Any]

FIELDS_MAX = 64
_ID = re.compile(r"[A-Z0-9]{2,32}")
_LINK = re.compile(r"<((?:https?|mailto):[^|>\s]+)(?:\|[^>]*)?>")


def form_of(body: bytes) -> dict[str, str]:
    """A form in UTF-8, each field once; raises PayloadInvalid."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError as error:
        raise PayloadInvalid("The body is no form.") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PayloadInvalid("A field is there twice.")
    if any("\0" in value for value in found.values()):
        raise PayloadInvalid("A field holds a NUL.")
    return found


def object_of(text: str | bytes | None) -> Payload:
    """A JSON object; raises PayloadInvalid for what two readers could understand differently."""
    raw = text.encode() if isinstance(text, str) else text
    if not raw:
        raise PayloadInvalid("There is no payload.")
    try:
        value = read_json(raw)
    except JsonRefused as refused:
        raise PayloadInvalid(str(refused)) from refused
    if not isinstance(value, dict):
        raise PayloadInvalid("The payload is no object.")
    return value


def part(payload: Payload, name: str) -> Payload:
    """An object within; an empty one where there is none."""
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def id_of(value: Any, what: str) -> str:
    """An id as Slack makes them; raises PayloadInvalid for anything else."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise PayloadInvalid(f"There is no id of a {what}.")
    return value


def unescaped(text: str) -> str:
    """What somebody typed: Slack escapes three signs, and wraps addresses."""
    bare = _LINK.sub(lambda link: link[1], text)
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
